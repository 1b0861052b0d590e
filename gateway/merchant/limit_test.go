package merchant_test

import (
	"testing"
	"time"

	"disburse/gateway/merchant"
)

func TestParseLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want merchant.Limit
		ok   bool
	}{
		{"off", merchant.Limit{}, true},
		{"10/s:20", merchant.Limit{Rate: 10, Per: time.Second, Burst: 20}, true},
		{"1/5s:5", merchant.Limit{Rate: 1, Per: 5 * time.Second, Burst: 5}, true},
		{"100/m:100", merchant.Limit{Rate: 100, Per: time.Minute, Burst: 100}, true},
		{"100/24h:1", merchant.Limit{Rate: 100, Per: 24 * time.Hour, Burst: 1}, true},
		{"1000000/s:1000000", merchant.Limit{Rate: 1000000, Per: time.Second, Burst: 1000000}, true},
		{"", merchant.Limit{}, false},
		{"OFF", merchant.Limit{}, false},
		{"0/s:1", merchant.Limit{}, false},
		{"1/s:0", merchant.Limit{}, false},
		{"1/s", merchant.Limit{}, false},
		{"1:1", merchant.Limit{}, false},
		{"1/0s:1", merchant.Limit{}, false},
		{"1/25h:1", merchant.Limit{}, false},
		{"1/d:1", merchant.Limit{}, false},
		{"1/:1", merchant.Limit{}, false},
		{"+1/s:1", merchant.Limit{}, false},
		{"-1/s:1", merchant.Limit{}, false},
		{"01/s:1", merchant.Limit{}, false},
		{"1/s:1:1", merchant.Limit{}, false},
		{" 1/s:1", merchant.Limit{}, false},
		{"1000001/s:1", merchant.Limit{}, false},
		{"99999999999999999999/s:1", merchant.Limit{}, false},
	} {
		got, err := merchant.ParseLimit(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseLimit(%q) = %+v, %v", tt.text, got, err)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	f.Add("10/s:20")
	f.Add("1/5s:5")
	f.Add("off")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := merchant.ParseLimit(text)
		if err != nil {
			return
		}
		if again, err := merchant.ParseLimit(l.String()); err != nil || again != l {
			t.Errorf("%q is %+v, prints as %q, which is %+v, %v", text, l, l.String(), again, err)
		}
	})
}

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
