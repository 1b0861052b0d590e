package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

func (k *desk) settingsForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	m := d.Merchant.View()
	box := func(name, label, hint string, is bool) input {
		return input{Name: name, Kind: "check", Label: label, Hint: hint, Value: typed(v, name, ticked(is))}
	}
	forms := input{Name: "standart_sign", Label: v.T("What standart_sign signs"), Kind: "select", Value: typed(v, "standart_sign", m.StandartSign)}
	for _, f := range []signing.Form{signing.OrderKey, signing.MerchantOrderKey, signing.OrderMerchantKey} {
		forms.Options = append(forms.Options, option{string(f), string(f)})
	}
	return form{
		Title: v.T("Settings of %s", m.Name), Back: merchantPath(v, ""), Submit: v.T("Save"),
		Inputs: []input{
			{Kind: "heading", Label: v.T("Fees")},
			feeBPSInput(v, strconv.FormatInt(m.FeeBPS, 10)), feeFixedInput(v, m.FeeFixed),
			{Kind: "heading", Label: v.T("Requests")},
			{Name: "timeout", Label: v.T("Minutes that a payout may wait"), Value: typed(v, "timeout", strconv.FormatInt(m.TimeoutMinutes, 10)), Hint: v.T("Where the request names none.")},
			box("require_v2", v.T("Requests must carry a version 2 signature"), "", m.RequireV2),
			box("luhn", v.T("Card numbers must pass the Luhn check"), "", m.Luhn),
			{Kind: "heading", Label: v.T("Callbacks and status")},
			forms,
			box("mask_requisites", v.T("Show the last four digits only"), v.T("Otherwise callbacks and the status hold the whole number."), m.MaskRequisites),
		},
	}, nil
}

func (k *desk) changeSettings(v *site.Visit) error {
	is := func(name string) *bool {
		ticked := v.Form(name) == on
		return &ticked
	}
	bps, fixed, standart := wholeOf(v.Form("fee_bps")), feeOf(v.Form("fee_fixed")), signing.Form(v.Form("standart_sign"))
	minutes := time.Duration(max(0, min(wholeOf(v.Form("timeout")), 1<<20))) * time.Minute
	_, err := k.Merchants.Set(v.Ctx, v.Param("name"), merchant.Change{
		RequireV2: is("require_v2"), MaskRequisites: is("mask_requisites"), Luhn: is("luhn"),
		StandartSign: &standart, FeeBPS: &bps, FeeFixed: &fixed, Timeout: &minutes,
	})
	if err != nil {
		return err
	}
	return v.Goto(merchantPath(v, ""), v.T("Saved. The gateway follows within 5 seconds."))
}

func (k *desk) limitsForm(v *site.Visit) (form, error) {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return form{}, err
	}
	f := form{
		Title: v.T("Limits of %s", d.Merchant.Name), Back: merchantPath(v, ""), Submit: v.T("Save"),
		Intro: v.T("A limit is RATE/PERIOD:BURST, as in 10/s:20 or 1/5s:5, or off."),
	}
	for _, name := range merchant.LimitNames() {
		field := "limits." + string(name)
		f.Inputs = append(f.Inputs, input{Name: field, Label: limitName(v, name), Value: typed(v, field, d.Merchant.Limits.Get(name).String()), Required: true})
	}
	return f, nil
}

func (k *desk) changeLimits(v *site.Visit) error {
	c := merchant.Change{Limits: make(map[merchant.LimitName]ratelimit.Limit)}
	for _, name := range merchant.LimitNames() {
		field := "limits." + string(name)
		limit, err := ratelimit.Parse(v.Form(field))
		if err != nil {
			c.Unreadable = append(c.Unreadable, fault.Field{Name: field, Why: "is " + err.Error()})
			continue
		}
		c.Limits[name] = limit
	}
	if _, err := k.Merchants.Set(v.Ctx, v.Param("name"), c); err != nil {
		return err
	}
	return v.Goto(merchantPath(v, ""), v.T("Saved. The gateway follows within 5 seconds."))
}

// methodRow is one method as it is shown, or as it was typed.
type methodRow struct {
	Key, Min, Max string
	Enabled       bool
}

type methodsPage struct {
	Name, Back string
	Rows       []methodRow
	More       []string // the methods that can be added
}

// methods shows what a merchant may pay out by, to be changed.
func (k *desk) methods(v *site.Visit) error { return k.showMethods(v, nil) }

func (k *desk) showMethods(v *site.Visit, problem error) error {
	d, err := k.Merchants.Show(v.Ctx, v.Param("name"))
	if err != nil {
		return err
	}
	p := methodsPage{Name: d.Merchant.Name, Back: merchantPath(v, "")}
	for _, m := range d.Merchant.View().Methods {
		key := m.Currency + "/" + m.Method
		p.Rows = append(p.Rows, methodRow{
			Key: key, Enabled: typed(v, key+".enabled", ticked(m.Enabled)) == on, Min: typed(v, key+".min", m.Min), Max: typed(v, key+".max", m.Max),
		})
	}
	rates, err := k.Rates.List(v.Ctx)
	if err != nil {
		return err
	}
	for _, rate := range rates {
		for _, method := range []string{merchant.Card, merchant.SBP, merchant.Score, merchant.IBAN} {
			key := rate.Currency + "/" + method
			if !slices.ContainsFunc(p.Rows, func(r methodRow) bool { return r.Key == key }) {
				p.More = append(p.More, key)
			}
		}
	}
	if problem != nil {
		return v.RenderInvalid("merchant-methods", p, problem)
	}
	return v.Render("merchant-methods", p)
}

func (k *desk) changeMethods(v *site.Visit) error {
	c := merchant.Change{Methods: make(map[merchant.MethodKey]merchant.MethodChange)}
	for _, text := range v.FormAll("method") {
		key, err := merchant.ParseMethodKey(text)
		if err != nil {
			c.Unreadable = append(c.Unreadable, fault.Field{Name: "methods", Why: "must be named as in rub/sbp, with a known currency and method"})
			continue
		}
		change, faults := methodChange(v, key)
		c.Methods[key] = change
		c.Unreadable = append(c.Unreadable, faults...)
	}
	if text := strings.TrimSpace(v.Form("add")); text != "" {
		key, err := merchant.ParseMethodKey(text)
		if err != nil {
			return fault.Invalid(fault.Field{Name: "methods", Why: "must be named as in rub/sbp, with a known currency and method"})
		}
		enabled := true
		c.Methods[key] = merchant.MethodChange{Enabled: &enabled}
	}
	_, err := k.Merchants.Set(v.Ctx, v.Param("name"), c)
	switch {
	case err != nil && site.Invalid(err):
		return k.showMethods(v, err)
	case err != nil:
		return err
	}
	return v.Goto(merchantPath(v, ""), v.T("Saved. The gateway follows within 5 seconds."))
}

// methodChange is what was typed into the row of a method.
func methodChange(v *site.Visit, key merchant.MethodKey) (merchant.MethodChange, []fault.Field) {
	currency, _ := money.Lookup(key.Currency)
	enabled := v.Form(key.String()+".enabled") == on
	change := merchant.MethodChange{Enabled: &enabled}
	var faults []fault.Field
	for name, into := range map[string]**money.Money{"min": &change.Min, "max": &change.Max} {
		amount, err := money.Parse(v.Form(key.String()+"."+name), currency)
		if err != nil {
			faults = append(faults, fault.Field{Name: "methods." + key.String() + "." + name, Why: "must be an amount such as 100.00"})
			continue
		}
		*into = &amount
	}
	return change, faults
}
