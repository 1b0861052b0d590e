package gateway_test

import (
	"fmt"
	"slices"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
)

// What happens to card orders.
var cardActions = map[string]action{
	"card create":   {6, (*play).createCard},
	"card cancel":   {2, (*play).cancelCard},
	"card paid":     {2, (*play).confirmCard},
	"card claim":    {2, (*play).claimCard},
	"card release":  {1, (*play).releaseCard},
	"card end":      {3, (*play).endCard},
	"card say":      {1, (*play).sayCard},
	"card desk say": {1, (*play).sayAtDesk},
	"card settings": {1, (*play).switchCards},
}

func (p *play) createCard(doing string) {
	who, kind := p.person(), pick(p, "type", cardorder.Withdraw, cardorder.Deposit)
	amount := pick[int64](p, "amount", 30_000, 70_000, 110_000, 110_000, 10_000, 9_999, 5_000_001)
	number := pick(p, "number", append(slices.Repeat([]string{"4276 0000-0000 1234"}, 8), "", "4276")...)
	p.ask(request{
		doing: doing, who: who, body: fmt.Sprint(kind, amount, number),
		before: func() string {
			if number == "4276" {
				return "invalid_request"
			}
			return ""
		},
		judge: func() string { return p.n.refuseCard(who, kind, amount, number != "") },
		send: func(u enduser.User, key idempotency.Key) (int64, error) {
			return p.w.cards.Create(p.ctx, u, cardorder.Request{Type: kind, Amount: amount, Details: cardorder.Details{CardNumber: number}}, key)
		},
		made: func(id int64) {
			if kind == cardorder.Withdraw {
				who.reserve(&who.held, amount)
			}
			p.n.cards = append(p.n.cards, &card{id: id, owner: who, kind: kind, amount: amount, status: cardorder.Pending})
		},
	})
}

// card picks an order, most often one that is open.
func (p *play) card() *card {
	var open []*card
	for _, o := range p.n.cards {
		if !o.status.Final() {
			open = append(open, o)
		}
	}
	switch {
	case len(p.n.cards) == 0:
		return nil
	case len(open) == 0 || p.chance("any order", 4):
		return pick(p, "order", p.n.cards...)
	}
	return pick(p, "open order", open...)
}

// owner picks who acts on an order: as a rule who may.
func (p *play) owner(o *card) *person { return pick(p, "who", o.owner, o.owner, o.owner, p.person()) }

func (p *play) operator() string { return pick(p, "operator", "olga", "olga", "oleg") }

func (p *play) cancelCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	who, want := p.owner(o), ""
	switch {
	case who != o.owner:
		want = "ORDER_NOT_FOUND"
	case o.status != cardorder.Pending || o.claim.by != "":
		want = "INVALID_STATE"
	}
	p.expect(doing, want, p.w.cards.Cancel(p.ctx, p.user(who), o.id))
	if want == "" {
		o.end(cardorder.Cancelled, "user")
	}
}

func (p *play) confirmCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	who, want := p.owner(o), ""
	switch {
	case who != o.owner:
		want = "ORDER_NOT_FOUND"
	case o.kind != cardorder.Deposit || o.status != cardorder.Pending:
		want = "INVALID_STATE"
	}
	p.expect(doing, want, p.w.cards.ConfirmPaid(p.ctx, p.user(who), o.id))
	if want == "" {
		o.status = cardorder.PaidByUser
	}
}

// refuseDesk judges whether an operator may work on an order.
func (p *play) refuseDesk(o *card, operator string) string {
	switch {
	case o.status.Final():
		return "INVALID_STATE"
	case o.claim.live(p.w.now()) && o.claim.by != operator:
		return "claimed_by_other"
	}
	return ""
}

func (p *play) claimCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	operator := p.operator()
	want := p.refuseDesk(o, "operator:"+operator)
	_, err := p.w.cards.Claim(p.as(operator), o.id)
	p.expect(doing, want, err)
	if want == "" {
		o.claim = claim{"operator:" + operator, p.w.now().Add(cardorder.Lease)}
	}
}

func (p *play) releaseCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	operator, want := p.operator(), ""
	switch {
	case o.status.Final():
		want = "INVALID_STATE"
	case o.claim.by != "operator:"+operator:
		want = "claim_required"
	}
	_, err := p.w.cards.Release(p.as(operator), o.id)
	p.expect(doing, want, err)
	if want == "" {
		o.claim = claim{}
	}
}

// endCard completes or cancels; the same end by the same operator is a
// repetition, which changes nothing.
func (p *play) endCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	operator, to := p.operator(), pick(p, "to", cardorder.Completed, cardorder.Cancelled)
	by := "operator:" + operator
	again := o.status == to && o.endedBy == by
	want := ""
	if !again {
		want = p.refuseDesk(o, by)
	}
	var err error
	if to == cardorder.Completed {
		_, err = p.w.cards.Complete(p.as(operator), o.id)
	} else {
		_, err = p.w.cards.CancelByOperator(p.as(operator), o.id, "no such card")
	}
	p.expect(doing+" "+string(to), want, err)
	if want == "" && !again {
		o.end(to, by)
	}
}

func (p *play) sayCard(doing string) {
	o := p.card()
	if o == nil {
		return
	}
	who, text := p.owner(o), pick(p, "text", "hello", "hello", "are you there?", " ")
	p.ask(request{
		doing: doing, who: who, body: fmt.Sprint(o.id, text),
		before: func() string {
			switch {
			case text == " ":
				return "invalid_request"
			case who != o.owner:
				return "ORDER_NOT_FOUND"
			}
			return ""
		},
		judge: func() string { return "" },
		send: func(u enduser.User, key idempotency.Key) (int64, error) {
			return p.w.cards.Say(p.ctx, u, o.id, text, key)
		},
		made: func(int64) { o.said++ },
	})
}

func (p *play) sayAtDesk(doing string) {
	if o := p.card(); o != nil {
		_, err := p.w.cards.SayAsOperator(p.as(p.operator()), o.id, "in a moment")
		p.expect(doing, "", err)
		o.said++
	}
}

func (p *play) switchCards(string) { p.setCards(!p.n.enabled || !p.chance("off", 3)) }

func (p *play) setCards(enabled bool) {
	_, err := p.w.cards.SetSettings(p.as("olga"), cardorder.Change{Enabled: &enabled})
	p.expect("card settings", "", err)
	p.n.enabled = enabled
}
