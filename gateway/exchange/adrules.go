package exchange

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"disburse/gateway/chat"
)

// Bounds of an ad. The product of the largest amount and the largest rate stays
// within int64.
const (
	maxAmount       = 100_000_000_000 // a thousand million roubles
	maxRate         = 10_000_000
	maxMethods      = 20
	maxMethod       = 64
	maxInstructions = 2000
	maxWindow       = 1440

	evenRate      = 100 // 1:1
	defaultWindow = 30
)

// check judges a request for an ad and gives the ad, its details apart. The
// instructions are for everybody: a card number in them is never kept whole.
func (r AdRequest) check() (Ad, map[string]string, error) {
	var f faults
	ad := Ad{
		Side: Side(r.Type), FiatCurrency: r.FiatCurrency, Min: r.MinAmount, Max: r.MaxAmount, Remaining: r.MaxAmount,
		Methods: r.PaymentMethods, Instructions: chat.Mask(r.Instructions), Window: defaultWindow * time.Minute, Active: true, Version: 1,
	}
	if !ad.Side.Valid() {
		f.add("type", "must be buy or sell")
	}
	if !validFiat(r.FiatCurrency) {
		f.add("fiat_currency", "must be three capital letters")
	}
	switch {
	case r.ExchangeRate != nil:
		ad.Rate = *r.ExchangeRate
	case r.FiatCurrency == string(currency):
		ad.Rate = evenRate
	}
	if r.PaymentWindowMinutes != nil {
		ad.Window = window(*r.PaymentWindowMinutes)
	}
	ad.judge(&f)
	details, why := checkDetails(r.PaymentDetails)
	if why != "" {
		f.add("payment_details", "%s", why)
	}
	return ad, details, f.err()
}

// apply gives the ad as it is after a change, its new details apart.
func (c AdChange) apply(ad Ad) (Ad, map[string]string, error) {
	var f faults
	before := ad.Max
	set(&ad.Rate, c.ExchangeRate)
	set(&ad.Min, c.MinAmount)
	set(&ad.Max, c.MaxAmount)
	set(&ad.Methods, c.PaymentMethods)
	if c.Instructions != nil {
		ad.Instructions = chat.Mask(*c.Instructions)
	}
	set(&ad.Active, c.IsActive)
	if c.PaymentWindowMinutes != nil {
		ad.Window = window(*c.PaymentWindowMinutes)
	}
	ad.judge(&f)
	if ad.Max <= maxAmount {
		if ad.Remaining += ad.Max - before; ad.Remaining < 0 {
			f.add("max_amount", "is less than what was taken of the ad already")
		}
	}
	var details map[string]string
	if c.PaymentDetails != nil {
		var why string
		if details, why = checkDetails(*c.PaymentDetails); why != "" {
			f.add("payment_details", "%s", why)
		}
	}
	return ad, details, f.err()
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// window is a length in minutes; one that is out of bounds is never valid.
func window(minutes int64) time.Duration {
	if minutes < 0 || minutes > maxWindow {
		return 0
	}
	return time.Duration(minutes) * time.Minute
}

// judge collects what is wrong with the terms of an ad.
func (a Ad) judge(f *faults) {
	if a.Rate < 1 || a.Rate > maxRate {
		f.add("exchange_rate", "must be 1 to %d", maxRate)
	}
	if a.Min < 1 || a.Min > maxAmount {
		f.add("min_amount", "must be 1 to %d", int64(maxAmount))
	}
	if a.Max < a.Min || a.Max > maxAmount {
		f.add("max_amount", "must be min_amount to %d", int64(maxAmount))
	}
	if a.Window == 0 {
		f.add("payment_window_minutes", "must be 1 to %d", maxWindow)
	}
	if why := judgeMethods(a.Methods); why != "" {
		f.add("payment_methods", "%s", why)
	}
	if !prose(a.Instructions, maxInstructions) {
		f.add("instructions", "must have at most %d characters, none of them a control character", maxInstructions)
	}
}

func judgeMethods(methods []string) string {
	if len(methods) == 0 || len(methods) > maxMethods {
		return fmt.Sprintf("must be 1 to %d", maxMethods)
	}
	for i, method := range methods {
		switch {
		case !plain(method, maxMethod) || strings.TrimSpace(method) == "":
			return fmt.Sprintf("must each have 1 to %d characters", maxMethod)
		case slices.Contains(methods[:i], method):
			return "must not repeat"
		}
	}
	return ""
}

func validFiat(code string) bool {
	return len(code) == 3 && !strings.ContainsFunc(code, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// fiatOf is what an amount comes to at a rate, half up. Both are within their
// bounds.
func fiatOf(amount, rate int64) int64 { return (amount*rate + 50) / 100 }
