package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
)

func (k *desk) rateRoutes() []site.Route {
	const get = http.MethodGet
	return slices.Concat(
		[]site.Route{{Method: get, Path: "/rates", Role: viewer, Handle: k.rates}},
		asking("/rates/set", admin, k.rateForm, k.setRate),
		[]site.Route{
			{Method: get, Path: "/rates/:currency", Role: viewer, Handle: k.rate},
			{Method: get, Path: "/rates/:currency/chart", Role: viewer, Handle: k.rateChart},
		},
	)
}

// rateRow is a rate as it is shown.
type rateRow struct {
	fx.View
	Code string // upper-case
	Late int64  // seconds after which it is stale
}

func rowOfRate(r fx.Rate, now time.Time) rateRow {
	view := r.View(now)
	return rateRow{View: view, Code: strings.ToUpper(r.Currency), Late: view.MaxAgeSeconds}
}

// MaxAge is how long it may be used.
func (r rateRow) MaxAge() string { return spanText(time.Duration(r.MaxAgeSeconds) * time.Second) }

func (k *desk) rates(v *site.Visit) error {
	found, err := k.Rates.List(v.Ctx)
	if err != nil {
		return err
	}
	rows := make([]rateRow, len(found))
	for i, r := range found {
		rows[i] = rowOfRate(r, v.Now())
	}
	return v.Render("rates", rows)
}

type ratePage struct {
	Current rateRow
	History []rateRow
	Pager   pager
	Trail   trail
}

var errNoRate = fault.New(fault.NotFound, "not_found", "this currency has no rate")

// rate is the rate of one currency and what it was.
func (k *desk) rate(v *site.Visit) error {
	currency := strings.ToLower(v.Param("currency"))
	newest, err := k.Rates.History(v.Ctx, currency, "", 1)
	if err != nil {
		return err
	}
	if len(newest.Items) == 0 {
		return errNoRate
	}
	found, err := k.Rates.History(v.Ctx, currency, v.Query("cursor"), 0)
	if err != nil {
		return err
	}
	p := ratePage{Current: rowOfRate(newest.Items[0], v.Now()), Pager: pagerOf(v, found.NextCursor)}
	for _, r := range found.Items {
		p.History = append(p.History, rowOfRate(r, v.Now()))
	}
	if p.Trail, err = k.trailOf(v, "rate", currency); err != nil {
		return err
	}
	return v.Render("rate", p)
}

// chart is what a script draws: the values are numbers as they were written,
// never calculated with.
type chart struct {
	XName  string        `json:"xname"`
	X      []int64       `json:"x"`
	Series []chartSeries `json:"series"`
}

type chartSeries struct {
	Name   string        `json:"name"`
	Values []json.Number `json:"values"`
	Colour string        `json:"colour"`
	Steps  bool          `json:"steps"` // each value holds until the next
}

// add puts one more value at the end; of those of one second the last counts.
func (c *chart) add(at int64, value string) {
	if last := len(c.X) - 1; last >= 0 && c.X[last] >= at {
		c.Series[0].Values[last] = json.Number(value)
		return
	}
	c.X, c.Series[0].Values = append(c.X, at), append(c.Series[0].Values, json.Number(value))
}

// ratesDrawn is how many rates the chart goes back.
const ratesDrawn = 500

func (k *desk) rateChart(v *site.Visit) error {
	currency := strings.ToLower(v.Param("currency"))
	found, err := k.Rates.History(v.Ctx, currency, "", ratesDrawn)
	if err != nil {
		return err
	}
	c := chart{XName: v.T("Time"), X: []int64{}, Series: []chartSeries{{Name: v.T("%s for 1 USDT", strings.ToUpper(currency)), Values: []json.Number{}, Colour: "pico-primary", Steps: true}}}
	for _, r := range slices.Backward(found.Items) {
		c.add(r.SetAt.Unix(), r.String())
	}
	if len(found.Items) > 0 {
		c.add(v.Now().Unix(), found.Items[0].String()) // it holds until now
	}
	return v.JSON(c)
}

func (k *desk) rateForm(v *site.Visit) (form, error) {
	f := form{
		Title: v.T("Set a rate"), Back: "/rates", Submit: v.T("Set"),
		Intro: v.T("It is in force from now on, for payouts that are made from now on."),
		Inputs: []input{
			{Name: "currency", Label: v.T("Currency"), Value: typed(v, "currency", strings.ToUpper(v.Query("currency"))), Required: true, Hint: v.T("Such as RUB.")},
			{Name: "rate", Label: v.T("Units for 1 USDT"), Value: v.Form("rate"), Required: true, Hint: v.T("Such as 97.1234, with at most 4 decimals.")},
			{Name: "max_age", Label: v.T("May be used for"), Value: typed(v, "max_age", spanText(fx.DefaultMaxAge)), Required: true, Hint: v.T("Such as 24h. A rate that is older stops new payouts.")},
			{Name: "source", Label: v.T("Source"), Value: typed(v, "source", "manual"), Required: true, Hint: v.T("Who says so.")},
		},
	}
	if !posted(v) || v.Form("rate") == "" {
		return f, nil
	}
	now, err := k.Rates.List(v.Ctx)
	if err != nil {
		return form{}, err
	}
	for _, r := range now {
		if strings.EqualFold(r.Currency, v.Form("currency")) {
			f.Warning = v.T("The rate in force is %s. One that differs from it by more than a tenth must be confirmed.", r.String())
			f.Inputs = append(f.Inputs, input{Name: "confirm", Kind: "check", Label: v.T("The rate is right, even if it jumps"), Value: v.Form("confirm")})
		}
	}
	return f, nil
}

func (k *desk) setRate(v *site.Visit) error {
	value, err := fx.ParseValue(v.Form("rate"))
	if err != nil {
		value = decimal.Decimal{} // the service names it with whatever else is wrong
	}
	set, err := k.Rates.Set(v.Ctx, fx.Change{
		Currency: v.Form("currency"), Value: value, MaxAge: spanOf(v.Form("max_age"), fx.DefaultMaxAge), Source: v.Form("source"),
		Confirm: v.Form("confirm") == on,
	})
	if err != nil {
		return err
	}
	return v.Goto("/rates/"+set.Currency, v.T("1 USDT is %s %s from now on.", set.String(), strings.ToUpper(set.Currency)))
}
