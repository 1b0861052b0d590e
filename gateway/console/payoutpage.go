package console

import (
	"errors"
	"strings"
	"time"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
)

// payoutPage is one payout with all that belongs to it.
type payoutPage struct {
	payout.View
	Held       holder
	Requisite  requisite
	Cheques    []string
	Exception  string
	Since      time.Time
	Completer  string // who reported it as paid, while that waits for another
	Approval   string // the id of what waits for another
	Recall     string // how the visitor may take the report: "back" or "over"
	EndedBy    string
	Lines      []line
	Transfers  []bookTransfer
	Receipts   []payout.ReceiptView
	Callbacks  []sent
	Colleagues []operator.Operator
	Shown      string // the version that the visitor sees
	Changed    bool   // it is another one by now
	Part       bool   // only what is kept up to date is shown
	Given      struct{ Note, Reason, Cheques string }
}

// line is a line of a timeline.
type line struct {
	At         any
	Kind       string
	Actor      string
	Note       string
	Transition bool // it changed what the merchant sees
}

// requisite is where money goes, masked or in clear.
type requisite struct {
	Of    string // the path of the item, below the base
	Label string
	Text  string
	Clear bool
	May   bool // the visitor may see it in clear
}

// Grouped is the text as people read it out.
func (r requisite) Grouped() string {
	if !r.Clear || strings.HasPrefix(r.Text, "+") || len(r.Text) < 15 {
		return r.Text
	}
	var out strings.Builder
	for i, c := range r.Text {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(c)
	}
	return out.String()
}

// sent is a callback with what it says.
type sent struct {
	callbacks.DetailView
	Body string
}

// labels name the requisite of a method.
var labels = map[payout.Method]string{
	payout.Card: "Card number", payout.SBP: "Phone number", payout.Score: "Account number", payout.IBAN: "IBAN",
}

// Open reports a payout that has not ended.
func (p payoutPage) Open() bool { return p.Status == string(payout.Expectation) }

// Awaits reports a payout that waits for a second person.
func (p payoutPage) Awaits() bool { return p.Open() && p.Stage == string(payout.StageAwaiting) }

// Takeable reports that an operator may claim it now.
func (p payoutPage) Takeable() bool {
	return p.Open() && p.Held.Free() && !p.Awaits()
}

// Word is the last note of somebody who gave the payout away, while it is open.
func (p payoutPage) Word() (word line) {
	for _, l := range p.Lines {
		if (l.Kind == "handed_over" || l.Kind == "released") && p.Open() {
			word = l
		}
	}
	return word
}

func (k *desk) payoutPage(v *site.Visit) (payoutPage, error) {
	d, err := k.Payouts.Detail(v.Ctx, v.Param("id"))
	if err != nil {
		return payoutPage{}, err
	}
	p, who := d.Payout, k.people(v)
	page := payoutPage{
		View: p.View(who.merchant(p.MerchantID)), Held: who.holder(p.ClaimedBy, p.LeaseExpiresAt), Cheques: p.Cheques,
		EndedBy: who.name(p.EndedBy), Completer: who.name(p.CompletedBy),
	}
	page.Exception, page.Since = p.Exception(v.Now())
	page.reported(v, d)
	page.Requisite = requisite{Of: "/payouts/" + p.ID, Label: labels[p.Method], Text: p.Masked(), May: page.Open() && page.Held.Here()}
	for _, e := range d.Timeline {
		page.Lines = append(page.Lines, line{
			At: e.At, Kind: e.Kind, Actor: who.name(e.Actor), Note: e.Note, Transition: payout.Status(e.Kind).Final() || e.Kind == "created",
		})
	}
	page.Transfers = k.bookTransfers(v, d.Transfers)
	for _, r := range d.Receipts {
		shown := r.View()
		shown.UploadedBy = who.name(r.UploadedBy)
		page.Receipts = append(page.Receipts, shown)
	}
	if page.Callbacks, err = k.sentAbout(v, p.ID); err != nil {
		return payoutPage{}, err
	}
	if page.Held.Here() {
		page.Colleagues, err = k.colleagues(v, operator.RoleOperator)
	}
	page.Shown = strings.Join([]string{string(p.Status), string(p.Stage), p.ClaimedBy}, ".")
	return page, err
}

// reported adds what the visitor may do about a report that waits for another
// person: who made it takes it back, and any approver takes it over that nobody
// decided about in time.
func (p *payoutPage) reported(v *site.Visit, d payout.Detail) {
	for _, a := range d.Approvals {
		if !p.Awaits() || a.DecidedAt != nil {
			continue
		}
		p.Approval = a.ID
		switch {
		case a.RequestedBy == me(v) && v.Person.May(executor):
			p.Recall = "back"
		case a.State == approval.Expired && v.Person.May(approver):
			p.Recall = "over"
		}
	}
}

// recallPayout takes back, or over, that the payout is paid.
func (k *desk) recallPayout(v *site.Visit) error {
	_, err := k.Payouts.Recall(v.Ctx, v.Param("id"))
	return k.payoutDone(v, err, v.T("Taken back: the payout is in your hands again."))
}

// sentAbout are the callbacks about an item, with what they say.
func (k *desk) sentAbout(v *site.Visit, subject string) ([]sent, error) {
	found, err := k.Callbacks.About(v.Ctx, subject)
	if err != nil {
		return nil, err
	}
	out := make([]sent, len(found))
	for i, d := range found {
		out[i].DetailView = d.View()
		if out[i].Body, err = k.Callbacks.Body(v.Ctx, d.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (k *desk) payout(v *site.Visit) error {
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	return v.Render("payout", page)
}

// payoutNow is the part of the page that is kept up to date. It takes no form
// away from somebody who fills it in: when the payout changed, it says so.
func (k *desk) payoutNow(v *site.Visit) error {
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	if shown := v.Query("shown"); shown != "" {
		page.Changed, page.Shown = shown != page.Shown, shown
	}
	page.Part = true
	return v.Fragment("payout", "now", page)
}

// payoutAgain shows the page with why something could not be done.
func (k *desk) payoutAgain(v *site.Visit, cause error) error {
	if !site.Invalid(cause) {
		return cause
	}
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	page.Given.Note, page.Given.Reason, page.Given.Cheques = v.Form("note"), v.Form("reason"), v.Form("cheque_urls")
	return v.RenderInvalid("payout", page, cause)
}

// payoutDone goes back to the page of a payout that was changed.
func (k *desk) payoutDone(v *site.Visit, err error, note string) error {
	if err != nil {
		return k.payoutAgain(v, err)
	}
	return v.Goto("/payouts/"+v.Param("id"), note)
}

func (k *desk) claimPayout(v *site.Visit) error {
	id := v.Param("id")
	if id == "" {
		return payout.ErrNotFound
	}
	_, _, err := k.Payouts.Claim(v.Ctx, payout.ClaimFilter{ID: id})
	return k.payoutDone(v, err, "")
}

func (k *desk) renewPayout(v *site.Visit) error {
	_, err := k.Payouts.Renew(v.Ctx, v.Param("id"))
	return k.payoutDone(v, err, v.T("You have %d more minutes.", int(payout.Lease.Minutes())))
}

// passPayout gives the payout back, or to a colleague who was named.
func (k *desk) passPayout(v *site.Visit) error {
	id, note := v.Param("id"), v.Form("note")
	to, err := k.colleague(v, v.Form("to"), operator.RoleOperator)
	switch {
	case err != nil:
		return k.payoutAgain(v, err)
	case to == "":
		_, err = k.Payouts.ReleaseSaying(v.Ctx, id, note)
	default:
		_, err = k.Payouts.HandOver(v.Ctx, id, to, note)
	}
	if err != nil {
		return k.payoutAgain(v, err)
	}
	return v.Goto("/payouts", v.T("It is in other hands now."))
}

func (k *desk) completePayout(v *site.Visit) error {
	done, err := k.Payouts.Complete(v.Ctx, v.Param("id"), payout.Completion{ChequeURLs: strings.Fields(v.Form("cheque_urls")), Note: v.Form("note")})
	note := v.T("Paid. The merchant is told.")
	if done.Stage == payout.StageAwaiting && !done.Status.Final() {
		note = v.T("Reported as paid. A second person must agree.")
	}
	return k.payoutDone(v, err, note)
}

func (k *desk) rejectPayout(v *site.Visit) error {
	reason := v.Form("reason")
	if err := said("reason", reason); err != nil {
		return k.payoutAgain(v, err)
	}
	_, err := k.Payouts.Reject(v.Ctx, v.Param("id"), reason)
	return k.payoutDone(v, err, v.T("Rejected. The money is back with the merchant."))
}

// revealPayoutRequisite shows the requisite to who holds the payout; that it was
// looked at is in the audit trail.
func (k *desk) revealPayoutRequisite(v *site.Visit) error {
	text, err := k.Payouts.Requisite(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	page.Requisite.Text, page.Requisite.Clear = text, true
	return showRequisite(v, "payout", page)
}

// hidePayoutRequisite masks it again.
func (k *desk) hidePayoutRequisite(v *site.Visit) error {
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	return showRequisite(v, "payout", page)
}

func showRequisite(v *site.Visit, name string, page any) error {
	if v.Partial() {
		return v.Fragment(name, "requisite", page)
	}
	return v.Render(name, page)
}

// MaxReceipt is how many bytes a receipt may have.
func (p payoutPage) MaxReceipt() int { return payout.MaxReceipt }

// addReceipt takes a file that was dropped on the page and answers with the
// receipts that there are now: the page goes on as it was filled in. Its caller is
// a script, which is told in its own terms what is wrong.
func (k *desk) addReceipt(v *site.Visit) error {
	content, err := v.File("file", payout.MaxReceipt)
	if err == nil {
		_, err = k.Payouts.AddReceipt(v.Ctx, v.Param("id"), content)
	}
	if err != nil {
		return v.Problem(err)
	}
	page, err := k.payoutPage(v)
	if err != nil {
		return err
	}
	return v.Fragment("payout", "receipts", page)
}

var errCallbackGone = fault.New(fault.NotFound, "not_found", "callback not found")

func (k *desk) resendPayoutCallback(v *site.Visit) error {
	err := k.Callbacks.Resend(v.Ctx, v.Param("callback"))
	if errors.Is(err, callbacks.ErrNotFound) {
		err = errCallbackGone
	}
	return k.payoutDone(v, err, v.T("It is sent again."))
}
