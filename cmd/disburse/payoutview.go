package main

import (
	"context"
	"strings"

	"disburse/callbacks"
	"disburse/gateway"
	"disburse/gateway/payout"
)

// payoutView is a payout in the shape of the operator API. Requisite has the
// last four characters alone.
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

func viewPayout(p payout.Payout, merchantName string) payoutView {
	return payoutView{
		ID: p.ID, OrderID: p.OrderID, Merchant: merchantName, MerchantID: p.MerchantID, Mode: string(p.Mode),
		Status: string(p.Status), Stage: string(p.Stage), PaymentMethod: string(p.Method),
		FiatAmount: p.FiatAmount(), FiatCurrency: p.Fiat.Currency().Lower(), ExchangeRate: p.ExchangeRate(),
		USDTAmount: p.USDTAmount(), FeeUSDT: usdt(p.Fee), MerchantSpent: p.SpentAmount(), Requisite: p.Masked(),
		BankName: p.BankName, BIK: p.BIK, FullName: p.FullName, Customer: p.Customer, Description: p.Description,
		ClaimedBy: orNull(p.ClaimedBy), LeaseExpiresAt: stampOrNull(p.LeaseExpiresAt), Executor: orNull(p.Executor),
		EndedBy: orNull(p.EndedBy), Reason: p.Reason, CreatedAt: stamp(p.CreatedAt), UpdatedAt: stamp(p.UpdatedAt),
		ExpiresAt: stamp(p.ExpiresAt), EndedAt: stampOrNull(p.EndedAt),
	}
}

// fiat is the amount with its currency.
func (v payoutView) fiat() string { return v.FiatAmount + " " + strings.ToUpper(v.FiatCurrency) }

type payoutDetail struct {
	payoutView
	Timeline  []timelineView       `json:"timeline"`
	Transfers []transferView       `json:"transfers"`
	Receipts  []receiptView        `json:"receipts"`
	Callbacks []callbackDetailView `json:"callbacks"`
}

type timelineView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Actor string `json:"actor"`
	Note  string `json:"note"`
}

type receiptView struct {
	ID          string `json:"id"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	UploadedBy  string `json:"uploaded_by"`
	UploadedAt  string `json:"uploaded_at"`
	URL         string `json:"url"`
}

// viewPayoutDetail reads a payout with all that belongs to it. Receipts get
// their links only where the gateway's address is known.
func viewPayoutDetail(ctx context.Context, app *gateway.App, id string, links bool) (payoutDetail, error) {
	d, err := app.Payouts.Detail(ctx, id)
	if err != nil {
		return payoutDetail{}, err
	}
	m, err := app.Directory.ByID(ctx, d.Payout.MerchantID)
	if err != nil {
		return payoutDetail{}, err
	}
	sent, err := app.Callbacks.List(ctx, callbacks.Filter{Subject: id}, "", 0)
	if err != nil {
		return payoutDetail{}, err
	}
	v := payoutDetail{
		payoutView: viewPayout(d.Payout, m.Name), Timeline: make([]timelineView, len(d.Timeline)),
		Transfers: make([]transferView, len(d.Transfers)), Receipts: make([]receiptView, len(d.Receipts)),
		Callbacks: make([]callbackDetailView, len(sent.Items)),
	}
	for i, e := range d.Timeline {
		v.Timeline[i] = timelineView{At: stamp(e.At), Kind: e.Kind, Actor: e.Actor, Note: e.Note}
	}
	for i, t := range d.Transfers {
		v.Transfers[i] = viewTransfer(t)
	}
	for i, r := range d.Receipts {
		v.Receipts[i] = receiptView{ID: r.ID, ContentType: r.ContentType, Size: r.Size, UploadedBy: r.UploadedBy, UploadedAt: stamp(r.UploadedAt)}
		if links {
			v.Receipts[i].URL = r.URL
		}
	}
	for i, item := range sent.Items {
		one, err := app.Callbacks.Get(ctx, item.ID)
		if err != nil {
			return payoutDetail{}, err
		}
		v.Callbacks[i] = viewCallbackDetail(one)
	}
	return v, nil
}
