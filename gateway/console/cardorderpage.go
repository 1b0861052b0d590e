package console

import (
	"strconv"
	"strings"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/operator"
	"disburse/ledger"
)

func cardOrderPath(id int64) string { return "/card-orders/" + strconv.FormatInt(id, 10) }

// cardOrderPage is one card order with all that belongs to it.
type cardOrderPage struct {
	cardorder.DeskView
	Sum        string
	User       string
	Held       holder
	Requisite  requisite
	EndedBy    string
	Lines      []line
	Transfers  []ledger.TransferView
	Talk       talk
	Colleagues []operator.Operator
	Shown      string // the version that the visitor sees
	Changed    bool   // it is another one by now
	Part       bool   // only what is kept up to date is shown
	Reason     string
}

// Open reports an order that has not ended.
func (p cardOrderPage) Open() bool { return !cardorder.Status(p.Status).Final() }

// Withdraw reports money that goes to the user.
func (p cardOrderPage) Withdraw() bool { return p.Type == string(cardorder.Withdraw) }

// Word is the last note of somebody who gave the order away, while it is open.
func (p cardOrderPage) Word() line {
	if !p.Open() {
		return line{}
	}
	return lastWord(p.Lines)
}

func (k *desk) cardOrderPage(v *site.Visit) (cardOrderPage, error) {
	id, ok := rowID(v)
	if !ok {
		return cardOrderPage{}, cardorder.ErrNotFound
	}
	o, err := k.CardOrders.Look(v.Ctx, id)
	if err != nil {
		return cardOrderPage{}, err
	}
	who := k.people(v)
	p := cardOrderPage{
		DeskView: o.DeskView(), Sum: rub(o.Amount), User: who.user(o.UserID), Held: who.holder(o.ClaimedBy, o.LeaseUntil), EndedBy: who.name(o.EndedBy),
	}
	if o.Details.CardNumber != "" {
		p.Requisite = requisite{Of: cardOrderPath(id), Label: "Card number", Text: o.Details.CardNumber, May: p.Open() && p.Held.Mine}
	}
	p.Shown = strings.Join([]string{p.Status, o.ClaimedBy}, ".")
	if err := k.cardOrderHistory(v, o, &p, who); err != nil {
		return cardOrderPage{}, err
	}
	p.Talk = talk{Path: cardOrderPath(id), Topic: "card-orders", May: v.Person.May(executor), Masked: !p.Held.Here()}
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
	for _, t := range moved {
		p.Transfers = append(p.Transfers, t.View())
	}
	return err
}

// withTalk is the page with its chat.
func (k *desk) withTalk(v *site.Visit, p *cardOrderPage, since int64) error {
	return k.fill(v, &p.Talk, subject{Of: chat.Card, Order: p.ID, Names: map[int64]string{p.UserID: p.User}}, since)
}

func (k *desk) cardOrder(v *site.Visit) error {
	p, err := k.cardOrderPage(v)
	if err == nil {
		err = k.withTalk(v, &p, 0)
	}
	if err != nil {
		return err
	}
	return v.Render("cardorder", p)
}

// cardOrderNow is the part of the page that is kept up to date.
func (k *desk) cardOrderNow(v *site.Visit) error {
	p, err := k.cardOrderPage(v)
	if err != nil {
		return err
	}
	if shown := v.Query("shown"); shown != "" {
		p.Changed, p.Shown = shown != p.Shown, shown
	}
	p.Part = true
	return v.Fragment("cardorder", "now", p)
}

// cardOrderChat is the chat, which is kept up to date too.
func (k *desk) cardOrderChat(v *site.Visit) error {
	p, err := k.cardOrderPage(v)
	if err == nil {
		err = k.withTalk(v, &p, sinceOf(v))
	}
	if err != nil {
		return err
	}
	return v.Fragment("cardorder", "chat", p)
}

func (k *desk) sayAboutCardOrder(v *site.Visit) error {
	p, err := k.cardOrderPage(v)
	if err != nil {
		return err
	}
	_, refused := k.CardOrders.SayAsOperator(v.Ctx, p.ID, v.Form("message"))
	switch {
	case refused != nil && !site.Invalid(refused):
		return refused
	case refused != nil:
		p.Talk.Draft = v.Form("message")
	case !v.Partial():
		return v.Goto(cardOrderPath(p.ID)+"#talk", "")
	}
	if err := k.withTalk(v, &p, 0); err != nil {
		return err
	}
	if refused != nil && !v.Partial() {
		return v.RenderInvalid("cardorder", p, refused)
	}
	return v.Fragment("cardorder", "talk", p)
}

// cardOrderAgain shows the page with why something could not be done.
func (k *desk) cardOrderAgain(v *site.Visit, cause error) error {
	if !site.Invalid(cause) {
		return cause
	}
	p, err := k.cardOrderPage(v)
	if err == nil {
		err = k.withTalk(v, &p, 0)
	}
	if err != nil {
		return err
	}
	p.Reason = v.Form("reason")
	return v.RenderInvalid("cardorder", p, cause)
}

// onCardOrder does something to the order of the path, and goes on from there.
func (k *desk) onCardOrder(v *site.Visit, then, note string, do func(id int64) error) error {
	id, ok := rowID(v)
	if !ok {
		return cardorder.ErrNotFound
	}
	if err := do(id); err != nil {
		return k.cardOrderAgain(v, err)
	}
	if then == "" {
		then = cardOrderPath(id)
	}
	return v.Goto(then, note)
}

// claimCardOrder takes an order, or keeps it longer.
func (k *desk) claimCardOrder(v *site.Visit) error {
	return k.onCardOrder(v, "", "", func(id int64) error {
		_, err := k.CardOrders.Claim(v.Ctx, id)
		return err
	})
}

// passCardOrder gives the order back, or to a colleague who was named.
func (k *desk) passCardOrder(v *site.Visit) error {
	return k.onCardOrder(v, "/card-orders", v.T("It is in other hands now."), func(id int64) error {
		to, err := k.colleague(v, v.Form("to"), operator.RoleOperator)
		switch {
		case err != nil:
			return err
		case to == "":
			_, err = k.CardOrders.ReleaseSaying(v.Ctx, id, v.Form("note"))
		default:
			_, err = k.CardOrders.HandOver(v.Ctx, id, to, v.Form("note"))
		}
		return err
	})
}

func (k *desk) completeCardOrder(v *site.Visit) error {
	return k.onCardOrder(v, "", v.T("Done. The user sees it."), func(id int64) error {
		_, err := k.CardOrders.Complete(v.Ctx, id)
		return err
	})
}

func (k *desk) cancelCardOrder(v *site.Visit) error {
	return k.onCardOrder(v, "", v.T("Cancelled. The user sees the reason."), func(id int64) error {
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
	p, err := k.cardOrderPage(v)
	if err != nil {
		return err
	}
	p.Requisite.Text, p.Requisite.Clear = number, true
	return k.cardShown(v, p)
}

// hideCard masks it again.
func (k *desk) hideCard(v *site.Visit) error {
	p, err := k.cardOrderPage(v)
	if err != nil {
		return err
	}
	return k.cardShown(v, p)
}

func (k *desk) cardShown(v *site.Visit, p cardOrderPage) error {
	if !v.Partial() {
		if err := k.withTalk(v, &p, 0); err != nil {
			return err
		}
	}
	return showRequisite(v, "cardorder", p)
}
