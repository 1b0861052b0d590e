package ratelimit_test

import (
	"net/netip"
	"testing"
	"time"

	"disburse/ratelimit"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	merchant := ratelimit.Limit{Rate: 10, Per: time.Second, Burst: 20}
	payout := ratelimit.Limit{Rate: 1, Per: 5 * time.Second, Burst: 5}
	of := func(name string, l ratelimit.Limit, remaining int, reset time.Duration) ratelimit.Policy {
		return ratelimit.Policy{Name: name, Decision: ratelimit.Decision{Limit: l, Remaining: remaining, ResetAfter: reset}}
	}
	for _, c := range []struct {
		name     string
		policies []ratelimit.Policy
		limit    string
		policy   string
	}{
		{"None", nil, "", ""},
		{"Off", []ratelimit.Policy{of("default", ratelimit.Limit{}, 0, 0)}, "", ""},
		{"One", []ratelimit.Policy{of("default", merchant, 19, 1100*time.Millisecond)}, `"default";r=19;t=2`, `"default";q=20;w=2`},
		{"Two", []ratelimit.Policy{of("merchant", merchant, 0, 2*time.Second), of("payout", payout, 4, 5*time.Second)},
			`"merchant";r=0;t=2, "payout";r=4;t=5`, `"merchant";q=20;w=2, "payout";q=5;w=25`},
		{"OffLeftOut", []ratelimit.Policy{of("merchant", ratelimit.Limit{}, 0, 0), of("payout", payout, 4, time.Nanosecond)},
			`"payout";r=4;t=1`, `"payout";q=5;w=25`},
		{"NameQuoted", []ratelimit.Policy{of("a\"b\\c\r\né", payout, 1, 0)}, `"a\"b\\c";r=1;t=0`, `"a\"b\\c";q=5;w=25`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ratelimit.Value(c.policies...); got != c.limit {
				t.Errorf("RateLimit: got %s, want %s", got, c.limit)
			}
			if got := ratelimit.PolicyValue(c.policies...); got != c.policy {
				t.Errorf("RateLimit-Policy: got %s, want %s", got, c.policy)
			}
		})
	}
}

func TestRetryAfterValue(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		-time.Second: "1", 0: "1", time.Nanosecond: "1", time.Second: "1",
		time.Second + 1: "2", 59*time.Second + time.Millisecond: "60", time.Minute: "60",
	} {
		if got := ratelimit.RetryAfterValue(wait); got != want {
			t.Errorf("%v: got %s, want %s", wait, got, want)
		}
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7":              "192.0.2.7",
		"::ffff:192.0.2.7":       "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::/64",
		"2001:db8:1:2::9":        "2001:db8:1:2::/64",
		"fe80::1%eth0":           "fe80::/64",
		"::1":                    "::/64",
		"2001:db8:1:3::9":        "2001:db8:1:3::/64",
		"::ffff:192.0.2.7%scope": "192.0.2.7",
	} {
		if got := ratelimit.AddressKey(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
