package portal

import (
	"fmt"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Lengths of the lists of the first page.
const (
	openCounted = 100 // more are shown as 100+
	openShown   = 10
	endedShown  = 5
)

func (p *portal) homeRoutes() []site.Route {
	return []site.Route{
		{Method: get, Path: "/", Handle: p.home},
		{Method: get, Path: "", Handle: p.home},
	}
}

// overview is what the first page shows.
type overview struct {
	Merchant               merchant.View
	Fee                    string
	Balance                string
	Available, Held        string
	Open, Dead             int
	MoreOpen, MoreDead     bool
	OpenPayouts, NewestEnd []line
}

func (p *portal) home(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	o := overview{Merchant: m.View(), Fee: feeText(m)}
	b, err := p.Payouts.Balance(v.Ctx, m)
	if err != nil {
		return err
	}
	o.Balance, o.Available, o.Held = usdt(b.Balance), usdt(b.Available), usdt(b.Held)
	open, err := p.Payouts.List(v.Ctx, payout.Filter{MerchantID: m.ID, Status: payout.Expectation, Limit: openCounted})
	if err != nil {
		return err
	}
	o.Open, o.MoreOpen = len(open.Items), open.NextCursor != ""
	o.OpenPayouts = lines(open.Items[:min(openShown, len(open.Items))])
	newest, err := p.Payouts.List(v.Ctx, payout.Filter{MerchantID: m.ID, Limit: openShown * 2})
	if err != nil {
		return err
	}
	for _, item := range newest.Items {
		if item.Status.Final() && len(o.NewestEnd) < endedShown {
			o.NewestEnd = append(o.NewestEnd, lineOf(item))
		}
	}
	dead, err := p.Callbacks.List(v.Ctx, callbacks.Filter{MerchantID: m.ID, State: callbacks.Dead}, "", openCounted)
	if err != nil {
		return err
	}
	o.Dead, o.MoreDead = len(dead.Items), dead.Next != ""
	return live(v, "home", "home-now", o)
}

func feeText(m merchant.Merchant) string {
	text := fmt.Sprintf("%d.%02d %%", m.FeeBPS/100, m.FeeBPS%100)
	if !m.FeeFixed.IsZero() {
		text += " + " + usdt(m.FeeFixed) + " USDT"
	}
	return text
}

// usdt is an amount as the merchant's API has it.
func usdt(m money.Money) string { return m.Fixed(ledger.USDTPlaces) }
