package fx

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// Places is the number of decimals of a rate.
const Places = 4

// Bounds of what can be set. The largest value keeps a rate readable and its
// products with amounts in range; it is above any currency in use.
const (
	DefaultMaxAge = 24 * time.Hour
	MaxMaxAge     = 365 * 24 * time.Hour
	maxSource     = 128
)

var maxValue = decimal.New(1, 9)

// Faults of this package that callers compare with errors.Is.
var (
	ErrUnavailable = fault.New(fault.Unavailable, "rate_unavailable", "rate unavailable")
	ErrJump        = fault.New(fault.Conflict, "rate_jump", "the rate differs too much from the one in force, confirm it")
)

// Rate is the price of one USDT in a currency.
type Rate struct {
	Currency string          // lower-case: "rub"
	Value    decimal.Decimal // units for one USDT, above zero, at most 4 decimals
	Source   string          // who says so: "manual", the name of a feed
	MaxAge   time.Duration   // beyond it the rate is not used
	SetAt    time.Time
}

// String is the value as it stands on the wire: always 4 decimals.
func (r Rate) String() string { return r.Value.StringFixed(Places) }

// Stale reports that the rate is too old to be used.
func (r Rate) Stale(now time.Time) bool { return now.Sub(r.SetAt) > r.MaxAge }

// View is the rate in the shape of audit rows and of JSON output.
type View struct {
	Currency      string    `json:"currency"`
	Rate          string    `json:"rate"`
	Source        string    `json:"source"`
	MaxAgeSeconds int64     `json:"max_age_seconds"`
	SetAt         time.Time `json:"set_at"`
	AgeSeconds    int64     `json:"age_seconds"`
	Stale         bool      `json:"stale"`
}

// View gives the rate as seen at a moment.
func (r Rate) View(now time.Time) View {
	return View{
		Currency: r.Currency, Rate: r.String(), Source: r.Source, SetAt: r.SetAt,
		MaxAgeSeconds: int64(r.MaxAge / time.Second),
		AgeSeconds:    int64(max(now.Sub(r.SetAt), 0) / time.Second), Stale: r.Stale(now),
	}
}

var errValue = errors.New("fx: a rate is a plain decimal number above zero with at most 4 decimals")

// ParseValue reads a rate: digits without leading zeros and at most 4 decimals,
// above zero. No sign, exponent or space.
func ParseValue(text string) (decimal.Decimal, error) {
	whole, frac, dotted := strings.Cut(text, ".")
	if !digits(whole) || len(whole) > 10 || len(whole) > 1 && whole[0] == '0' ||
		dotted && (!digits(frac) || len(frac) > Places) {
		return decimal.Decimal{}, errValue
	}
	value, err := decimal.NewFromString(text)
	if err != nil || !validValue(value) {
		return decimal.Decimal{}, errValue
	}
	return value, nil
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func validValue(v decimal.Decimal) bool {
	// A vast exponent would make the comparisons below take vast memory.
	if v.Exponent() > 18 || v.Exponent() < -18 {
		return false
	}
	return v.Sign() > 0 && v.LessThanOrEqual(maxValue) && v.Equal(v.Truncate(Places))
}

// known finds the wire form of a currency that can have a rate.
func known(code string) (string, bool) {
	c, ok := money.Lookup(code)
	if !ok || c == money.USDT {
		return "", false
	}
	return c.Lower(), true
}

// inversionBand is how near to one the product of a rate and its predecessor
// must be for the one to look like the inverse of the other.
var inversionBand = decimal.New(2, -2)

// jump judges a new value against the one in force: how far it is away, and
// whether it looks like its inverse.
func jump(before, after, bound decimal.Decimal) (beyond, inverted bool) {
	difference := after.Sub(before).Abs()
	if difference.LessThanOrEqual(before.Mul(bound)) {
		return false, false
	}
	one := decimal.New(1, 0)
	return true, before.Mul(after).Sub(one).Abs().LessThanOrEqual(inversionBand)
}

func minor(v decimal.Decimal) int64 { return v.Shift(Places).IntPart() }

func fromMinor(n int64) decimal.Decimal { return decimal.New(n, -Places) }

// wholeSeconds holds a maximum age to what the table keeps.
func wholeSeconds(d time.Duration) bool {
	return d >= time.Second && d <= MaxMaxAge && d%time.Second == 0
}

func validSource(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxSource &&
		!strings.ContainsFunc(text, unicode.IsControl)
}
