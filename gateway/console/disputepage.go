package console

import (
	"strconv"
	"strings"

	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
)

func disputePath(id int64) string { return "/disputes/" + strconv.FormatInt(id, 10) }

// disputePage is one dispute with all that belongs to it.
type disputePage struct {
	disputeRow
	orderPage
	EndedBy string
	Details []exchange.Detail
	Clear   bool // the details are shown in full
	May     bool // the visitor may see them so
	Given   struct{ To, Note string }
}

// Open reports a dispute that has not ended.
func (p *disputePage) Open() bool { return p.Status == exchange.Disputed }

// Word is the last note of somebody who gave the dispute away, while it is open.
func (p *disputePage) Word() line {
	if !p.Open() {
		return line{}
	}
	return lastWord(p.Lines)
}

func (p *disputePage) typed(v *site.Visit) { p.Given.To, p.Given.Note = v.Form("to"), v.Form("note") }

// disputePages serve the pages of disputes.
func (k *desk) disputePages() orderPages[*disputePage] {
	return orderPages[*disputePage]{
		k: k, name: "dispute", queue: "/disputes", role: operator.RoleApprover, none: exchange.ErrOrderNotFound,
		read: k.dispute,
		say: func(v *site.Visit, id int64, text string) error {
			_, err := k.Exchange.SayInDispute(v.Ctx, id, text)
			return err
		},
	}
}

func (k *desk) dispute(v *site.Visit) (*disputePage, error) {
	id, ok := rowID(v)
	if !ok {
		return nil, exchange.ErrOrderNotFound
	}
	d, err := k.Exchange.LookAtDispute(v.Ctx, id)
	if err != nil {
		return nil, err
	}
	who := k.people(v)
	p := &disputePage{disputeRow: rowOfDispute(d, who, 0), Details: exchange.Details(d.PaymentDetails), EndedBy: who.name(orEmpty(d.EndedBy))}
	p.Path = disputePath(id)
	p.May = p.Open() && p.Held.Here() && len(p.Details) > 0
	p.Shown = strings.Join([]string{string(d.Status), orEmpty(d.ClaimedBy), strconv.FormatBool(d.BuyerAgreesToCancel), strconv.FormatBool(d.SellerAgreesToCancel)}, ".")
	if err := k.disputeHistory(v, p, who); err != nil {
		return nil, err
	}
	p.about = subject{Of: chat.P2P, Order: id, Names: map[int64]string{p.BuyerID: v.T("buyer") + " " + p.Buyer, p.SellerID: v.T("seller") + " " + p.Seller}}
	p.Talk = talk{Path: p.Path, Topic: "disputes", May: p.Open() && v.Person.May(approver), Masked: !p.Held.Here()}
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
	kind := "deadline_passed"
	if p.OperatorCalled {
		kind = "operator_called"
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
	p.Transfers = k.bookTransfers(v, moved)
	return err
}

// claimDispute takes a dispute, or keeps it longer.
func (k *desk) claimDispute(v *site.Visit) error {
	return k.disputePages().do(v, "", "", func(id int64) error {
		_, err := k.Exchange.ClaimDispute(v.Ctx, id)
		return err
	})
}

func (k *desk) passDispute(v *site.Visit) error {
	return k.disputePages().pass(v, func(id int64, note string) error {
		return k.Exchange.ReleaseDisputeSaying(v.Ctx, id, note)
	}, func(id int64, to, note string) error {
		return k.Exchange.HandOverDispute(v.Ctx, id, to, note)
	})
}

func (k *desk) resolveDispute(v *site.Visit) error {
	return k.disputePages().do(v, "", v.T("Resolved. Both sides see it."), func(id int64) error {
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
	return k.disputePages().requisite(v, func(p *disputePage) {
		p.Details, p.Clear = details, true
	})
}
