package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

type merchantSetCommand struct {
	merchantFlags `embed:""`

	RequireV2      *bool    `name:"require-v2" env:"DISBURSE_MERCHANT_REQUIRE_V2" help:"Take requests only with a version 2 signature (--require-v2=false takes both)."`
	MaskRequisites *bool    `name:"mask-requisites" env:"DISBURSE_MERCHANT_MASK_REQUISITES" help:"Show the last four digits alone in status and callbacks."`
	Luhn           *bool    `name:"luhn" env:"DISBURSE_MERCHANT_LUHN" help:"Refuse card numbers with a wrong check digit."`
	StandartSign   string   `name:"standart-sign" env:"DISBURSE_MERCHANT_STANDART_SIGN" placeholder:"FORM" help:"Form of standart_sign: order_id:sign_key, merchant:order_id:sign_key or order_id:merchant:sign_key."`
	Method         []string `name:"method" env:"DISBURSE_MERCHANT_METHOD" placeholder:"CUR/METHOD=on|off" help:"Switch a method (card, sbp, score, iban) of a currency; may be repeated."`
	Min            []string `name:"min" env:"DISBURSE_MERCHANT_MIN" placeholder:"CUR/METHOD=X" help:"Smallest payout of a method; may be repeated."`
	Max            []string `name:"max" env:"DISBURSE_MERCHANT_MAX" placeholder:"CUR/METHOD=X" help:"Largest payout of a method; may be repeated."`
	FeeBPS         *int64   `name:"fee-bps" env:"DISBURSE_MERCHANT_FEE_BPS" placeholder:"N" help:"Fee on each new payout in hundredths of a percent: 100 is 1 %."`
	FeeFixed       string   `name:"fee-fixed" env:"DISBURSE_MERCHANT_FEE_FIXED" placeholder:"X" help:"Fixed fee on each new payout in USDT."`
	Timeout        *int64   `name:"timeout" env:"DISBURSE_MERCHANT_TIMEOUT" placeholder:"MINUTES" help:"When a payout that names no timeout is given up."`
	Limit          []string `name:"limit" env:"DISBURSE_MERCHANT_LIMIT" placeholder:"NAME=LIMIT" help:"Calls in a period and at once: status=10/s:20, create=500/s:1000, reject=off. Names are status, status_payout, create and reject; off alone switches all of them off. May be repeated."`
}

// Help is the long text of `disburse merchant set --help`.
func (merchantSetCommand) Help() string {
	return `Changes what is named and leaves the rest; all of it happens or nothing. Prints each setting that changed, before and after.

Examples:

    disburse merchant set acme --fee-bps 80 --timeout 30
    disburse merchant set acme --method rub/sbp=off --max rub/card=250000.00
    disburse merchant set acme --limit status=10/s:20 --limit create=off`
}

// Run changes the settings.
func (c merchantSetCommand) Run(ctx context.Context, out output) error {
	change, err := c.change()
	if err != nil {
		return usageError{err: err}
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		before, err := app.Merchants.Show(ctx, c.Name)
		if err != nil {
			return err
		}
		after, err := app.Merchants.Set(ctx, c.Name, change)
		if err != nil {
			return err
		}
		return c.show(out, after.View(), func(w io.Writer) {
			changed := differences(before.Merchant.View(), after.View())
			if len(changed) == 0 {
				fmt.Fprintf(w, "%s had these settings already.\n", after.Name)
				return
			}
			fmt.Fprintf(w, "Changed %s:\n", after.Name)
			for _, line := range changed {
				fmt.Fprintln(w, "  "+line)
			}
		})
	})
}

// change reads the texts of the flags; which values are allowed is the
// service's to say.
func (c merchantSetCommand) change() (merchant.Change, error) {
	m := merchant.Change{
		RequireV2: c.RequireV2, MaskRequisites: c.MaskRequisites, Luhn: c.Luhn, FeeBPS: c.FeeBPS,
		Methods: map[merchant.MethodKey]merchant.MethodChange{}, Limits: map[merchant.LimitName]ratelimit.Limit{},
	}
	var faults []error
	if c.StandartSign != "" {
		form, err := signing.ParseForm(c.StandartSign)
		if err != nil {
			faults = append(faults, errors.New("--standart-sign must be order_id:sign_key, merchant:order_id:sign_key or order_id:merchant:sign_key"))
		}
		m.StandartSign = &form
	}
	if c.FeeFixed != "" {
		fee, err := parseUSDT("--fee-fixed", c.FeeFixed)
		faults = append(faults, err)
		m.FeeFixed = &fee
	}
	if c.Timeout != nil {
		// Beyond a week it is refused anyhow; a larger product could wrap.
		minutes := time.Duration(max(0, min(*c.Timeout, 1<<20))) * time.Minute
		m.Timeout = &minutes
	}
	faults = append(faults, c.methods(m.Methods)...)
	faults = append(faults, c.limits(m.Limits)...)
	if err := errors.Join(faults...); err != nil {
		return m, err
	}
	nothing := m.RequireV2 == nil && m.MaskRequisites == nil && m.Luhn == nil && m.FeeBPS == nil && m.FeeFixed == nil &&
		m.Timeout == nil && m.StandartSign == nil && len(m.Methods) == 0 && len(m.Limits) == 0
	if nothing {
		return m, errors.New("nothing to change: name at least one setting")
	}
	return m, nil
}

// methods reads --method, --min and --max into one change a method.
func (c merchantSetCommand) methods(into map[merchant.MethodKey]merchant.MethodChange) (faults []error) {
	for _, flag := range [...]struct {
		name  string
		pairs []string
		put   func(change *merchant.MethodChange, currency money.Currency, value string) error
	}{
		{"--method", c.Method, func(change *merchant.MethodChange, _ money.Currency, value string) error {
			if value != "on" && value != "off" {
				return errors.New("is on or off")
			}
			on := value == "on"
			change.Enabled = &on
			return nil
		}},
		{"--min", c.Min, func(change *merchant.MethodChange, currency money.Currency, value string) error {
			return parseBound(&change.Min, currency, value)
		}},
		{"--max", c.Max, func(change *merchant.MethodChange, currency money.Currency, value string) error {
			return parseBound(&change.Max, currency, value)
		}},
	} {
		for _, pair := range flag.pairs {
			name, value, _ := strings.Cut(pair, "=")
			key, err := merchant.ParseMethodKey(name)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %q is not of the form CURRENCY/METHOD=VALUE with card, sbp, score or iban", flag.name, pair))
				continue
			}
			currency, _ := money.Lookup(key.Currency)
			change := into[key]
			if err := flag.put(&change, currency, value); err != nil {
				faults = append(faults, fmt.Errorf("%s %s=... %w", flag.name, key, err))
			}
			into[key] = change
		}
	}
	return faults
}

func parseBound(into **money.Money, currency money.Currency, text string) error {
	amount, err := money.Parse(text, currency)
	if err != nil {
		return fmt.Errorf("is an amount with at most %d decimals", currency.Scale())
	}
	*into = &amount
	return nil
}

// limits reads --limit; several may stand in one value.
func (c merchantSetCommand) limits(into map[merchant.LimitName]ratelimit.Limit) (faults []error) {
	var parts []string
	for _, text := range c.Limit {
		parts = append(parts, strings.Split(text, "|")...)
	}
	if slices.Equal(parts, []string{"off"}) {
		for _, name := range merchant.LimitNames() {
			into[name] = ratelimit.Limit{}
		}
		return nil
	}
	for _, part := range parts {
		name, text, _ := strings.Cut(part, "=")
		limit, err := ratelimit.Parse(text)
		if err != nil || !slices.Contains(merchant.LimitNames(), merchant.LimitName(name)) {
			faults = append(faults, fmt.Errorf("--limit: %q is not of the form NAME=RATE/PERIOD:BURST or NAME=off, such as status=10/s:20, with status, status_payout, create or reject", part))
			continue
		}
		into[merchant.LimitName(name)] = limit
	}
	return faults
}

// differences lists every setting that is not the same in both.
func differences(before, after merchant.View) (lines []string) {
	was, is := settings(before), settings(after)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		old, held := was[name]
		if !held {
			old = "off"
		}
		if old != is[name] {
			lines = append(lines, fmt.Sprintf("%s\t%s -> %s", name, old, is[name]))
		}
	}
	return lines
}

// settings is a view as one text a setting.
func settings(v merchant.View) map[string]string {
	all := map[string]string{
		"fee-bps": fmt.Sprint(v.FeeBPS), "fee-fixed": v.FeeFixed, "timeout": fmt.Sprint(v.TimeoutMinutes),
		"require-v2": onOff(v.RequireV2), "mask-requisites": onOff(v.MaskRequisites), "luhn": onOff(v.Luhn),
		"standart-sign": v.StandartSign,
	}
	for _, m := range v.Methods {
		key := m.Currency + "/" + m.Method
		all["method "+key], all["min "+key], all["max "+key] = onOff(m.Enabled), m.Min, m.Max
	}
	for name, limit := range v.Limits {
		all["limit "+name] = limit
	}
	return all
}
