package ledger_test

import (
	"errors"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"disburse/ledger"
	"disburse/ledger/money"
)

func TestConvertRoundsHalfUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ fiat, rate, want string }{
		{"1500.00", "97.1234", "15.4443"},
		{"1500.00", "100.0000", "15.0000"},
		{"0.01", "100.0000", "0.0001"},
		{"0.01", "199.9999", "0.0001"}, // 0.0000500000...
		{"0.01", "200.0001", "0.0000"}, // just below the half
		{"1.00", "0.9215", "1.0852"},
		{"999999999999.99", "0.0001", "9999999999999900.0000"},
	} {
		fiat, err := money.Parse(tc.fiat, "RUB")
		if err != nil {
			t.Fatal(err)
		}
		got, err := ledger.Convert(fiat, decimal.RequireFromString(tc.rate))
		if tc.fiat == "999999999999.99" { // beyond int64 of a millionth
			if !errors.Is(err, money.ErrOverflow) {
				t.Errorf("%s at %s: %v, want overflow", tc.fiat, tc.rate, err)
			}
			continue
		}
		if err != nil || got.Fixed(4) != tc.want {
			t.Errorf("%s at %s: got %s (%v), want %s", tc.fiat, tc.rate, got.Fixed(4), err, tc.want)
		}
	}
	if _, err := ledger.Convert(money.New(1, "RUB"), decimal.Zero); !errors.Is(err, ledger.ErrRate) {
		t.Errorf("rate 0: %v", err)
	}
}

func TestFeeRoundsUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		usdt  string
		bps   int64
		fixed string
		want  string
	}{
		{"15.4443", 100, "0", "0.1545"},
		{"15.0000", 100, "0", "0.1500"},
		{"0.0001", 1, "0", "0.0001"},
		{"15.4443", 0, "0.5", "0.5000"},
		{"15.4443", 100, "0.5", "0.6545"},
		{"100", 10_000, "0", "100.0000"},
	} {
		got, err := ledger.FeeOf(usdt(tc.usdt), tc.bps, usdt(tc.fixed))
		if err != nil || got.Fixed(4) != tc.want {
			t.Errorf("%s at %d bps + %s: got %s (%v), want %s", tc.usdt, tc.bps, tc.fixed, got.Fixed(4), err, tc.want)
		}
	}
}

// Rounding stays within half of, and a fee within one of, the last decimal
// priced, over all amounts and rates.
func TestPricesStayWithinTheirRounding(t *testing.T) {
	t.Parallel()
	tick := decimal.New(1, -ledger.USDTPlaces)
	rapid.Check(t, func(t *rapid.T) {
		fiat := money.New(rapid.Int64Range(1, 99_999_999_999_999).Draw(t, "fiat"), "RUB")
		rate := decimal.New(rapid.Int64Range(10_000, 9_999_999).Draw(t, "rate"), -4)
		usdt, err := ledger.Convert(fiat, rate)
		if err != nil {
			t.Fatal(err)
		}
		off := usdt.Decimal().Mul(rate).Sub(fiat.Decimal()).Abs()
		if off.GreaterThan(rate.Mul(tick).Div(decimal.New(2, 0))) {
			t.Fatalf("%s at %s is %s, off by %s", fiat, rate, usdt, off)
		}
		bps := rapid.Int64Range(0, 10_000).Draw(t, "bps")
		fee, err := ledger.FeeOf(usdt, bps, money.New(0, money.USDT))
		if err != nil {
			t.Fatal(err)
		}
		over := fee.Decimal().Sub(usdt.Decimal().Mul(decimal.New(bps, -4)))
		if over.Sign() < 0 || !over.LessThan(tick) {
			t.Fatalf("fee of %d bps on %s is %s, over by %s", bps, usdt, fee, over)
		}
	})
}
