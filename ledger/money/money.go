package money

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/shopspring/decimal"
)

// Errors of this package. Callers that answer a person wrap them with the
// name of the field.
var (
	ErrSyntax   = errors.New("money: not a plain decimal number")
	ErrScale    = errors.New("money: more decimals than the currency has")
	ErrOverflow = errors.New("money: amount out of range")
	ErrCurrency = errors.New("money: amounts of different currencies")
)

// Money is an exact amount. The zero value has no currency and only equals
// itself.
type Money struct {
	minor    int64
	currency Currency
}

// New makes an amount of minor units: New(150, "RUB") is one rouble fifty.
func New(minor int64, c Currency) Money { return Money{minor: minor, currency: c} }

// Parse reads a literal such as "1500.00": digits without leading zeros, then
// at most the currency's decimals. No sign, exponent, space or grouping.
func Parse(text string, c Currency) (Money, error) {
	whole, frac, dotted := strings.Cut(text, ".")
	if !digits(whole) || (len(whole) > 1 && whole[0] == '0') || (dotted && !digits(frac)) {
		return Money{}, ErrSyntax
	}
	scale := c.Scale()
	if len(frac) > scale {
		return Money{}, ErrScale
	}
	var minor int64
	for _, part := range []string{whole, frac, strings.Repeat("0", scale-len(frac))} {
		for i := range len(part) {
			digit := int64(part[i] - '0')
			if minor > (math.MaxInt64-digit)/10 {
				return Money{}, ErrOverflow
			}
			minor = minor*10 + digit
		}
	}
	return New(minor, c), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// FromDecimal converts a decimal that is a whole number of minor units;
// ErrScale when it is not, ErrOverflow when it does not fit.
func FromDecimal(d decimal.Decimal, c Currency) (Money, error) {
	shifted := d.Shift(int32(c.Scale())) //nolint:gosec // scales are 0..6
	if !shifted.IsInteger() {
		return Money{}, ErrScale
	}
	if whole := shifted.BigInt(); whole.IsInt64() {
		return New(whole.Int64(), c), nil
	}
	return Money{}, ErrOverflow
}

// Minor is the count of minor units.
func (m Money) Minor() int64 { return m.minor }

// Currency is the unit.
func (m Money) Currency() Currency { return m.currency }

// Decimal is the amount in whole units, exactly.
func (m Money) Decimal() decimal.Decimal {
	return decimal.New(m.minor, -int32(m.currency.Scale())) //nolint:gosec // scales are 0..6
}

// String is the amount with all of the currency's decimals and without the
// code: "1500.00".
func (m Money) String() string { return m.Fixed(m.currency.Scale()) }

// Fixed is the amount with the given number of decimals, which must lose no
// digit: callers print amounts they rounded to that many places before. An
// amount with more digits keeps all of them rather than print a wrong figure.
func (m Money) Fixed(places int) string {
	scale := m.currency.Scale()
	cut := m.minor
	for scale > places && cut%10 == 0 {
		cut /= 10
		scale--
	}
	sign := ""
	abs := uint64(cut) //nolint:gosec // the two's complement is undone on the next line
	if cut < 0 {
		sign, abs = "-", -abs
	}
	text := fmt.Sprintf("%0*d", scale+1, abs)
	if scale > 0 {
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
	} else if places > 0 {
		text += "."
	}
	if places > scale {
		text += strings.Repeat("0", places-scale)
	}
	return sign + text
}

// IsZero reports an amount of nothing.
func (m Money) IsZero() bool { return m.minor == 0 }

// Positive reports an amount above zero.
func (m Money) Positive() bool { return m.minor > 0 }

// Cmp orders two amounts of one currency: -1, 0 or 1. It panics on amounts of
// different currencies, which have no order.
func (m Money) Cmp(o Money) int {
	switch {
	case m.currency != o.currency:
		panic(ErrCurrency)
	case m.minor < o.minor:
		return -1
	case m.minor > o.minor:
		return 1
	}
	return 0
}

// Equal reports the same amount of the same currency.
func (m Money) Equal(o Money) bool { return m == o }

// Add returns the sum; ErrCurrency or ErrOverflow when there is none.
func (m Money) Add(o Money) (Money, error) {
	if m.currency != o.currency {
		return Money{}, ErrCurrency
	}
	sum := m.minor + o.minor
	if (sum > m.minor) != (o.minor > 0) && o.minor != 0 {
		return Money{}, ErrOverflow
	}
	return New(sum, m.currency), nil
}

// Sub returns the difference; ErrCurrency or ErrOverflow when there is none.
func (m Money) Sub(o Money) (Money, error) {
	if o.minor == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return m.Add(New(-o.minor, o.currency))
}
