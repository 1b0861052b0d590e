package exchange

import (
	"encoding/json"
	"fmt"
	"time"
)

// AdView is an ad in the shape of JSON output, as everybody sees it.
type AdView struct {
	ID                   int64       `json:"id"`
	UserID               int64       `json:"user_id"`
	Type                 string      `json:"type"`
	FiatCurrency         string      `json:"fiat_currency"`
	ExchangeRate         int64       `json:"exchange_rate"`
	MinAmount            int64       `json:"min_amount"`
	MaxAmount            int64       `json:"max_amount"`
	RemainingAmount      int64       `json:"remaining_amount"`
	PaymentMethods       []string    `json:"payment_methods"`
	Instructions         string      `json:"instructions"`
	PaymentWindowMinutes int64       `json:"payment_window_minutes"`
	IsActive             bool        `json:"is_active"`
	Exhausted            bool        `json:"exhausted"`
	ModerationStatus     string      `json:"moderation_status"`
	IsPlatformAd         bool        `json:"is_platform_ad"`
	CreatedAt            string      `json:"created_at"`
	UpdatedAt            string      `json:"updated_at"`
	User                 AuthorView  `json:"user"`
	UserAvgRating        json.Number `json:"user_avg_rating"`
}

// AuthorView is the author of an ad.
type AuthorView struct {
	ID              int64       `json:"id"`
	Name            string      `json:"name"`
	Nickname        string      `json:"nickname"`
	AvatarURL       string      `json:"avatar_url"`
	CompletedOrders int64       `json:"completed_orders"`
	AverageRating   json.Number `json:"p2p_avg_rating"`
}

// OrderView is an order in the shape of JSON output, as its participants see
// it. The last fields are of the detail view alone.
type OrderView struct {
	ID             int64   `json:"id"`
	AdID           int64   `json:"ad_id"`
	BuyerID        int64   `json:"buyer_id"`
	SellerID       int64   `json:"seller_id"`
	USDTAmount     int64   `json:"usdt_amount"`
	FiatAmount     int64   `json:"fiat_amount"`
	FiatCurrency   string  `json:"fiat_currency"`
	ExchangeRate   int64   `json:"exchange_rate"`
	PaymentMethod  string  `json:"payment_method"`
	Status         Status  `json:"status"`
	FrozenBalance  int64   `json:"frozen_balance"` // in escrow now
	OperatorCalled bool    `json:"operator_called"`
	CreatedAt      string  `json:"created_at"`
	UpdatedAt      string  `json:"updated_at"`
	ExpiresAt      string  `json:"expires_at"` // of the payment window
	BuyerPaidAt    *string `json:"buyer_paid_at"`
	CompletedAt    *string `json:"completed_at"`

	PaymentDetails map[string]string `json:"payment_details,omitempty"`
	Counterpart    *CounterpartView  `json:"counterpart,omitempty"`
}

// CounterpartView is the other participant of an order.
type CounterpartView struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Nickname  string `json:"nickname"`
	AvatarURL string `json:"avatar_url"`
}

// DisputeView is an order in dispute in the shape of JSON output, as operators
// see it. Payment details are masked unless the reader holds the claim.
type DisputeView struct {
	OrderID              int64             `json:"order_id"`
	AdID                 int64             `json:"ad_id"`
	AdType               string            `json:"ad_type"`
	BuyerID              int64             `json:"buyer_id"`
	SellerID             int64             `json:"seller_id"`
	USDTAmount           int64             `json:"usdt_amount"`
	FiatAmount           int64             `json:"fiat_amount"`
	FiatCurrency         string            `json:"fiat_currency"`
	ExchangeRate         int64             `json:"exchange_rate"`
	PaymentMethod        string            `json:"payment_method"`
	Status               Status            `json:"status"`
	OperatorCalled       bool              `json:"operator_called"`
	BuyerAgreesToCancel  bool              `json:"buyer_agrees_to_cancel"`
	SellerAgreesToCancel bool              `json:"seller_agrees_to_cancel"`
	ClaimedBy            *string           `json:"claimed_by"`
	LeaseExpiresAt       *string           `json:"lease_expires_at"`
	CreatedAt            string            `json:"created_at"`
	BuyerPaidAt          *string           `json:"buyer_paid_at"`
	DisputedAt           *string           `json:"disputed_at"`
	EndedAt              *string           `json:"ended_at"`
	EndedBy              *string           `json:"ended_by"`
	Note                 string            `json:"note"`
	PaymentDetails       map[string]string `json:"payment_details,omitempty"`
}

// rating writes an average of hundredths as a JSON number: 4.67.
func rating(hundredths int64) json.Number {
	return json.Number(fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100))
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func timestampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return textOrNull(timestamp(t))
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// View gives the ad as everybody sees it: without its payment details.
func (a Ad) View() AdView {
	return AdView{
		ID: a.ID, UserID: a.UserID, Type: string(a.Side), FiatCurrency: a.FiatCurrency, ExchangeRate: a.Rate,
		MinAmount: a.Min, MaxAmount: a.Max, RemainingAmount: a.Remaining, PaymentMethods: a.Methods,
		Instructions: a.Instructions, PaymentWindowMinutes: minutes(a.Window),
		IsActive: a.Active, Exhausted: a.Exhausted(), ModerationStatus: "approved",
		CreatedAt: timestamp(a.CreatedAt), UpdatedAt: timestamp(a.UpdatedAt),
		User: AuthorView{
			ID: a.UserID, Name: a.author.name, Nickname: a.author.nickname,
			CompletedOrders: a.author.completed, AverageRating: rating(a.author.rating),
		},
		UserAvgRating: rating(a.author.rating),
	}
}

// record is the ad in records of changes: its terms, the details masked.
func (a Ad) record() map[string]any {
	return map[string]any{
		"type": a.Side, "fiat_currency": a.FiatCurrency, "exchange_rate": a.Rate, "min_amount": a.Min, "max_amount": a.Max,
		"remaining_amount": a.Remaining, "payment_methods": a.Methods, "payment_window_minutes": minutes(a.Window),
		"is_active": a.Active, "instructions": a.Instructions, "payment_details": a.details.masked,
	}
}

// View gives the order as lists show it: without payment details.
func (o Order) View() OrderView {
	v := OrderView{
		ID: o.ID, AdID: o.AdID, BuyerID: o.BuyerID, SellerID: o.SellerID, USDTAmount: o.Amount, FiatAmount: o.FiatAmount,
		FiatCurrency: o.FiatCurrency, ExchangeRate: o.Rate, PaymentMethod: o.Method, Status: o.Status, FrozenBalance: o.Escrowed(),
		OperatorCalled: o.OperatorCalled, CreatedAt: timestamp(o.CreatedAt), UpdatedAt: timestamp(o.UpdatedAt),
		ExpiresAt: timestamp(o.PayBy), BuyerPaidAt: timestampOrNull(o.PaidAt),
	}
	if o.Status == Completed {
		v.CompletedAt = timestampOrNull(o.EndedAt)
	}
	return v
}

// disputeView gives the order as operators see it, with the details masked.
func (o Order) disputeView() DisputeView {
	return DisputeView{
		OrderID: o.ID, AdID: o.AdID, AdType: string(o.AdSide), BuyerID: o.BuyerID, SellerID: o.SellerID,
		USDTAmount: o.Amount, FiatAmount: o.FiatAmount, FiatCurrency: o.FiatCurrency, ExchangeRate: o.Rate, PaymentMethod: o.Method,
		Status: o.Status, OperatorCalled: o.OperatorCalled, BuyerAgreesToCancel: o.BuyerCancels, SellerAgreesToCancel: o.SellerCancels,
		ClaimedBy: textOrNull(o.ClaimedBy), LeaseExpiresAt: timestampOrNull(o.LeaseExpiresAt), CreatedAt: timestamp(o.CreatedAt),
		BuyerPaidAt: timestampOrNull(o.PaidAt), DisputedAt: timestampOrNull(o.DisputedAt), EndedAt: timestampOrNull(o.EndedAt),
		EndedBy: textOrNull(o.EndedBy), Note: o.Note, PaymentDetails: o.details.masked,
	}
}
