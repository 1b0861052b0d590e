package httpapi

import (
	"github.com/shopspring/decimal"

	"disburse/gateway/fx"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

func listRates(r *request) error {
	rates, err := r.api.Rates.List(r.ctx)
	if err != nil {
		return err
	}
	now := r.api.Now()
	return r.json(page.Of(rates, "", func(rate fx.Rate) fx.View { return rate.View(now) }))
}

// rateBody sets a rate.
type rateBody struct {
	Currency, Rate, MaxAge, Source string
	Confirm                        bool
}

func (b *rateBody) member(name string) any {
	switch name {
	case "currency":
		return &b.Currency
	case "rate":
		return &b.Rate
	case "max_age":
		return &b.MaxAge
	case "source":
		return &b.Source
	case "confirm":
		return &b.Confirm
	default:
		return nil
	}
}

func setRate(r *request) error {
	var b rateBody
	if err := r.decode(&b); err != nil {
		return err
	}
	value, err := fx.ParseValue(b.Rate)
	if err != nil {
		value = decimal.Decimal{} // the service names it with whatever else is wrong
	}
	rate, err := r.api.Rates.Set(r.ctx, fx.Change{
		Currency: b.Currency, Value: value, MaxAge: duration(b.MaxAge, fx.DefaultMaxAge), Source: b.Source, Confirm: b.Confirm,
	})
	if err != nil {
		return err
	}
	return r.json(rate.View(r.api.Now()))
}

func listCapacity(r *request) error {
	bounds, err := r.api.Payouts.Capacities(r.ctx)
	if err != nil {
		return err
	}
	return r.json(page.Of(bounds, "", payout.Capacity.View))
}

// capacityBody sets the bounds of a method; an absent bound is none.
type capacityBody struct {
	Currency, Method string
	MaxOpen          *int64
	MaxOpenAmount    string
}

func (b *capacityBody) member(name string) any {
	switch name {
	case "currency":
		return &b.Currency
	case "method":
		return &b.Method
	case "max_open":
		return &b.MaxOpen
	case "max_open_amount":
		return &b.MaxOpenAmount
	default:
		return nil
	}
}

func setCapacity(r *request) error {
	var b capacityBody
	if err := r.decode(&b); err != nil {
		return err
	}
	c := payout.Capacity{Currency: b.Currency, Method: payout.Method(b.Method), MaxOpen: b.MaxOpen}
	if currency, known := money.Lookup(b.Currency); known && b.MaxOpenAmount != "" {
		amount, err := money.Parse(b.MaxOpenAmount, currency)
		if err != nil {
			amount = money.New(-1, currency) // the service names it with whatever else is wrong
		}
		c.MaxOpenAmount = &amount
	}
	c, err := r.api.Payouts.SetCapacity(r.ctx, c)
	if err != nil {
		return err
	}
	return r.json(c.View())
}
