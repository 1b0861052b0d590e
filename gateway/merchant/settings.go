package merchant

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

// Change is a change of settings; what is nil or absent stays as it is. Faults
// name fields as a change in JSON does: "methods.rub/sbp.min".
type Change struct {
	RequireV2      *bool
	MaskRequisites *bool
	Luhn           *bool
	StandartSign   *signing.Form
	FeeBPS         *int64
	FeeFixed       *money.Money
	Timeout        *time.Duration
	Methods        map[MethodKey]MethodChange
	Limits         map[LimitName]ratelimit.Limit // the zero Limit switches one off
	Unreadable     []fault.Field                 // what the caller could not read into the fields above; it refuses the change with whatever else is wrong
}

// MethodChange is a change of one method; what is nil stays. A method that had
// no entry begins off, with bounds of 100 and 1,000,000.
type MethodChange struct {
	Enabled  *bool
	Min, Max *money.Money
}

// maxFiat is the largest amount that a create request can spell: twelve digits
// before the point.
const maxFiat = 999_999_999_999

// Set changes settings, all of the change or nothing. It fails with not_found
// and with invalid_request that lists every fault.
func (s *Service) Set(ctx context.Context, ref string, c Change) (Merchant, error) {
	return s.change(ctx, ref, "merchant.set", func(tx pgx.Tx, m Merchant, _ time.Time) error {
		changed, faults := c.apply(m)
		if len(faults) > 0 {
			return fault.Invalid(faults...)
		}
		if _, err := tx.Exec(ctx, updateSettings, m.ID, changed.FeeBPS, changed.FeeFixed.Minor(),
			int64(changed.Timeout/time.Minute), changed.RequireV2, changed.MaskRequisites, changed.Luhn,
			string(changed.StandartSign)); err != nil {
			return err
		}
		if len(c.Methods) > 0 {
			if err := storeMethods(ctx, tx, []string{m.ID}, changed.Methods); err != nil {
				return err
			}
		}
		for name, l := range c.Limits {
			if _, err := tx.Exec(ctx, upsertLimit, m.ID, string(name), int64(l.Rate), l.Per.Milliseconds(), int64(l.Burst)); err != nil {
				return err
			}
		}
		return nil
	})
}

// apply works out the state after the change and everything that is wrong with
// it.
func (c Change) apply(m Merchant) (Merchant, []fault.Field) {
	put(&m.RequireV2, c.RequireV2)
	put(&m.MaskRequisites, c.MaskRequisites)
	put(&m.Luhn, c.Luhn)
	put(&m.StandartSign, c.StandartSign)
	put(&m.FeeBPS, c.FeeBPS)
	put(&m.FeeFixed, c.FeeFixed)
	put(&m.Timeout, c.Timeout)

	faults := append(slices.Clone(c.Unreadable), feeFaults(m.FeeBPS, m.FeeFixed)...)
	if m.Timeout < time.Minute || m.Timeout > MaxTimeout || m.Timeout%time.Minute != 0 {
		faults = append(faults, fault.Field{Name: "timeout", Why: "must be whole minutes, 1 to 10080"})
	}
	if _, err := signing.ParseForm(string(m.StandartSign)); err != nil {
		faults = append(faults, fault.Field{Name: "standart_sign", Why: "must be one of the three forms"})
	}
	methods := maps.Clone(m.Methods)
	for _, key := range sorted(c.Methods, MethodKey.String) {
		faults = append(faults, c.Methods[key].apply(key, methods)...)
	}
	m.Methods = methods
	for _, name := range sorted(c.Limits, func(n LimitName) string { return string(n) }) {
		faults = append(faults, applyLimit(&m.Limits, name, c.Limits[name])...)
	}
	return m, faults
}

func applyLimit(limits *Limits, name LimitName, l ratelimit.Limit) []fault.Field {
	at := limits.at(name)
	if at == nil {
		return []fault.Field{{Name: "limits", Why: "must be on status, status_payout, create or reject"}}
	}
	if err := l.Validate(); err != nil {
		return []fault.Field{{Name: "limits." + string(name), Why: "is " + err.Error()}}
	}
	*at = l
	return nil
}

func (c MethodChange) apply(key MethodKey, methods map[MethodKey]Method) []fault.Field {
	if parsed, err := ParseMethodKey(key.String()); err != nil || parsed != key {
		return []fault.Field{{Name: "methods", Why: "must be CURRENCY/METHOD of a known currency and card, sbp, score or iban"}}
	}
	method, held := methods[key]
	if !held {
		method = defaultMethod(key, false)
	}
	currency := method.Min.Currency()
	put(&method.Enabled, c.Enabled)
	put(&method.Min, c.Min)
	put(&method.Max, c.Max)
	methods[key] = method
	return method.faults(key, currency)
}

func (m Method) faults(key MethodKey, currency money.Currency) []fault.Field {
	name := "methods." + key.String()
	if m.Min.Currency() != currency || m.Max.Currency() != currency {
		return []fault.Field{{Name: name, Why: "minimum and maximum must be in the method's currency"}}
	}
	var faults []fault.Field
	if !m.Min.Positive() {
		faults = append(faults, fault.Field{Name: name + ".min", Why: "must be above zero"})
	}
	if m.Min.Cmp(m.Max) > 0 {
		faults = append(faults, fault.Field{Name: name + ".max", Why: "must not be below the minimum"})
	}
	if m.Max.Decimal().IntPart() > maxFiat {
		faults = append(faults, fault.Field{Name: name + ".max", Why: "must have at most 12 digits before the point"})
	}
	return faults
}

func feeFaults(bps int64, fixed money.Money) []fault.Field {
	var faults []fault.Field
	if bps < 0 || bps > maxFeeBPS {
		faults = append(faults, fault.Field{Name: "fee_bps", Why: "must be 0 to " + strconv.Itoa(maxFeeBPS)})
	}
	if fixed.Minor() < 0 || !fourDecimals(fixed) {
		faults = append(faults, fault.Field{Name: "fee_fixed", Why: "must be USDT, zero or more, with at most 4 decimals"})
	}
	return faults
}

// fourDecimals holds USDT to the decimals of the wire; the books keep more.
func fourDecimals(m money.Money) bool {
	return m.Currency() == money.USDT && m.Decimal().Equal(m.Decimal().Truncate(ledger.USDTPlaces))
}

func put[T any](at, value *T) {
	if value != nil {
		*at = *value
	}
}

// sorted gives the keys of a map in the order of their texts, so that faults
// come in the same order every time.
func sorted[K comparable, V any](m map[K]V, text func(K) string) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return cmp.Compare(text(a), text(b)) })
}
