package console

import (
	"strconv"
	"strings"

	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
	"disburse/ledger"
)

func disputePath(id int64) string { return "/disputes/" + strconv.FormatInt(id, 10) }

// disputePage is one dispute with all that belongs to it.
type disputePage struct {
	disputeRow
	EndedBy    string
	Details    []exchange.Detail
	Clear      bool // the details are shown in full
	May        bool // the visitor may see them so
	Lines      []line
	Transfers  []ledger.TransferView
	Talk       talk
	Colleagues []operator.Operator
	Shown      string // the version that the visitor sees
	Changed    bool   // it is another one by now
	Part       bool   // only what is kept up to date is shown
	Given      struct{ To, Note string }
}

// Open reports a dispute that has not ended.
func (p disputePage) Open() bool { return p.Status == exchange.Disputed }

// Path is where the page is, below the base.
func (p disputePage) Path() string { return disputePath(p.OrderID) }

// Word is the last note of somebody who gave the dispute away, while it is open.
func (p disputePage) Word() line {
	if !p.Open() {
		return line{}
	}
	return lastWord(p.Lines)
}

func (k *desk) disputePage(v *site.Visit) (disputePage, error) {
	id, ok := rowID(v)
	if !ok {
		return disputePage{}, exchange.ErrOrderNotFound
	}
	d, err := k.Exchange.LookAtDispute(v.Ctx, id)
	if err != nil {
		return disputePage{}, err
	}
	who := k.people(v)
	p := disputePage{disputeRow: rowOfDispute(d, who, 0), Details: exchange.Details(d.PaymentDetails), EndedBy: who.name(orEmpty(d.EndedBy))}
	p.May = p.Open() && p.Held.Here() && len(p.Details) > 0
	p.Shown = strings.Join([]string{string(d.Status), orEmpty(d.ClaimedBy), strconv.FormatBool(d.BuyerAgreesToCancel), strconv.FormatBool(d.SellerAgreesToCancel)}, ".")
	if err := k.disputeHistory(v, &p, who); err != nil {
		return disputePage{}, err
	}
	p.Talk = talk{Path: p.Path(), Topic: "disputes", May: p.Open() && v.Person.May(approver), Masked: !p.Held.Here()}
	if p.Open() && p.Held.Here() {
		p.Colleagues, err = k.colleagues(v, operator.RoleApprover)
	}
	return p, err
}

func (k *desk) disputeHistory(v *site.Visit, p *disputePage, who *people) error {
	p.Lines = append(p.Lines, line{At: p.CreatedAt, Kind: "created", Transition: true})
	if p.BuyerPaidAt != nil {
		p.Lines = append(p.Lines, line{At: p.BuyerPaidAt, Kind: "paid_by_buyer", Actor: p.Buyer, Transition: true})
	}
	kind := "disputed_as_time_ran_out"
	if p.OperatorCalled {
		kind = "disputed_as_somebody_called"
	}
	p.Lines = append(p.Lines, line{At: p.DisputedAt, Kind: kind, Transition: true})
	done, err := k.Exchange.DisputeHistory(v.Ctx, p.OrderID)
	if err != nil {
		return err
	}
	p.Lines = append(p.Lines, deedLines(done, who)...)
	if by := orEmpty(p.DisputeView.EndedBy); p.EndedAt != nil && !strings.HasPrefix(by, "operator:") {
		p.Lines = append(p.Lines, line{At: p.EndedAt, Kind: string(p.Status), Actor: p.EndedBy, Transition: true})
	}
	moved, err := k.Exchange.Transfers(v.Ctx, p.OrderID)
	for _, t := range moved {
		p.Transfers = append(p.Transfers, t.View())
	}
	return err
}

func (k *desk) withDisputeTalk(v *site.Visit, p *disputePage, since int64) error {
	names := map[int64]string{p.BuyerID: v.T("buyer") + " " + p.Buyer, p.SellerID: v.T("seller") + " " + p.Seller}
	return k.fill(v, &p.Talk, subject{Of: chat.P2P, Order: p.OrderID, Names: names}, since)
}

// wholeDispute is the page with its chat.
func (k *desk) wholeDispute(v *site.Visit, since int64) (disputePage, error) {
	p, err := k.disputePage(v)
	if err == nil {
		err = k.withDisputeTalk(v, &p, since)
	}
	return p, err
}

func (k *desk) dispute(v *site.Visit) error {
	p, err := k.wholeDispute(v, 0)
	if err != nil {
		return err
	}
	return v.Render("dispute", p)
}

// disputeNow is the part of the page that is kept up to date.
func (k *desk) disputeNow(v *site.Visit) error {
	p, err := k.disputePage(v)
	if err != nil {
		return err
	}
	if shown := v.Query("shown"); shown != "" {
		p.Changed, p.Shown = shown != p.Shown, shown
	}
	p.Part = true
	return v.Fragment("dispute", "now", p)
}

// disputeChat is the chat, which is kept up to date too.
func (k *desk) disputeChat(v *site.Visit) error {
	p, err := k.wholeDispute(v, sinceOf(v))
	if err != nil {
		return err
	}
	return v.Fragment("dispute", "chat", p)
}

func (k *desk) sayInDispute(v *site.Visit) error {
	p, err := k.disputePage(v)
	if err != nil {
		return err
	}
	_, refused := k.Exchange.SayInDispute(v.Ctx, p.OrderID, v.Form("message"))
	switch {
	case refused != nil && !site.Invalid(refused):
		return refused
	case refused != nil:
		p.Talk.Draft = v.Form("message")
	case !v.Partial():
		return v.Goto(p.Path()+"#talk", "")
	}
	if err := k.withDisputeTalk(v, &p, 0); err != nil {
		return err
	}
	if refused != nil && !v.Partial() {
		return v.RenderInvalid("dispute", p, refused)
	}
	return v.Fragment("dispute", "talk", p)
}

// disputeAgain shows the page with why something could not be done.
func (k *desk) disputeAgain(v *site.Visit, cause error) error {
	if !site.Invalid(cause) {
		return cause
	}
	p, err := k.wholeDispute(v, 0)
	if err != nil {
		return err
	}
	p.Given.To, p.Given.Note = v.Form("to"), v.Form("note")
	return v.RenderInvalid("dispute", p, cause)
}

// onDispute does something to the dispute of the path, and goes on from there.
func (k *desk) onDispute(v *site.Visit, then, note string, do func(id int64) error) error {
	id, ok := rowID(v)
	if !ok {
		return exchange.ErrOrderNotFound
	}
	if err := do(id); err != nil {
		return k.disputeAgain(v, err)
	}
	if then == "" {
		then = disputePath(id)
	}
	return v.Goto(then, note)
}

// claimDispute takes a dispute, or keeps it longer.
func (k *desk) claimDispute(v *site.Visit) error {
	return k.onDispute(v, "", "", func(id int64) error {
		_, err := k.Exchange.ClaimDispute(v.Ctx, id)
		return err
	})
}

// passDispute gives the dispute back, or to a colleague who was named.
func (k *desk) passDispute(v *site.Visit) error {
	return k.onDispute(v, "/disputes", v.T("It is in other hands now."), func(id int64) error {
		to, err := k.colleague(v, v.Form("to"), operator.RoleApprover)
		switch {
		case err != nil:
			return err
		case to == "":
			return k.Exchange.ReleaseDisputeSaying(v.Ctx, id, v.Form("note"))
		default:
			return k.Exchange.HandOverDispute(v.Ctx, id, to, v.Form("note"))
		}
	})
}

func (k *desk) resolveDispute(v *site.Visit) error {
	return k.onDispute(v, "", v.T("Resolved. Both sides see it."), func(id int64) error {
		var missing []fault.Field
		for _, name := range []string{"to", "note"} {
			if v.Form(name) == "" {
				missing = append(missing, fault.Field{Name: name, Why: "is required"})
			}
		}
		if len(missing) > 0 {
			return fault.Invalid(missing...)
		}
		_, err := k.Exchange.Resolve(v.Ctx, id, v.Form("to"), v.Form("note"))
		return err
	})
}

// revealDetails shows the payment details to who holds the dispute; that they
// were looked at is in the audit trail.
func (k *desk) revealDetails(v *site.Visit) error {
	id, _ := rowID(v)
	details, err := k.Exchange.DisputeDetails(v.Ctx, id)
	if err != nil {
		return err
	}
	return k.showDetails(v, details)
}

// hideDetails masks them again.
func (k *desk) hideDetails(v *site.Visit) error { return k.showDetails(v, nil) }

func (k *desk) showDetails(v *site.Visit, full []exchange.Detail) error {
	p, err := k.disputePage(v)
	if err != nil {
		return err
	}
	if full != nil {
		p.Details, p.Clear = full, true
	}
	if !v.Partial() {
		if err := k.withDisputeTalk(v, &p, 0); err != nil {
			return err
		}
	}
	return showRequisite(v, "dispute", p)
}
