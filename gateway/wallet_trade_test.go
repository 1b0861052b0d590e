package gateway_test

import (
	"fmt"
	"slices"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/idempotency"
)

// What happens to ads and the orders that answer them.
var tradeActions = map[string]action{
	"ad create":       {4, (*play).createAd},
	"ad edit":         {2, (*play).editAd},
	"ad delete":       {1, (*play).deleteAd},
	"p2p create":      {16, (*play).takeAd},
	"p2p details":     {1, (*play).patchDetails},
	"p2p paid":        {5, (*play).confirmPaid},
	"p2p received":    {3, (*play).confirmReceived},
	"p2p cancel":      {3, (*play).cancelDeal},
	"p2p call":        {3, (*play).callOperator},
	"p2p rate":        {3, (*play).rate},
	"p2p say":         {1, (*play).sayDeal},
	"dispute claim":   {3, (*play).claimDispute},
	"dispute release": {1, (*play).releaseDispute},
	"dispute resolve": {3, (*play).resolve},
	"dispute say":     {1, (*play).sayDispute},
	"time":            {2, (*play).time},
}

func account(text string) map[string]string {
	if text == "" {
		return nil
	}
	return map[string]string{"account": text}
}

func (p *play) createAd(doing string) {
	who, side := p.person(), pick(p, "type", exchange.Buy, exchange.Sell)
	rate := pick[int64](p, "rate", 100, 9_250, 1)
	low, high := pick[int64](p, "min", 1, 1, 5_000, 20_000), pick[int64](p, "max", 90_000, 90_000, 150_000, 150_000, 4_000)
	minutes, details := pick[int64](p, "window", 30, 90), pick(p, "details", "", "of the author")
	p.ask(request{
		doing: doing, who: who, body: fmt.Sprint(side, rate, low, high, minutes, details),
		before: func() string {
			if low > high {
				return "invalid_request"
			}
			return ""
		},
		judge: func() string {
			switch {
			case who.blocked:
				return "FORBIDDEN"
			case p.n.activeOffer(who, side):
				return "DUPLICATE_AD_TYPE"
			}
			return ""
		},
		send: func(u enduser.User, key idempotency.Key) (int64, error) {
			return p.w.trade.CreateAd(p.ctx, u, exchange.AdRequest{
				Type: string(side), FiatCurrency: "RUB", ExchangeRate: &rate, MinAmount: low, MaxAmount: high, PaymentMethods: []string{"card"},
				PaymentDetails: account(details), PaymentWindowMinutes: &minutes,
			}, key)
		},
		made: func(id int64) {
			p.n.offers = append(p.n.offers, &offer{
				id: id, owner: who, side: side, rate: rate, min: low, max: high, remaining: high,
				window: time.Duration(minutes) * time.Minute, details: details, active: true,
			})
		},
	})
}

// offer picks an ad, most often one that is active.
func (p *play) offer() *offer {
	var active []*offer
	for _, o := range p.n.offers {
		if o.active {
			active = append(active, o)
		}
	}
	switch {
	case len(p.n.offers) == 0:
		return nil
	case len(active) == 0 || p.chance("any ad", 10):
		return pick(p, "ad", p.n.offers...)
	}
	return pick(p, "active ad", active...)
}

// refuseEdit judges who changes an ad.
func (o *offer) refuseEdit(who *person) string {
	switch {
	case o.deleted:
		return "NOT_FOUND"
	case o.owner != who:
		return "FORBIDDEN"
	}
	return ""
}

func (p *play) editAd(doing string) {
	o := p.offer()
	if o == nil {
		return
	}
	who := pick(p, "who", o.owner, o.owner, o.owner, p.person())
	after, change := *o, exchange.AdChange{}
	switch pick(p, "what", "rate", "max", "active", "active", "min") {
	case "rate":
		after.rate = pick[int64](p, "rate", 100, 8_000)
		change.ExchangeRate = &after.rate
	case "max":
		after.max = pick[int64](p, "max", 60_000, 120_000, 15_000)
		change.MaxAmount = &after.max
	case "min":
		after.min = pick[int64](p, "min", 1, 10_000, 50_000)
		change.MinAmount = &after.min
	default:
		after.active = pick(p, "active", true, false)
		change.IsActive = &after.active
	}
	after.remaining += after.max - o.max
	want := o.refuseEdit(who)
	switch {
	case want != "":
	case who.blocked:
		want = "FORBIDDEN"
	case after.min > after.max || after.remaining < 0:
		want = "invalid_request"
	case after.active && !o.active && p.n.activeOffer(who, o.side):
		want = "DUPLICATE_AD_TYPE"
	}
	p.expect(doing, want, p.w.trade.UpdateAd(p.ctx, p.user(who), o.id, change))
	if want == "" {
		*o = after
	}
}

func (p *play) deleteAd(doing string) {
	o := p.offer()
	if o == nil {
		return
	}
	who := pick(p, "who", o.owner, o.owner, p.person())
	want := o.refuseEdit(who)
	if want == "" && p.n.openDeals(o) {
		want = "HAS_OPEN_ORDERS"
	}
	p.expect(doing, want, p.w.trade.DeleteAd(p.ctx, p.user(who), o.id))
	if want == "" {
		o.active, o.deleted = false, true
	}
}

func (p *play) takeAd(doing string) {
	o := p.offer()
	if o == nil {
		return
	}
	who, amount := p.person(), pick[int64](p, "amount", 30_000, 30_000, 60_000, 20_000, 20_000, 5_000, 110_000, 160_000, 20)
	if who == o.owner {
		who = p.person()
	}
	method, details := pick(p, "method", append(slices.Repeat([]string{"card"}, 9), "cash")...), "mine"
	if p.chance("without details", 10) {
		details = ""
	}
	p.ask(request{
		doing: doing, who: who, body: fmt.Sprint(o.id, amount, method, details),
		before: func() string {
			if o.side == exchange.Buy && details == "" && !o.deleted {
				return "invalid_request"
			}
			return ""
		},
		judge: func() string { return p.n.refuseDeal(who, o, amount, method) },
		send: func(u enduser.User, key idempotency.Key) (int64, error) {
			return p.w.trade.CreateOrder(p.ctx, u, exchange.OrderRequest{
				AdID: o.id, USDTAmount: amount, PaymentMethod: method, PaymentDetails: account(details),
			}, key)
		},
		made: func(id int64) {
			d := &deal{
				id: id, offer: o, buyer: o.owner, seller: who, amount: amount, fiat: fiatOf(amount, o.rate), rate: o.rate,
				status: exchange.Pending, payBy: p.w.now().Add(o.window), details: details,
				agreed: map[*person]bool{}, rated: map[*person]bool{},
			}
			if o.side == exchange.Sell {
				d.buyer, d.seller, d.details = who, o.owner, o.details
			}
			d.seller.reserve(&d.seller.escrow, amount)
			o.remaining -= amount
			p.n.deals = append(p.n.deals, d)
		},
	})
}
