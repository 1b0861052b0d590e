package gateway_test

import (
	"fmt"
	"time"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
)

// The wallet as one would write it on a napkin: structs in memory, one action
// after the other. What refuses is named by the published code; "" is success.

// person is an end user. Amounts are kopecks.
type person struct {
	id                                                    int64
	name                                                  string
	available, held, escrow, bonus, dollars               int64
	deposited, withdrawn, withdrawing, turnover, required int64
	signup, cashback, blocked                             bool
	trades, stars, ratings                                int64
}

// What a failing run shows of what it drew.
func (p *person) GoString() string { return p.name }
func (o *card) GoString() string   { return fmt.Sprintf("%s order %d of %s", o.kind, o.id, o.owner.name) }
func (o *offer) GoString() string  { return fmt.Sprintf("%s ad %d of %s", o.side, o.id, o.owner.name) }
func (d *deal) GoString() string   { return fmt.Sprintf("order %d of ad %d", d.id, d.offer.id) }
func (r request) GoString() string {
	return fmt.Sprintf("%s by %s with key %s", r.doing, r.who.name, r.key)
}

// refusal is the prerequisites of a withdrawal.
func (p *person) refusal(kind enduser.Kind, amount int64) string {
	switch {
	case (kind == enduser.P2P || p.signup) && p.deposited < 100_000:
		return "MIN_DEPOSIT_REQUIRED"
	case p.cashback && p.turnover < p.required && amount > p.deposited-p.withdrawn-p.withdrawing:
		return "WAGERING_REQUIREMENT_NOT_MET"
	}
	return ""
}

func (p *person) reserve(purpose *int64, amount int64) {
	p.available -= amount
	*purpose += amount
	p.withdrawing += amount
}

func (p *person) giveBack(purpose *int64, amount int64) {
	p.available += amount
	*purpose -= amount
	p.withdrawing -= amount
}

func (p *person) payOut(purpose *int64, amount int64) {
	*purpose -= amount
	p.withdrawing -= amount
	p.withdrawn += amount
}

func (p *person) payIn(amount int64) {
	p.available += amount
	p.deposited += amount
}

// claim is an operator's hold of an order for a while.
type claim struct {
	by    string
	until time.Time
}

func (c claim) live(now time.Time) bool { return c.by != "" && c.until.After(now) }

// card is a card order.
type card struct {
	id      int64
	owner   *person
	kind    cardorder.Type
	amount  int64
	status  cardorder.Status
	claim   claim
	endedBy string
	said    int
}

// offer is an ad.
type offer struct {
	id                        int64
	owner                     *person
	side                      exchange.Side
	rate, min, max, remaining int64
	window                    time.Duration
	details                   string
	active, deleted           bool
}

// deal is a P2P order.
type deal struct {
	id                   int64
	offer                *offer
	buyer, seller        *person
	amount, fiat, rate   int64
	status               exchange.Status
	payBy, disputeAt     time.Time
	called, everDisputed bool
	agreed, rated        map[*person]bool // to cancel; the counterpart
	claim                claim
	details              string
	said                 int
}

// napkin is all of it.
type napkin struct {
	people     []*person
	cards      []*card
	offers     []*offer
	deals      []*deal
	enabled    bool              // card orders
	references map[string]string // of deposits and bonuses, to content
	made       map[string]thing  // by idempotency keys
}

// thing is what a request with a key made.
type thing struct {
	body string
	id   int64
}

// once judges a reference that credits once. again is true for a repetition.
func (n *napkin) once(reference, content string) (again bool, refusal string) {
	before, used := n.references[reference]
	if used && before != content {
		return false, "reference_reused"
	}
	n.references[reference] = content
	return used, ""
}

func (n *napkin) activeCard(p *person, kind cardorder.Type) bool {
	for _, o := range n.cards {
		if o.owner == p && o.kind == kind && !o.status.Final() {
			return true
		}
	}
	return false
}

func (n *napkin) activeOffer(p *person, side exchange.Side) bool {
	for _, o := range n.offers {
		if o.owner == p && o.side == side && o.active {
			return true
		}
	}
	return false
}

// activeDeal tells whether p has an open order that answers an ad of a side.
func (n *napkin) activeDeal(p *person, side exchange.Side) bool {
	for _, d := range n.deals {
		if d.offer.side == side && d.taker() == p && !d.status.Final() {
			return true
		}
	}
	return false
}

func (n *napkin) openDeals(o *offer) bool {
	for _, d := range n.deals {
		if d.offer == o && !d.status.Final() {
			return true
		}
	}
	return false
}

func (d *deal) taker() *person {
	if d.offer.side == exchange.Buy {
		return d.seller
	}
	return d.buyer
}

// refuseCard judges a new card order.
func (n *napkin) refuseCard(p *person, kind cardorder.Type, amount int64, numbered bool) string {
	withdraw := kind == cardorder.Withdraw
	switch {
	case p.blocked:
		return "FORBIDDEN"
	case !n.enabled:
		return "CARD_DISABLED"
	case withdraw && !numbered:
		return "MISSING_PAYMENT_DETAILS"
	case amount < 10_000:
		return "AMOUNT_TOO_LOW"
	case amount > 5_000_000:
		return "AMOUNT_TOO_HIGH"
	case withdraw && p.refusal(enduser.Card, amount) != "":
		return p.refusal(enduser.Card, amount)
	case n.activeCard(p, kind):
		return "ACTIVE_ORDER_EXISTS"
	case withdraw && p.available < amount:
		return "INSUFFICIENT_BALANCE"
	}
	return ""
}

// refuseDeal judges an answer to an ad that is there.
func (n *napkin) refuseDeal(p *person, o *offer, amount int64, method string) string {
	seller, active := o.owner, "ACTIVE_DEPOSIT_ORDER_EXISTS"
	if o.side == exchange.Buy {
		seller, active = p, "ACTIVE_WITHDRAW_ORDER_EXISTS"
	}
	refused := seller.refusal(enduser.P2P, amount)
	switch {
	case p.blocked:
		return "FORBIDDEN"
	case o.deleted, !o.active, o.owner.blocked, o.side == exchange.Sell && refused != "":
		return "AD_NOT_ACTIVE"
	case o.owner == p:
		return "OWN_AD"
	case method != "card":
		return "INVALID_PAYMENT_METHOD"
	case amount < o.min:
		return "AMOUNT_TOO_LOW"
	case amount > o.max:
		return "AMOUNT_TOO_HIGH"
	case amount > o.remaining:
		return "AMOUNT_EXCEEDS_AVAILABLE"
	case fiatOf(amount, o.rate) == 0:
		return "AMOUNT_TOO_SMALL"
	case refused != "":
		return refused
	case n.activeDeal(p, o.side):
		return active
	case seller.available < amount:
		return "SELLER_INSUFFICIENT_BALANCE"
	}
	return ""
}

// fiatOf rounds half up.
func fiatOf(amount, rate int64) int64 {
	whole, rest := amount*rate/100, amount*rate%100
	if rest >= 50 {
		whole++
	}
	return whole
}

// endCard ends a card order.
func (o *card) end(to cardorder.Status, by string) {
	switch {
	case o.kind == cardorder.Withdraw && to == cardorder.Completed:
		o.owner.payOut(&o.owner.held, o.amount)
	case o.kind == cardorder.Withdraw:
		o.owner.giveBack(&o.owner.held, o.amount)
	case to == cardorder.Completed:
		o.owner.payIn(o.amount)
	}
	o.status, o.endedBy, o.claim = to, by, claim{}
}

func (d *deal) complete() {
	d.seller.payOut(&d.seller.escrow, d.amount)
	d.buyer.payIn(d.amount)
	d.seller.trades++
	d.buyer.trades++
	d.status, d.claim = exchange.Completed, claim{}
}

func (d *deal) cancel() {
	d.seller.giveBack(&d.seller.escrow, d.amount)
	d.offer.remaining += d.amount
	d.status, d.claim = exchange.Cancelled, claim{}
}

func (d *deal) dispute() { d.status, d.everDisputed = exchange.Disputed, true }

// sweep ends what ran out of time, and tells how many.
func (n *napkin) sweep(now time.Time) (changed int) {
	for _, d := range n.deals {
		switch {
		case d.status == exchange.Pending && !d.payBy.After(now):
			d.cancel()
			changed++
		case d.status == exchange.PaidByBuyer && !d.disputeAt.After(now):
			d.dispute()
			changed++
		}
	}
	return changed
}
