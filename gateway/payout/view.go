package payout

import (
	"time"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/chat"
	"disburse/gateway/page"
	"disburse/ledger"
)

// View is a payout in the shape of JSON output, as those who run the platform
// see it.
type View struct {
	ID             string  `json:"id"`
	OrderID        string  `json:"order_id"`
	Merchant       string  `json:"merchant"`
	MerchantID     string  `json:"merchant_id"`
	Mode           string  `json:"mode"`
	Status         string  `json:"status"`
	Stage          string  `json:"stage"`
	PaymentMethod  string  `json:"payment_method"`
	FiatAmount     string  `json:"fiat_amount"`
	FiatCurrency   string  `json:"fiat_currency"`
	ExchangeRate   string  `json:"exchange_rate"`
	USDTAmount     string  `json:"usdt_amount"`
	FeeUSDT        string  `json:"fee_usdt"`
	MerchantSpent  string  `json:"merchant_spent_usdt"`
	Requisite      string  `json:"requisite"`
	BankName       string  `json:"bank_name"`
	BIK            string  `json:"bik"`
	FullName       string  `json:"full_name"`
	Customer       string  `json:"customer"`
	Description    string  `json:"order_description"`
	ClaimedBy      *string `json:"claimed_by"`
	LeaseExpiresAt *string `json:"lease_expires_at"`
	Executor       *string `json:"executor"`
	CompletedBy    *string `json:"completed_by"`
	CompletedAt    *string `json:"completed_at"`
	EndedBy        *string `json:"ended_by"`
	Reason         string  `json:"reason"`
	CreatedAt      string  `json:"created_at"`
	UpdatedAt      string  `json:"updated_at"`
	ExpiresAt      string  `json:"expires_at"`
	EndedAt        *string `json:"ended_at"`
}

// View gives the payout under its merchant's name. Of the requisite it has the
// last four characters alone, and no more of what may be a card number in the
// texts beside it; OrderID and Customer name things of the merchant's, and stay.
func (p Payout) View(merchantName string) View {
	return View{
		ID: p.ID, OrderID: p.OrderID, Merchant: merchantName, MerchantID: p.MerchantID, Mode: string(p.Mode),
		Status: string(p.Status), Stage: string(p.Stage), PaymentMethod: string(p.Method),
		FiatAmount: p.FiatAmount(), FiatCurrency: p.currency(), ExchangeRate: p.ExchangeRate(),
		USDTAmount: p.USDTAmount(), FeeUSDT: p.Fee.Fixed(ledger.USDTPlaces), MerchantSpent: p.SpentAmount(), Requisite: p.Masked(),
		BankName: chat.Mask(p.BankName), BIK: p.BIK, FullName: chat.Mask(p.FullName), Customer: p.Customer, Description: chat.Mask(p.Description),
		ClaimedBy: textOrNull(p.ClaimedBy), LeaseExpiresAt: timestampOrNull(p.LeaseExpiresAt), Executor: textOrNull(p.Executor),
		CompletedBy: textOrNull(p.CompletedBy), CompletedAt: timestampOrNull(p.CompletedAt),
		EndedBy: textOrNull(p.EndedBy), Reason: p.Reason, CreatedAt: Timestamp(p.CreatedAt), UpdatedAt: Timestamp(p.UpdatedAt),
		ExpiresAt: Timestamp(p.ExpiresAt), EndedAt: timestampOrNull(p.EndedAt),
	}
}

// DetailView is a payout with all that belongs to it.
type DetailView struct {
	View
	Timeline  []EntryView            `json:"timeline"`
	Transfers []ledger.TransferView  `json:"transfers"`
	Receipts  []ReceiptView          `json:"receipts"`
	Callbacks []callbacks.DetailView `json:"callbacks"`
	Approvals []approval.View        `json:"approvals"`
}

// View gives the payout and its history with the callbacks that were sent
// about it.
func (d Detail) View(merchantName string, sent []callbacks.Detail) DetailView {
	return DetailView{
		View: d.Payout.View(merchantName), Timeline: views(d.Timeline, Entry.View),
		Transfers: views(d.Transfers, ledger.TransferRow.View), Receipts: views(d.Receipts, Receipt.View),
		Callbacks: views(sent, callbacks.Detail.View), Approvals: views(d.Approvals, page.As),
	}
}

// EntryView is a line of a timeline in the shape of JSON output.
type EntryView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Actor string `json:"actor"`
	Note  string `json:"note"`
}

// View gives the line as it is shown.
func (e Entry) View() EntryView {
	return EntryView{At: Timestamp(e.At), Kind: e.Kind, Actor: e.Actor, Note: e.Note}
}

// ReceiptView is a receipt in the shape of JSON output.
type ReceiptView struct {
	ID          string `json:"id"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	UploadedBy  string `json:"uploaded_by"`
	UploadedAt  string `json:"uploaded_at"`
	URL         string `json:"url"`
}

// View gives the receipt with its link.
func (r Receipt) View() ReceiptView {
	return ReceiptView{
		ID: r.ID, ContentType: r.ContentType, Size: r.Size, UploadedBy: r.UploadedBy, UploadedAt: Timestamp(r.UploadedAt), URL: r.URL,
	}
}

// CapacityView is the bounds of a method in the shape of JSON output; null is
// no bound.
type CapacityView struct {
	Currency      string  `json:"currency"`
	Method        string  `json:"method"`
	MaxOpen       *int64  `json:"max_open"`
	MaxOpenAmount *string `json:"max_open_amount"`
	UpdatedAt     string  `json:"updated_at"`
}

// View gives the bounds as they are shown.
func (c Capacity) View() CapacityView {
	v := CapacityView{Currency: c.Currency, Method: string(c.Method), MaxOpen: c.MaxOpen, UpdatedAt: Timestamp(c.UpdatedAt)}
	if c.MaxOpenAmount != nil {
		text := c.MaxOpenAmount.Fixed(2)
		v.MaxOpenAmount = &text
	}
	return v
}

func views[Row, T any](rows []Row, view func(Row) T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = view(row)
	}
	return out
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func timestampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return textOrNull(Timestamp(t))
}
