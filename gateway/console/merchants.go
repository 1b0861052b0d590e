package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/ledger/money"
)

func (k *desk) merchantRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return slices.Concat(
		[]site.Route{{Method: get, Path: "/merchants", Role: viewer, Handle: k.merchants}},
		asking("/merchants/new", admin, k.merchantForm, k.createMerchant),
		[]site.Route{
			{Method: get, Path: "/merchants/:name", Role: viewer, Handle: k.merchant},
			{Method: post, Path: "/merchants/:name/disable", Role: admin, Handle: k.disableMerchant},
			{Method: post, Path: "/merchants/:name/enable", Role: admin, Handle: k.enableMerchant},
		},
		asking("/merchants/:name/settings", admin, k.settingsForm, k.changeSettings),
		asking("/merchants/:name/limits", admin, k.limitsForm, k.changeLimits),
		[]site.Route{
			{Method: get, Path: "/merchants/:name/methods", Role: admin, Handle: k.methods},
			{Method: post, Path: "/merchants/:name/methods", Role: admin, Handle: k.changeMethods},
		},
		asking("/merchants/:name/topup", admin, k.topUpForm, k.topUp),
		asking("/merchants/:name/adjust", admin, k.adjustForm, k.adjust),
		asking("/merchants/:name/rotate-keys", admin, k.rotateForm, k.rotateKeys),
		asking("/merchants/:name/test-callback", admin, k.testCallbackForm, k.testCallback),
	)
}

type merchantsPage struct {
	Items []merchantRow
	Query string
	Lost  bool // nothing is called what was asked for
	Pager pager
}

type merchantRow struct{ merchant.View }

// Fee is the fee as people say it.
func (r merchantRow) Fee() string { return feeText(r.View) }

// merchants lists them by name. A name that is typed leads to its merchant.
func (k *desk) merchants(v *site.Visit) error {
	q := v.Query("q")
	if q != "" {
		d, err := k.Merchants.Show(v.Ctx, q)
		if err == nil {
			return v.Goto("/merchants/"+d.Merchant.Name, "")
		}
		if !errors.Is(err, merchant.ErrNotFound) {
			return err
		}
	}
	found, err := k.Merchants.List(v.Ctx, v.Query("cursor"), 0)
	if err != nil {
		return err
	}
	p := merchantsPage{Query: q, Lost: q != "", Pager: pagerOf(v, found.Next)}
	for _, m := range found.Items {
		p.Items = append(p.Items, merchantRow{m.View()})
	}
	return v.Render("merchants", p)
}

type merchantPage struct {
	merchant.DetailsView
	Limits  []named // in their order
	Waiting []waiting
	Newest  string // the keys as they stand
	People  []personRow
	Trail   trail
}

// named is a thing and what it is called on the pages.
type named struct{ Name, Value string }

// Fee is the fee as people say it.
func (p merchantPage) Fee() string { return feeText(p.View) }

func feeText(m merchant.View) string {
	text := strconv.FormatInt(m.FeeBPS/100, 10) + "." + strconv.FormatInt(m.FeeBPS%100+100, 10)[1:] + " %"
	if fixed, err := money.Parse(m.FeeFixed, money.USDT); err == nil && !fixed.IsZero() {
		text += " + " + m.FeeFixed + " USDT"
	}
	return text
}

func (k *desk) merchant(v *site.Visit) error {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return err
	}
	p := merchantPage{DetailsView: d.View(), Newest: newestKeys(d.Merchant.Keys)}
	for _, name := range merchant.LimitNames() {
		p.Limits = append(p.Limits, named{limitName(v, name), p.DetailsView.Limits[string(name)]})
	}
	if p.Waiting, err = k.waitingFor(v, d.Merchant.ID); err != nil {
		return err
	}
	if v.Person.May(admin) {
		if p.People, err = k.peopleOf(v, d.Merchant.Name); err != nil {
			return err
		}
	}
	if p.Trail, err = k.trailOf(v, "merchant", d.Merchant.ID); err != nil {
		return err
	}
	return v.Render("merchant", p)
}

func limitName(v *site.Visit, name merchant.LimitName) string {
	switch name {
	case merchant.LimitStatus:
		return v.T("Status calls in all")
	case merchant.LimitStatusPayout:
		return v.T("Status calls of one payout")
	case merchant.LimitCreate:
		return v.T("New payouts")
	case merchant.LimitReject:
		return v.T("Withdrawn payouts")
	}
	return string(name)
}

// merchantPath is where a merchant's page is.
func merchantPath(v *site.Visit, more string) string { return "/merchants/" + v.Param("name") + more }

func (k *desk) merchantForm(v *site.Visit) (form, error) {
	return form{
		Title: v.T("New merchant"), Back: "/merchants", Submit: v.T("Make the merchant"),
		Intro: v.T("It begins with card, sbp and score for rub and iban for eur, and the usual limits. Its keys are shown once, on the next page."),
		Inputs: []input{
			{Name: "name", Label: v.T("Name"), Value: v.Form("name"), Required: true, Hint: v.T("1 to 64 of a-z, 0-9, _ and -. It stands in the addresses that the merchant calls.")},
			{Name: "mode", Label: v.T("Mode"), Kind: "select", Value: v.Form("mode"), Hint: v.T("A sandbox pays nothing out. The mode never changes."), Options: []option{
				{string(ledger.Live), v.T("live")}, {string(ledger.Sandbox), v.T("sandbox")},
			}},
			feeBPSInput(v, "0"), feeFixedInput(v, "0"),
		},
	}, nil
}

func feeBPSInput(v *site.Visit, before string) input {
	return input{Name: "fee_bps", Label: v.T("Fee, hundredths of a percent"), Value: typed(v, "fee_bps", before), Hint: v.T("150 is 1.5 % of each payout.")}
}

func feeFixedInput(v *site.Visit, before string) input {
	return input{Name: "fee_fixed", Label: v.T("Fixed fee, USDT"), Value: typed(v, "fee_fixed", before), Hint: v.T("Added to each payout.")}
}

func (k *desk) createMerchant(v *site.Visit) error {
	made, err := k.Merchants.Create(v.Ctx, merchant.New{
		Name: v.Form("name"), Mode: ledger.Mode(v.Form("mode")), FeeBPS: wholeOf(v.Form("fee_bps")), FeeFixed: feeOf(v.Form("fee_fixed")),
	})
	if err != nil {
		return err
	}
	m := made.Merchant
	return v.Render("once", once{
		Title: v.T("The keys of %s", m.Name), Secrets: keysShown(made.Secrets), Back: "/merchants/" + m.Name, Next: v.T("To the merchant"),
		Facts: []secret{{v.T("Merchant"), m.Name}, {v.T("Mode"), v.T(string(m.Mode))}},
	})
}

// wholeOf reads a whole number. Text that is none becomes a negative one, so
// that the service names it with whatever else is wrong; empty text is zero.
func wholeOf(text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// feeOf does the same for an amount of USDT.
func feeOf(text string) money.Money {
	if text == "" {
		return money.New(0, money.USDT)
	}
	m, err := money.Parse(text, money.USDT)
	if err != nil {
		return money.New(-1, money.USDT)
	}
	return m
}

func (k *desk) disableMerchant(v *site.Visit) error {
	m, err := k.Merchants.Disable(v.Ctx, v.Param("name"))
	if err != nil {
		return err
	}
	return v.Goto("/merchants/"+m.Name, v.T("%s is disabled: its calls are refused, and its open payouts go on to their ends.", m.Name))
}

func (k *desk) enableMerchant(v *site.Visit) error {
	m, err := k.Merchants.Enable(v.Ctx, v.Param("name"))
	if err != nil {
		return err
	}
	return v.Goto("/merchants/"+m.Name, v.T("%s is let in again.", m.Name))
}

func (k *desk) topUpForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("Top up %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Top up"),
		Intro: v.T("It can spend %s USDT now. One reference adds once, however often it is sent.", usdt(d.Available)),
		Inputs: []input{
			{Name: "amount", Label: v.T("Amount, USDT"), Value: v.Form("amount"), Required: true, Hint: v.T("Such as 1000.00.")},
			{Name: "ref", Label: v.T("Reference"), Value: v.Form("ref"), Required: true, Hint: v.T("What the money came by, such as an invoice.")},
		},
	}, nil
}

func usdt(m money.Money) string { return m.Fixed(ledger.USDTPlaces) }

func (k *desk) topUp(v *site.Visit) error {
	amount, err := amountOf("amount", v.Form("amount"), money.USDT)
	if err != nil {
		return err
	}
	done, err := k.Merchants.TopUp(v.Ctx, v.Param("name"), amount, v.Form("ref"))
	if err != nil {
		return err
	}
	note := v.T("Added %s USDT: %s can now spend %s USDT.", usdt(done.Amount), done.Merchant.Name, usdt(done.Available))
	if done.Replayed {
		note = v.T("This reference was there before: nothing moved.")
	}
	return v.Goto(merchantPath(v, ""), note)
}

func (k *desk) testCallbackForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	return form{
		Title: v.T("Test callback to %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Send"),
		Intro:  v.T("A callback of the type test is signed and sent as all of them are. It is about no payout. The log of callbacks shows what came of it."),
		Inputs: []input{{Name: "url", Label: v.T("Address"), Kind: "url", Value: v.Form("url"), Required: true, Hint: v.T("Where the merchant takes callbacks, such as https://shop.example/callback.")}},
	}, nil
}

func (k *desk) testCallback(v *site.Visit) error {
	id, err := k.TestCallback(v.Ctx, v.Param("name"), v.Form("url"))
	if err != nil {
		return err
	}
	return v.Goto("/callbacks/"+id, v.T("The test callback is on its way."))
}
