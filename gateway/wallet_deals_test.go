package gateway_test

import (
	"fmt"
	"slices"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/idempotency"
)

// deal picks an order, most often one in those states.
func (p *play) deal(states ...exchange.Status) *deal {
	var likely []*deal
	for _, d := range p.n.deals {
		if slices.Contains(states, d.status) {
			likely = append(likely, d)
		}
	}
	switch {
	case len(p.n.deals) == 0:
		return nil
	case len(likely) == 0 || p.chance("any order", 6):
		return pick(p, "order", p.n.deals...)
	}
	return pick(p, "likely order", likely...)
}

// byEither lets either side act, or anybody, on an order in one of the states,
// and tells whether it was done.
func (p *play) byEither(doing string, d *deal, who *person, do func(enduser.User) error, from ...exchange.Status) bool {
	want := "INVALID_STATE"
	if slices.Contains(from, d.status) {
		want = ""
	}
	if who != d.buyer && who != d.seller {
		want = "FORBIDDEN"
	}
	p.expect(doing, want, do(p.user(who)))
	return want == ""
}

// byOne is byEither for what one side alone may do.
func (p *play) byOne(doing string, d *deal, one, who *person, do func(enduser.User) error, from ...exchange.Status) bool {
	if who != one {
		p.expect(doing, "FORBIDDEN", do(p.user(who)))
		return false
	}
	return p.byEither(doing, d, who, do, from...)
}

func (p *play) patchDetails(doing string) {
	d := p.deal(exchange.Pending)
	if d == nil {
		return
	}
	who, details := pick(p, "who", d.seller, d.seller, p.person()), pick(p, "details", "new", "newer", "")
	patch := func(u enduser.User) error { return p.w.trade.UpdateDetails(p.ctx, u, d.id, account(details)) }
	switch {
	case details == "":
		p.expect(doing, "invalid_request", patch(p.user(who)))
	case p.byOne(doing, d, d.seller, who, patch, exchange.Pending):
		d.details = details
	}
}

func (p *play) confirmPaid(doing string) {
	d := p.deal(exchange.Pending)
	if d == nil {
		return
	}
	who := pick(p, "who", d.buyer, d.buyer, d.buyer, p.person())
	if p.byOne(doing, d, d.buyer, who, func(u enduser.User) error { return p.w.trade.ConfirmPaid(p.ctx, u, d.id) }, exchange.Pending) {
		d.status, d.disputeAt = exchange.PaidByBuyer, p.w.now().Add(24*time.Hour)
	}
}

func (p *play) confirmReceived(doing string) {
	d := p.deal(exchange.PaidByBuyer, exchange.Disputed)
	if d == nil {
		return
	}
	who := pick(p, "who", d.seller, d.seller, d.seller, p.person())
	receive := func(u enduser.User) error { return p.w.trade.ConfirmReceived(p.ctx, u, d.id) }
	if p.byOne(doing, d, d.seller, who, receive, exchange.PaidByBuyer, exchange.Disputed) {
		d.complete()
	}
}

func (p *play) cancelDeal(doing string) {
	d := p.deal(exchange.Pending, exchange.Disputed)
	if d == nil {
		return
	}
	who := pick(p, "who", d.buyer, d.seller, p.person())
	cancel := func(u enduser.User) error { return p.w.trade.Cancel(p.ctx, u, d.id) }
	if !p.byEither(doing, d, who, cancel, exchange.Pending, exchange.Disputed) {
		return
	}
	if d.agreed[who] = true; d.status == exchange.Pending || d.agreed[d.buyer] && d.agreed[d.seller] {
		d.cancel()
	}
}

func (p *play) callOperator(doing string) {
	d := p.deal(exchange.PaidByBuyer)
	if d == nil {
		return
	}
	who := pick(p, "who", d.buyer, d.seller, p.person())
	if p.byEither(doing, d, who, func(u enduser.User) error { return p.w.trade.CallOperator(p.ctx, u, d.id) }, exchange.PaidByBuyer) {
		d.called = true
		d.dispute()
	}
}

func (p *play) rate(doing string) {
	d := p.deal(exchange.Completed)
	if d == nil {
		return
	}
	who, stars, want := pick(p, "who", d.buyer, d.seller, p.person()), pick[int64](p, "stars", 5, 4, 4, 1, 2, 0, 6), ""
	other := d.seller
	if who == d.seller {
		other = d.buyer
	}
	switch {
	case who != d.buyer && who != d.seller:
		want = "FORBIDDEN"
	case stars < 1 || stars > 5:
		want = "INVALID_RATING"
	case d.status != exchange.Completed:
		want = "ORDER_NOT_COMPLETED"
	case d.rated[other]:
		want = "ALREADY_RATED"
	}
	p.expect(doing, want, p.w.trade.Rate(p.ctx, p.user(who), d.id, stars))
	if want == "" {
		d.rated[other] = true
		other.stars += stars
		other.ratings++
	}
}

func (p *play) sayDeal(doing string) {
	d := p.deal(exchange.Pending)
	if d == nil {
		return
	}
	who, text := pick(p, "who", d.buyer, d.seller, p.person()), pick(p, "text", "paid", "paid", "got it", "")
	p.ask(request{
		doing: doing, who: who, body: fmt.Sprint(d.id, text),
		before: func() string {
			switch {
			case who != d.buyer && who != d.seller:
				return "FORBIDDEN"
			case text == "":
				return "INVALID_MESSAGE"
			}
			return ""
		},
		judge: func() string { return "" },
		send: func(u enduser.User, key idempotency.Key) (int64, error) {
			return p.w.trade.Say(p.ctx, u, d.id, text, key)
		},
		made: func(int64) { d.said++ },
	})
}

// refuseDispute judges whether an order is in dispute, and with whom.
func (p *play) refuseDispute(d *deal, operator string) string {
	switch {
	case d.status != exchange.Disputed:
		return "INVALID_STATE"
	case d.claim.live(p.w.now()) && d.claim.by != "operator:"+operator:
		return "claimed_by_other"
	}
	return ""
}

// refuseUnclaimed judges whether the operator holds the claim.
func (p *play) refuseUnclaimed(d *deal, operator string) string {
	want := p.refuseDispute(d, operator)
	if want == "" && !d.claim.live(p.w.now()) {
		want = "claim_required"
	}
	return want
}

func (p *play) claimDispute(doing string) {
	d := p.deal(exchange.Disputed)
	if d == nil {
		return
	}
	operator := p.operator()
	want := p.refuseDispute(d, operator)
	_, err := p.w.trade.ClaimDispute(p.as(operator), d.id)
	p.expect(doing, want, err)
	if want == "" {
		d.claim = claim{"operator:" + operator, p.w.now().Add(exchange.DisputeLease)}
	}
}

func (p *play) releaseDispute(doing string) {
	d := p.deal(exchange.Disputed)
	if d == nil {
		return
	}
	operator := p.operator()
	want := p.refuseUnclaimed(d, operator)
	p.expect(doing, want, p.w.trade.ReleaseDispute(p.as(operator), d.id))
	if want == "" {
		d.claim = claim{}
	}
}

func (p *play) resolve(doing string) {
	d := p.deal(exchange.Disputed)
	if d == nil {
		return
	}
	operator, to := p.operator(), pick(p, "to", exchange.ToBuyer, exchange.ToSeller)
	want := p.refuseUnclaimed(d, operator)
	_, err := p.w.trade.Resolve(p.as(operator), d.id, to, "the receipt is clear")
	p.expect(doing+" to "+to, want, err)
	switch {
	case want != "":
	case to == exchange.ToBuyer:
		d.complete()
	default:
		d.cancel()
	}
}

func (p *play) sayDispute(doing string) {
	d := p.deal(exchange.Disputed)
	if d == nil {
		return
	}
	want := ""
	switch {
	case !d.everDisputed:
		want = "ORDER_NOT_FOUND"
	case d.status != exchange.Disputed:
		want = "INVALID_STATE"
	}
	_, err := p.w.trade.SayInDispute(p.as("olga"), d.id, "show me the receipt")
	p.expect(doing, want, err)
	if want == "" {
		d.said++
	}
}

// time passes, and what is due is swept at once or with a later sweep.
func (p *play) time(doing string) {
	p.w.pass(pick(p, "time", 16*time.Minute, 31*time.Minute, 70*time.Minute, 24*time.Hour))
	if p.chance("later", 3) {
		return
	}
	changed, err := p.w.trade.Sweep(p.ctx)
	p.expect(doing, "", err)
	p.same("swept", p.n.sweep(p.w.now()), changed)
}
