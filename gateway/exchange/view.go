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

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

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
