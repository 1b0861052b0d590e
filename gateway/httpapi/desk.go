package httpapi

import (
	"errors"
	"net/http"

	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger"
)

func listPayouts(r *request) error {
	q := r.query()
	f := payout.Filter{
		Status: payout.Status(q.text("status")), Stage: payout.Stage(q.text("stage")), MerchantID: q.merchantID("merchant"),
		Mode: ledger.Mode(q.text("mode")), Method: payout.Method(q.text("method")), Currency: q.text("currency"),
		ClaimedBy: q.text("claimed_by"), Query: q.text("q"), From: q.time("from"), To: q.time("to"),
		Cursor: q.text("cursor"), Limit: q.limit(),
	}
	if f.ClaimedBy == "me" {
		f.ClaimedBy = payout.Claimant(r.ctx)
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Payouts.List(r.ctx, f)
	if err != nil {
		return err
	}
	items, err := r.viewPayouts(found.Items)
	if err != nil {
		return err
	}
	return r.json(page.Of(items, found.NextCursor, page.As))
}

func showPayout(r *request) error {
	d, err := r.api.Payouts.Detail(r.ctx, r.param("id"))
	if err != nil {
		return err
	}
	m, err := r.api.Directory.ByID(r.ctx, d.Payout.MerchantID)
	if err != nil {
		return err
	}
	sent, err := r.api.Callbacks.About(r.ctx, d.Payout.ID)
	if err != nil {
		return err
	}
	view := d.View(m.Name, sent)
	if d.Payout.ClaimedBy == payout.Claimant(r.ctx) && d.Payout.Leased(r.api.Now()) {
		if view.Requisite, err = r.api.Payouts.Requisite(r.ctx, d.Payout.ID); err != nil {
			return err
		}
	}
	return r.json(view)
}

// claimBody asks for a payout: the oldest that fits the filter, or one by id.
type claimBody struct {
	ID     string
	Filter claimFilter
}

type claimFilter struct {
	ID        string `json:"id"`
	Merchant  string `json:"merchant"`
	Method    string `json:"method"`
	Currency  string `json:"currency"`
	MinAmount string `json:"min_amount"`
	MaxAmount string `json:"max_amount"`
	Mode      string `json:"mode"`
}

func (b *claimBody) member(name string) any {
	switch name {
	case "id":
		return &b.ID
	case "filter":
		return &b.Filter
	default:
		return nil
	}
}

func (b *claimBody) wanted(r *request) (payout.ClaimFilter, error) {
	f := b.Filter
	want := payout.ClaimFilter{
		ID: f.ID, Mode: ledger.Mode(f.Mode), Currency: f.Currency, Method: payout.Method(f.Method),
		MinAmount: f.MinAmount, MaxAmount: f.MaxAmount,
	}
	if b.ID != "" {
		want.ID = b.ID
	}
	if f.Merchant == "" {
		return want, nil
	}
	var err error
	want.MerchantID, err = r.merchantID(f.Merchant)
	if errors.Is(err, merchant.ErrNotFound) {
		err = fault.Invalid(fault.Field{Name: "filter.merchant", Why: "is not a merchant"})
	}
	return want, err
}

type claimAnswer struct {
	Payout         payout.View `json:"payout"`
	LeaseExpiresAt string      `json:"lease_expires_at"`
}

func claimPayout(r *request) error {
	var b claimBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	want, err := b.wanted(r)
	if err != nil {
		return err
	}
	claimed, found, err := r.api.Payouts.Claim(r.ctx, want)
	if err != nil {
		return err
	}
	if !found {
		return r.noContent()
	}
	view, err := r.viewPayout(claimed.Payout)
	if err != nil {
		return err
	}
	view.Requisite = claimed.Requisite
	return r.json(claimAnswer{Payout: view, LeaseExpiresAt: stamp(claimed.Payout.LeaseExpiresAt)})
}

func renewClaim(r *request) error { return r.answerPayout(r.api.Payouts.Renew(r.ctx, r.param("id"))) }

func releaseClaim(r *request) error {
	return r.answerPayout(r.api.Payouts.Release(r.ctx, r.param("id")))
}

// completeBody tells how a payout was paid.
type completeBody struct {
	ChequeURLs []string
	Note       string
}

func (b *completeBody) member(name string) any {
	switch name {
	case "cheque_urls":
		return &b.ChequeURLs
	case "note":
		return &b.Note
	default:
		return nil
	}
}

func completePayout(r *request) error {
	var b completeBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	return r.answerPayout(r.api.Payouts.Complete(r.ctx, r.param("id"), payout.Completion{ChequeURLs: b.ChequeURLs, Note: b.Note}))
}

// reasonBody tells why a payout was refused.
type reasonBody struct{ Reason string }

func (b *reasonBody) member(name string) any {
	if name == "reason" {
		return &b.Reason
	}
	return nil
}

func rejectPayout(r *request) error {
	var b reasonBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	return r.answerPayout(r.api.Payouts.Reject(r.ctx, r.param("id"), b.Reason))
}

func uploadReceipt(r *request) error {
	content, err := r.file("file")
	if err != nil {
		return err
	}
	receipt, err := r.api.Payouts.AddReceipt(r.ctx, r.param("id"), content)
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, receipt.View())
}

// downloadReceipt serves an uploaded file. Whatever is in it, the browser saves
// it instead of showing it, and takes it for nothing else than what it is.
func downloadReceipt(r *request) error {
	f, err := r.api.Payouts.OpenReceipt(r.ctx, r.param("id"), r.c.Query("expires"), r.c.Query("token"))
	if err != nil {
		return err
	}
	return r.attachment(f.ContentType, f.Name, f.Content)
}

// attachment answers with a file. name needs no escaping.
func (r *request) attachment(media, name string, content []byte) error {
	header := &r.c.Response().Header
	header.SetContentType(media)
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Referrer-Policy", "no-referrer")
	r.c.Response().SetBodyRaw(content)
	return nil
}
