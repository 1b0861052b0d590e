package httpapi

import (
	"errors"
	"time"

	"disburse/gateway/merchant"
	"disburse/gateway/payout"
)

// payoutView is a payout as operators see it. Requisite has the last four
// characters alone, except for whoever holds the claim.
type payoutView struct {
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
	EndedBy        *string `json:"ended_by"`
	Reason         string  `json:"reason"`
	CreatedAt      string  `json:"created_at"`
	UpdatedAt      string  `json:"updated_at"`
	ExpiresAt      string  `json:"expires_at"`
	EndedAt        *string `json:"ended_at"`
}

// viewPayout shows a payout; requisite is what may be shown of it.
func (r *request) viewPayout(p payout.Payout, requisite string) (payoutView, error) {
	m, err := r.api.Directory.ByID(r.ctx, p.MerchantID)
	if err != nil {
		return payoutView{}, err
	}
	return payoutView{
		ID: p.ID, OrderID: p.OrderID, Merchant: m.Name, MerchantID: m.ID, Mode: string(p.Mode),
		Status: string(p.Status), Stage: string(p.Stage), PaymentMethod: string(p.Method),
		FiatAmount: p.FiatAmount(), FiatCurrency: p.Fiat.Currency().Lower(), ExchangeRate: p.ExchangeRate(),
		USDTAmount: p.USDTAmount(), FeeUSDT: usdt(p.Fee), MerchantSpent: p.SpentAmount(), Requisite: requisite,
		BankName: p.BankName, BIK: p.BIK, FullName: p.FullName, Customer: p.Customer, Description: p.Description,
		ClaimedBy: textOrNull(p.ClaimedBy), LeaseExpiresAt: stampOrNull(p.LeaseExpiresAt), Executor: textOrNull(p.Executor),
		EndedBy: textOrNull(p.EndedBy), Reason: p.Reason, CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
		ExpiresAt: stamp(p.ExpiresAt), EndedAt: stampOrNull(p.EndedAt),
	}, nil
}

func (r *request) viewPayouts(items []payout.Payout) ([]payoutView, error) {
	out := make([]payoutView, len(items))
	for i, p := range items {
		var err error
		if out[i], err = r.viewPayout(p, p.Masked()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// answerPayout answers with one payout, its requisite masked.
func (r *request) answerPayout(p payout.Payout, err error) error {
	if err != nil {
		return err
	}
	view, err := r.viewPayout(p, p.Masked())
	if err != nil {
		return err
	}
	return r.json(view)
}

type timelineView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Actor string `json:"actor"`
	Note  string `json:"note"`
}

func viewEntry(e payout.Entry) timelineView {
	return timelineView{At: stamp(e.At), Kind: e.Kind, Actor: e.Actor, Note: e.Note}
}

type receiptView struct {
	ID          string `json:"id"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	UploadedBy  string `json:"uploaded_by"`
	UploadedAt  string `json:"uploaded_at"`
	URL         string `json:"url"`
}

func viewReceipt(f payout.Receipt) receiptView {
	return receiptView{
		ID: f.ID, ContentType: f.ContentType, Size: f.Size, UploadedBy: f.UploadedBy, UploadedAt: stamp(f.UploadedAt), URL: f.URL,
	}
}

type exceptionView struct {
	Kind       string     `json:"kind"`
	Since      string     `json:"since"`
	AgeSeconds int64      `json:"age_seconds"`
	Payout     payoutView `json:"payout"`
}

func (r *request) viewException(p payout.Payout, now time.Time) (exceptionView, error) {
	kind, since := p.Exception(now)
	view, err := r.viewPayout(p, p.Masked())
	return exceptionView{
		Kind: kind, Since: stamp(since), AgeSeconds: int64(max(0, now.Sub(since)) / time.Second), Payout: view,
	}, err
}

// merchantID is the id behind a parameter that takes a merchant's name or id.
func (q *query) merchantID(name string) string {
	ref := q.text(name)
	if ref == "" {
		return ""
	}
	return q.lookUp(name, ref)
}

// lookUp finds a merchant's id; what names nobody is a fault of the field.
func (q *query) lookUp(name, ref string) string {
	id, err := q.r.merchantID(ref)
	switch {
	case errors.Is(err, merchant.ErrNotFound):
		q.refuse(name, "is not a merchant")
	case err != nil:
		q.cause = err
	}
	return id
}

func (r *request) merchantID(ref string) (string, error) {
	m, err := r.api.Directory.ByName(r.ctx, ref)
	if errors.Is(err, merchant.ErrNotFound) {
		m, err = r.api.Directory.ByID(r.ctx, ref)
	}
	return m.ID, err
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
