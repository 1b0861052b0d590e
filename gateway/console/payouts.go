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
		{Method: get, Path: "/payouts", Role: viewer, Handle: wholeList("payouts", k.payoutList)},
		{Method: get, Path: "/payouts/list", Role: viewer, Handle: listRows("payouts", k.payoutList)},
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
		{Method: post, Path: "/payouts/:id/recall", Role: executor, Handle: k.recallPayout},
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
	*listing
	View       string
	Rows       []payoutRow
	Methods    []payout.Method
	Statuses   []payout.Status
	Currencies []string
}

// Sandbox reports a queue of payouts that are paid with no money.
func (l payoutList) Sandbox() bool { return l.Asked("mode") == string(ledger.Sandbox) }

type payoutRow struct {
	payout.View
	Held      holder
	Exception string
	Free      bool // anybody may take it
}

// payoutList reads what the query asks for. With an error, it is what can be
// shown around it.
func (k *desk) payoutList(v *site.Visit) (payoutList, error) {
	list := payoutList{
		listing: listed(v, "/payouts", "view", "mode", "currency", "method", "min_amount", "max_amount", "status", "q", "claimed_by"),
		View:    payoutView(v), Methods: payout.Methods(), Statuses: payout.Statuses(),
	}
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return list, err
	}
	for _, r := range rates {
		list.Currencies = append(list.Currencies, r.Currency)
	}
	merchantID, from, to := list.merchant(k, "merchant"), list.from("from"), list.until("to")
	if err := list.err(); err != nil {
		return list, err
	}
	var found payout.Page
	if list.View == viewAll {
		found, err = k.searchPayouts(v, list, payout.Filter{MerchantID: merchantID, From: from, To: to})
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
	list.turn(found.NextCursor)
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
	f := payout.QueueFilter{
		Lane: payout.LaneWaiting, Mode: modeOf(list.Asked("mode")), Currency: list.Asked("currency"), Method: payout.Method(list.Asked("method")),
		MerchantID: merchantID, MinAmount: list.Asked("min_amount"), MaxAmount: list.Asked("max_amount"), Cursor: list.cursor(),
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

func (k *desk) searchPayouts(v *site.Visit, list payoutList, f payout.Filter) (payout.Page, error) {
	f.Status, f.Mode = payout.Status(list.Asked("status")), ledger.Mode(list.Asked("mode"))
	f.Method, f.Currency = payout.Method(list.Asked("method")), list.Asked("currency")
	f.ClaimedBy, f.Query, f.Cursor = list.Asked("claimed_by"), list.Asked("q"), list.cursor()
	return k.Payouts.List(v.Ctx, f)
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
	if err != nil {
		return err
	}
	return took(v, "/payouts", "/payouts/"+claimed.Payout.ID, found)
}
