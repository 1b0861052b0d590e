package merchant_test

import (
	"testing"

	"disburse/gateway/merchant"
)

func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	for name, want := range map[merchant.LimitName]string{
		merchant.LimitStatus: "10/s:20", merchant.LimitStatusPayout: "1/5s:5",
		merchant.LimitCreate: "500/s:1000", merchant.LimitReject: "50/s:100", "other": "off",
	} {
		if got := merchant.DefaultLimits().Get(name).String(); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
}

func TestParseMethodKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"rub/sbp": "rub/sbp", "RUB/card": "rub/card", "eur/iban": "eur/iban",
		"": "", "rub": "", "rub/": "", "/sbp": "", "rub/SBP": "", "zzz/sbp": "", "usdt/card": "", "rub/sbp/x": "",
	} {
		got, err := merchant.ParseMethodKey(text)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("ParseMethodKey(%q) = %v, %v; want %q", text, got, err, want)
		}
	}
}
