package ratelimit_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/ratelimit"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		want  ratelimit.Limit
		print string
	}{
		{"off", ratelimit.Limit{}, "off"},
		{"10/s:20", ratelimit.Limit{Rate: 10, Per: time.Second, Burst: 20}, "10/s:20"},
		{"1/5s:5", ratelimit.Limit{Rate: 1, Per: 5 * time.Second, Burst: 5}, "1/5s:5"},
		{"500/s:1000", ratelimit.Limit{Rate: 500, Per: time.Second, Burst: 1000}, "500/s:1000"},
		{"10/s", ratelimit.Limit{Rate: 10, Per: time.Second, Burst: 10}, "10/s:10"},
		{"60/60s:1", ratelimit.Limit{Rate: 60, Per: time.Minute, Burst: 1}, "60/m:1"},
		{"1/90s:1", ratelimit.Limit{Rate: 1, Per: 90 * time.Second, Burst: 1}, "1/90s:1"},
		{"1/120m:1", ratelimit.Limit{Rate: 1, Per: 2 * time.Hour, Burst: 1}, "1/2h:1"},
		{"100000/s:1000000", ratelimit.Limit{Rate: 100_000, Per: time.Second, Burst: 1_000_000}, "100000/s:1000000"},
		{"1/24h:31", ratelimit.Limit{Rate: 1, Per: 24 * time.Hour, Burst: 31}, "1/24h:31"},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			got, err := ratelimit.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.String() != c.print {
				t.Errorf("prints %q, want %q", got.String(), c.print)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Off", "on", "10", "10/", "/s:1", "10/s:", "10/s:0", "0/s:1", "-1/s:1", "+1/s:1", "01/s:1", "1/01s:1",
		"10/s:20:30", "10 /s:20", "10/s:20 ", "10/d:1", "10/0s:1", "1/25h:1", "1/ms:1", "1/1.5s:1", "1.5/s:1", "1e3/s:1",
		"100001/s:1", "1/s:1000001", "1/24h:32", "1/999999999h:1", "9999999999/s:1", "1/s:99999999999999999999", "１/s:1",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, err := ratelimit.Parse(text); !errors.Is(err, ratelimit.ErrBadLimit) || !got.IsOff() {
				t.Errorf("got %v, %v; want ErrBadLimit", got, err)
			}
		})
	}
}

func TestLimitInJSON(t *testing.T) {
	t.Parallel()
	type settings struct{ Status, Create ratelimit.Limit }
	want := settings{Status: ratelimit.Limit{Rate: 1, Per: 5 * time.Second, Burst: 5}}
	raw, err := json.Marshal(want)
	if err != nil || string(raw) != `{"Status":"1/5s:5","Create":"off"}` {
		t.Fatalf("got %s, %v", raw, err)
	}
	var got settings
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := json.Unmarshal([]byte(`{"Status":"x"}`), &got); !errors.Is(err, ratelimit.ErrBadLimit) {
		t.Errorf("got %v, want ErrBadLimit", err)
	}
}

// What Parse accepts is valid, prints as itself and decides without trouble.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"off", "10/s:20", "1/5s:5", "3/s", "1/24h:31", "100000/s:1000000", "1/0s:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ratelimit.Parse(text)
		if err != nil {
			return
		}
		if err := l.Validate(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again, err := ratelimit.Parse(l.String()); err != nil || again != l {
			t.Fatalf("%q prints as %q, which reads as %v, %v", text, l, again, err)
		}
		now := time.Unix(1763700000, 0)
		next, d := ratelimit.Decide(l, time.Time{}, now)
		if !d.Allowed || (!l.IsOff() && (!next.After(now) || d.Remaining != l.Burst-1)) {
			t.Fatalf("%q: first decision %+v, next %v", text, d, next)
		}
	})
}
