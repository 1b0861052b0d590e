package money_test

import (
	"errors"
	"math"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"disburse/ledger/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text     string
		currency money.Currency
		minor    int64
		err      error
	}{
		{"1500.00", "RUB", 150000, nil},
		{"0.01", "RUB", 1, nil},
		{"0", "RUB", 0, nil},
		{"7.5", "RUB", 750, nil},
		{"100", "JPY", 100, nil},
		{"1.234", "KWD", 1234, nil},
		{"0.000001", "USDT", 1, nil},
		{"63727092.34", "EUR", 6372709234, nil},
		{"92233720368547758.07", "RUB", math.MaxInt64, nil},
		{"92233720368547758.08", "RUB", 0, money.ErrOverflow},
		{"99999999999999999999999999", "RUB", 0, money.ErrOverflow},
		{"1.000", "RUB", 0, money.ErrScale},
		{"1.0", "JPY", 0, money.ErrScale},
		{"", "RUB", 0, money.ErrSyntax},
		{".5", "RUB", 0, money.ErrSyntax},
		{"5.", "RUB", 0, money.ErrSyntax},
		{"01.00", "RUB", 0, money.ErrSyntax},
		{"-1.00", "RUB", 0, money.ErrSyntax},
		{"+1.00", "RUB", 0, money.ErrSyntax},
		{" 1.00", "RUB", 0, money.ErrSyntax},
		{"1.00\n", "RUB", 0, money.ErrSyntax},
		{"1,00", "RUB", 0, money.ErrSyntax},
		{"1,500.00", "RUB", 0, money.ErrSyntax},
		{"1e3", "RUB", 0, money.ErrSyntax},
		{"0x1", "RUB", 0, money.ErrSyntax},
		{"NaN", "RUB", 0, money.ErrSyntax},
		{"１.００", "RUB", 0, money.ErrSyntax},
		{"1.0.0", "RUB", 0, money.ErrSyntax},
	} {
		t.Run(tc.text+string(tc.currency), func(t *testing.T) {
			t.Parallel()
			got, err := money.Parse(tc.text, tc.currency)
			if !errors.Is(err, tc.err) || got.Minor() != tc.minor {
				t.Fatalf("Parse(%q) = %d, %v; want %d, %v", tc.text, got.Minor(), err, tc.minor, tc.err)
			}
		})
	}
}

func TestFixed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		m      money.Money
		places int
		want   string
	}{
		{money.New(150000, "RUB"), 2, "1500.00"},
		{money.New(5, "RUB"), 2, "0.05"},
		{money.New(-5, "RUB"), 2, "-0.05"},
		{money.New(100, "JPY"), 0, "100"},
		{money.New(100, "JPY"), 2, "100.00"},
		{money.New(15_444_200, "USDT"), 4, "15.4442"},
		{money.New(15_444_201, "USDT"), 4, "15.444201"},
		{money.New(1500, "KWD"), 2, "1.50"},
		{money.New(0, "USDT"), 4, "0.0000"},
		{money.New(math.MinInt64, "RUB"), 2, "-92233720368547758.08"},
	} {
		if got := tc.m.Fixed(tc.places); got != tc.want {
			t.Errorf("Fixed(%d) of %d %s = %q, want %q", tc.places, tc.m.Minor(), tc.m.Currency(), got, tc.want)
		}
	}
}

func TestArithmeticReportsOverflow(t *testing.T) {
	t.Parallel()
	big, one := money.New(math.MaxInt64, "RUB"), money.New(1, "RUB")
	if _, err := big.Add(one); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("MaxInt64+1: %v", err)
	}
	if _, err := money.New(math.MinInt64, "RUB").Sub(one); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("MinInt64-1: %v", err)
	}
	if _, err := one.Sub(money.New(math.MinInt64, "RUB")); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("1-MinInt64: %v", err)
	}
	if _, err := one.Add(money.New(1, "EUR")); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("RUB+EUR: %v", err)
	}
}

func TestFromDecimal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{"12.34": nil, "12.345": money.ErrScale, "1e30": money.ErrOverflow} {
		if _, err := money.FromDecimal(decimal.RequireFromString(text), "RUB"); !errors.Is(err, want) {
			t.Errorf("FromDecimal(%s): %v, want %v", text, err, want)
		}
	}
}

// Whatever is printed is read back as the same amount, in every scale.
func TestPrintedAmountReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]money.Currency{"RUB", "JPY", "KWD", "USDT"}).Draw(t, "currency")
		m := money.New(rapid.Int64Range(0, math.MaxInt64).Draw(t, "minor"), c)
		back, err := money.Parse(m.String(), c)
		if err != nil || back != m {
			t.Fatalf("%s printed as %q, read back as %v (%v)", c, m.String(), back, err)
		}
		if fromDecimal, err := money.FromDecimal(m.Decimal(), c); err != nil || fromDecimal != m {
			t.Fatalf("decimal round trip of %q gave %v (%v)", m.String(), fromDecimal, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1500.00", "0.1", "1e3", "00", "9223372036854775807", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := money.Parse(text, "RUB")
		if err != nil {
			return
		}
		want, decErr := decimal.NewFromString(text)
		if decErr != nil || !want.Equal(m.Decimal()) {
			t.Fatalf("Parse(%q) = %s, decimal says %v (%v)", text, m, want, decErr)
		}
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for code, scale := range map[string]int{"rub": 2, "JPY": 0, "Kwd": 3, "usdt": 6, "uyw": 4} {
		c, ok := money.Lookup(code)
		if !ok || c.Scale() != scale {
			t.Errorf("Lookup(%q): %v %v", code, c, ok)
		}
	}
	if _, ok := money.Lookup("xxx"); ok {
		t.Error("XXX is no currency of amounts")
	}
}
