package console

import (
	"strconv"
	"strings"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/operator"
)

func cardOrderPath(id int64) string { return "/card-orders/" + strconv.FormatInt(id, 10) }

// cardOrderPage is one card order with all that belongs to it.
type cardOrderPage struct {
	cardorder.DeskView
	orderPage
	Sum       string
	User      string
	Held      holder
	Requisite requisite
	EndedBy   string
	Reason    string
}

// Open reports an order that has not ended.
func (p *cardOrderPage) Open() bool { return !cardorder.Status(p.Status).Final() }

// Withdraw reports money that goes to the user.
func (p *cardOrderPage) Withdraw() bool { return p.Type == string(cardorder.Withdraw) }

// Word is the last note of somebody who gave the order away, while it is open.
func (p *cardOrderPage) Word() line {
	if !p.Open() {
		return line{}
	}
	return lastWord(p.Lines)
}

func (p *cardOrderPage) typed(v *site.Visit) { p.Reason = v.Form("reason") }

// cardOrderPages serve the pages of card orders.
func (k *desk) cardOrderPages() orderPages[*cardOrderPage] {
	return orderPages[*cardOrderPage]{
		k: k, name: "cardorder", queue: "/card-orders", role: operator.RoleOperator, none: cardorder.ErrNotFound,
		read: k.cardOrder,
		say: func(v *site.Visit, id int64, text string) error {
			_, err := k.CardOrders.SayAsOperator(v.Ctx, id, text)
			return err
		},
	}
}

func (k *desk) cardOrder(v *site.Visit) (*cardOrderPage, error) {
	id, ok := rowID(v)
	if !ok {
		return nil, cardorder.ErrNotFound
	}
	o, err := k.CardOrders.Look(v.Ctx, id)
	if err != nil {
		return nil, err
	}
	who := k.people(v)
	p := &cardOrderPage{
		DeskView: o.DeskView(), Sum: rub(o.Amount), User: who.user(o.UserID), Held: who.holder(o.ClaimedBy, o.LeaseUntil), EndedBy: who.name(o.EndedBy),
	}
	p.Path = cardOrderPath(id)
	if o.Details.CardNumber != "" {
		p.Requisite = requisite{Of: p.Path, Label: "Card number", Text: o.Details.CardNumber, May: p.Open() && p.Held.Mine}
	}
	p.Shown = strings.Join([]string{p.Status, o.ClaimedBy}, ".")
	if err := k.cardOrderHistory(v, o, p, who); err != nil {
		return nil, err
	}
	p.about = subject{Of: chat.Card, Order: id, Names: map[int64]string{p.UserID: p.User}}
	p.Talk = talk{Path: p.Path, Topic: "card-orders", May: v.Person.May(executor), Masked: !p.Held.Here()}
	if p.Held.Here() {
		p.Colleagues, err = k.colleagues(v, operator.RoleOperator)
	}
	return p, err
}

func (k *desk) cardOrderHistory(v *site.Visit, o cardorder.Order, p *cardOrderPage, who *people) error {
	p.Lines = append(p.Lines, line{At: o.CreatedAt, Kind: "created", Actor: p.User, Transition: true})
	done, err := k.CardOrders.History(v.Ctx, o.ID)
	if err != nil {
		return err
	}
	p.Lines = append(p.Lines, deedLines(done, who)...)
	if o.EndedBy == "user" {
		p.Lines = append(p.Lines, line{At: o.EndedAt, Kind: string(o.Status), Actor: p.User, Transition: true})
	}
	moved, err := k.CardOrders.Transfers(v.Ctx, o)
	p.Transfers = k.bookTransfers(v, moved)
	return err
}

// claimCardOrder takes an order, or keeps it longer.
func (k *desk) claimCardOrder(v *site.Visit) error {
	return k.cardOrderPages().do(v, "", "", func(id int64) error {
		_, err := k.CardOrders.Claim(v.Ctx, id)
		return err
	})
}

func (k *desk) passCardOrder(v *site.Visit) error {
	return k.cardOrderPages().pass(v, func(id int64, note string) error {
		_, err := k.CardOrders.ReleaseSaying(v.Ctx, id, note)
		return err
	}, func(id int64, to, note string) error {
		_, err := k.CardOrders.HandOver(v.Ctx, id, to, note)
		return err
	})
}

func (k *desk) completeCardOrder(v *site.Visit) error {
	return k.cardOrderPages().do(v, "", v.T("Done. The user sees it."), func(id int64) error {
		_, err := k.CardOrders.Complete(v.Ctx, id)
		return err
	})
}

func (k *desk) cancelCardOrder(v *site.Visit) error {
	return k.cardOrderPages().do(v, "", v.T("Cancelled. The user sees the reason."), func(id int64) error {
		reason := v.Form("reason")
		if err := said("reason", reason); err != nil {
			return err
		}
		_, err := k.CardOrders.CancelByOperator(v.Ctx, id, reason)
		return err
	})
}

// revealCard shows the card to who holds the order; that it was looked at is in
// the audit trail.
func (k *desk) revealCard(v *site.Visit) error {
	id, _ := rowID(v)
	number, err := k.CardOrders.Card(v.Ctx, id)
	if err != nil {
		return err
	}
	return k.cardOrderPages().requisite(v, func(p *cardOrderPage) {
		p.Requisite.Text, p.Requisite.Clear = number, true
	})
}
