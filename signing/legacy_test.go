package signing_test

import (
	"errors"
	"strings"
	"testing"

	"disburse/signing"
)

func TestVerifyHex(t *testing.T) {
	t.Parallel()
	a := signing.PayoutSign("1", "1.00", "r", "rub", "a")
	b := signing.PayoutSign("1", "1.00", "r", "rub", "b")
	cases := []struct {
		name string
		got  string
		want []string
		ok   bool
	}{
		{"Equal", a, []string{a}, true},
		{"UpperCase", strings.ToUpper(a), []string{a}, true},
		{"WantedInUpperCase", a, []string{strings.ToUpper(a)}, true},
		{"FirstOfTwo", a, []string{a, b}, true},
		{"SecondOfTwo", b, []string{a, b}, true},
		{"Other", a, []string{b}, false},
		{"FirstDigitDiffers", flip(a, 0), []string{a}, false},
		{"LastDigitDiffers", flip(a, 63), []string{a}, false},
		{"Empty", "", []string{a}, false},
		{"EmptyWanted", a, []string{""}, false},
		{"BothEmpty", "", []string{""}, false},
		{"NothingWanted", a, nil, false},
		{"TooShort", a[:63], []string{a}, false},
		{"TooLong", a + "0", []string{a}, false},
		{"SpaceAround", " " + a[1:], []string{a}, false},
		{"NotHex", strings.Repeat("g", 64), []string{a}, false},
		{"BothNotHex", strings.Repeat("g", 64), []string{strings.Repeat("g", 64)}, false},
		{"ZerosAgainstNotHex", strings.Repeat("0", 64), []string{"no hex"}, false},
		{"NotHexAgainstZeros", "no hex", []string{strings.Repeat("0", 64)}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := signing.VerifyHex(c.got, c.want...); got != c.ok {
				t.Errorf("VerifyHex(%q, %q) = %t, want %t", c.got, c.want, got, c.ok)
			}
		})
	}
}

// flip changes the hex digit at i.
func flip(text string, i int) string {
	b := []byte(text)
	if b[i] == '0' {
		b[i] = '1'
	} else {
		b[i] = '0'
	}
	return string(b)
}

func TestParseForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]signing.Form{
		"":                           signing.OrderKey,
		"order_id:sign_key":          signing.OrderKey,
		"merchant:order_id:sign_key": signing.MerchantOrderKey,
		"order_id:merchant:sign_key": signing.OrderMerchantKey,
	} {
		if got, err := signing.ParseForm(text); err != nil || got != want {
			t.Errorf("ParseForm(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := signing.ParseForm("sign_key:order_id"); !errors.Is(err, signing.ErrUnknownForm) {
		t.Errorf("got %v, want ErrUnknownForm", err)
	}
}

func TestUnknownFormNeverVerifies(t *testing.T) {
	t.Parallel()
	sign := signing.StandartSign("key:order", "demo", "o", "k")
	if sign != "" || signing.VerifyHex(sign, sign) {
		t.Errorf("sign %q of an unknown form verifies", sign)
	}
}
