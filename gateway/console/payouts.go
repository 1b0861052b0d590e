package console

import (
	"net/http"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/payout"
	"disburse/ledger"
)

func (k *desk) payoutRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []site.Route{
		{Method: get, Path: "/payouts", Role: viewer, Handle: k.payouts},
		{Method: get, Path: "/payouts/list", Role: viewer, Handle: k.payoutRows},
		{Method: post, Path: "/payouts/claim", Role: executor, Handle: k.claimNextPayout},
		{Method: get, Path: "/payouts/:id", Role: viewer, Handle: k.payout},
		{Method: get, Path: "/payouts/:id/now", Role: viewer, Handle: k.payoutNow},
		{Method: get, Path: "/payouts/:id/requisite", Role: viewer, Handle: k.hidePayoutRequisite},
		{Method: post, Path: "/payouts/:id/requisite", Role: executor, Handle: k.revealPayoutRequisite},
		{Method: post, Path: "/payouts/:id/claim", Role: executor, Handle: k.claimPayout},
		{Method: post, Path: "/payouts/:id/renew", Role: executor, Handle: k.renewPayout},
		{Method: post, Path: "/payouts/:id/pass", Role: executor, Handle: k.passPayout},
		{Method: post, Path: "/payouts/:id/complete", Role: executor, Handle: k.completePayout},
		{Method: post, Path: "/payouts/:id/reject", Role: executor, Handle: k.rejectPayout},
		{Method: post, Path: "/payouts/:id/receipts", Role: executor, Upload: true, Handle: k.addReceipt},
		{Method: post, Path: "/payouts/:id/callbacks/:callback/resend", Role: executor, Handle: k.resendPayoutCallback},
	}
}

// Views of the list of payouts.
const (
	viewQueue    = ""
	viewMine     = "mine"
	viewApproval = "approval"
	viewAll      = "all"
)

// payoutList is a page of payouts.
type payoutList struct {
	Asked      wanted
	View       string
	Rows       []payoutRow
	Pages      pageLinks
	Methods    []payout.Method
	Statuses   []payout.Status
	Currencies []string
}

// Sandbox reports a queue of payouts that are paid with no money.
func (l payoutList) Sandbox() bool { return l.Asked.Get("mode") == string(ledger.Sandbox) }

type payoutRow struct {
	payout.View
	Held      holder
	Exception string
	Free      bool // anybody may take it
}

func (k *desk) payouts(v *site.Visit) error {
	list, err := k.payoutList(v)
	if err != nil && site.Invalid(err) {
		return v.RenderInvalid("payouts", list, err)
	}
	if err != nil {
		return err
	}
	return v.Render("payouts", list)
}

// payoutRows is the part of the list that is kept up to date.
func (k *desk) payoutRows(v *site.Visit) error {
	list, err := k.payoutList(v)
	if err != nil {
		return err
	}
	return v.Fragment("payouts", "rows", list)
}

// payoutList reads what the query asks for. With an error, it is what can be
// shown around it.
func (k *desk) payoutList(v *site.Visit) (payoutList, error) {
	list := payoutList{
		Asked: wantedOf(v, "/payouts", "view", "mode", "currency", "method", "merchant", "min_amount", "max_amount",
			"status", "q", "from", "to", "claimed_by", "cursor"),
		View: payoutView(v), Methods: payout.Methods(), Statuses: payout.Statuses(),
	}
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return list, err
	}
	for _, r := range rates {
		list.Currencies = append(list.Currencies, r.Currency)
	}
	merchantID, err := k.merchantNamed(v, list.Asked.Get("merchant"))
	if err != nil {
		return list, err
	}
	var found payout.Page
	if list.View == viewAll {
		found, err = k.searchPayouts(v, list.Asked, merchantID)
	} else {
		found, err = k.queuedPayouts(v, list, merchantID)
	}
	if err != nil {
		return list, err
	}
	who, now := k.people(v), v.Now()
	for _, p := range found.Items {
		list.Rows = append(list.Rows, rowOf(p, who, now))
	}
	list.Pages = list.Asked.pages(found.NextCursor)
	return list, nil
}

// payoutView is the view that was asked for; who searches means all.
func payoutView(v *site.Visit) string {
	if view := v.Query("view"); view != "" || v.Query("q") == "" {
		return view
	}
	return viewAll
}

func rowOf(p payout.Payout, who *people, now time.Time) payoutRow {
	row := payoutRow{View: p.View(who.merchant(p.MerchantID)), Held: who.holder(p.ClaimedBy, p.LeaseExpiresAt)}
	row.Exception, _ = p.Exception(now)
	row.Free = p.Status == payout.Expectation && p.Stage == payout.StageWaiting && row.Held.Free()
	return row
}

func (k *desk) queuedPayouts(v *site.Visit, list payoutList, merchantID string) (payout.Page, error) {
	a := list.Asked
	f := payout.QueueFilter{
		Lane: payout.LaneWaiting, Mode: modeOf(a.Get("mode")), Currency: a.Get("currency"), Method: payout.Method(a.Get("method")),
		MerchantID: merchantID, MinAmount: a.Get("min_amount"), MaxAmount: a.Get("max_amount"), Cursor: a.Get("cursor"),
	}
	switch list.View {
	case viewMine:
		f.Lane, f.Claimant = payout.LaneClaimed, payout.Claimant(v.Ctx)
	case viewApproval:
		f.Lane = payout.LaneApproval
	}
	return k.Payouts.Queue(v.Ctx, f)
}

// modeOf is the mode of a queue: nobody works on both at once, since money is
// sent for one of them alone.
func modeOf(text string) ledger.Mode {
	if text == "" {
		return ledger.Live
	}
	return ledger.Mode(text)
}

func (k *desk) searchPayouts(v *site.Visit, a wanted, merchantID string) (payout.Page, error) {
	from, err := dayOf("from", a.Get("from"))
	if err != nil {
		return payout.Page{}, err
	}
	to, err := dayOf("to", a.Get("to"))
	if err != nil {
		return payout.Page{}, err
	}
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1) // the last day is part of it
	}
	return k.Payouts.List(v.Ctx, payout.Filter{
		Status: payout.Status(a.Get("status")), MerchantID: merchantID, Mode: ledger.Mode(a.Get("mode")),
		Method: payout.Method(a.Get("method")), Currency: a.Get("currency"), ClaimedBy: a.Get("claimed_by"),
		Query: a.Get("q"), From: from, To: to, Cursor: a.Get("cursor"),
	})
}

// claimNextPayout takes the oldest payout that the filter shows.
func (k *desk) claimNextPayout(v *site.Visit) error {
	merchantID, err := k.merchantNamed(v, v.Form("merchant"))
	if err != nil {
		return err
	}
	claimed, found, err := k.Payouts.Claim(v.Ctx, payout.ClaimFilter{
		MerchantID: merchantID, Mode: modeOf(v.Form("mode")), Currency: v.Form("currency"), Method: payout.Method(v.Form("method")),
		MinAmount: v.Form("min_amount"), MaxAmount: v.Form("max_amount"),
	})
	switch {
	case err != nil:
		return err
	case !found:
		return v.Goto("/payouts", v.T("Nothing is waiting for you to take."))
	default:
		return v.Goto("/payouts/"+claimed.Payout.ID, "")
	}
}
