package httpapi

import (
	"maps"
	"slices"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

// merchantChangeBody changes settings of a merchant; what is absent stays.
type merchantChangeBody struct {
	RequireV2, MaskRequisites, Luhn *bool
	StandartSign, FeeFixed          *string
	FeeBPS, Timeout                 *int64
	Methods                         map[string]methodChangeBody
	Limits                          map[string]string
}

type methodChangeBody struct {
	Enabled *bool   `json:"enabled"`
	Min     *string `json:"min"`
	Max     *string `json:"max"`
}

func (b *merchantChangeBody) member(name string) any {
	switch name {
	case "require_v2":
		return &b.RequireV2
	case "mask_requisites":
		return &b.MaskRequisites
	case "luhn":
		return &b.Luhn
	case "standart_sign":
		return &b.StandartSign
	case "fee_bps":
		return &b.FeeBPS
	case "fee_fixed":
		return &b.FeeFixed
	case "timeout":
		return &b.Timeout
	case "methods":
		return &b.Methods
	case "limits":
		return &b.Limits
	default:
		return nil
	}
}

// change turns texts into values and keeps every text that is none as a fault;
// which values are allowed is the service's to say.
func (b *merchantChangeBody) change() merchant.Change {
	c := merchant.Change{RequireV2: b.RequireV2, MaskRequisites: b.MaskRequisites, Luhn: b.Luhn, FeeBPS: b.FeeBPS}
	if b.StandartSign != nil {
		form := signing.Form(*b.StandartSign)
		c.StandartSign = &form
	}
	if b.Timeout != nil {
		minutes := time.Duration(max(0, min(*b.Timeout, 1<<20))) * time.Minute
		c.Timeout = &minutes
	}
	if b.FeeFixed != nil {
		fixed := fee(*b.FeeFixed)
		c.FeeFixed = &fixed
	}
	c.Unreadable = append(b.methods(&c), b.limits(&c)...)
	return c
}

func (b *merchantChangeBody) methods(c *merchant.Change) []fault.Field {
	var faults []fault.Field
	c.Methods = make(map[merchant.MethodKey]merchant.MethodChange, len(b.Methods))
	for _, name := range slices.Sorted(maps.Keys(b.Methods)) {
		key, err := merchant.ParseMethodKey(name)
		if err != nil {
			faults = append(faults, fault.Field{Name: "methods", Why: "must be named as in rub/sbp, with a known currency and method"})
			continue
		}
		currency, _ := money.Lookup(key.Currency)
		given := b.Methods[name]
		change := merchant.MethodChange{Enabled: given.Enabled}
		for _, bound := range []struct {
			name string
			text *string
			into **money.Money
		}{{"min", given.Min, &change.Min}, {"max", given.Max, &change.Max}} {
			if bound.text == nil {
				continue
			}
			amount, err := money.Parse(*bound.text, currency)
			if err != nil {
				faults = append(faults, fault.Field{Name: "methods." + key.String() + "." + bound.name, Why: "must be an amount such as 100.00"})
				continue
			}
			*bound.into = &amount
		}
		c.Methods[key] = change
	}
	return faults
}

func (b *merchantChangeBody) limits(c *merchant.Change) []fault.Field {
	var faults []fault.Field
	c.Limits = make(map[merchant.LimitName]ratelimit.Limit, len(b.Limits))
	for _, name := range slices.Sorted(maps.Keys(b.Limits)) {
		if !slices.Contains(merchant.LimitNames(), merchant.LimitName(name)) {
			faults = append(faults, fault.Field{Name: "limits", Why: "must be on status, status_payout, create or reject"})
			continue
		}
		limit, err := ratelimit.Parse(b.Limits[name])
		if err != nil {
			faults = append(faults, fault.Field{Name: "limits." + name, Why: "is " + err.Error()})
			continue
		}
		c.Limits[merchant.LimitName(name)] = limit
	}
	return faults
}
