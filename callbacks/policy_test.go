package callbacks

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return since.Add(d) }
	refused := func(status int) result { return result{Outcome: Refused, Status: status} }
	for name, c := range map[string]struct {
		result   result
		failures int
		now      time.Duration
		jitter   float64
		want     verdict
	}{
		"OK":                 {result{Outcome: Accepted, Status: 200}, 0, 0, 0, verdict{State: Delivered}},
		"OKAfterFailures":    {result{Outcome: Accepted, Status: 299}, 7, time.Hour, 1, verdict{State: Delivered, Failures: 7}},
		"OKAfterTheSchedule": {result{Outcome: Accepted, Status: 204}, 12, 90 * time.Hour, 0, verdict{State: Delivered, Failures: 12}},

		"First":    {refused(500), 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},
		"Second":   {refused(500), 1, 0, 0, verdict{State: Pending, Failures: 2, Next: at(30 * time.Second)}},
		"Third":    {refused(500), 2, 0, 0, verdict{State: Pending, Failures: 3, Next: at(2 * time.Minute)}},
		"Fourth":   {refused(500), 3, 0, 0, verdict{State: Pending, Failures: 4, Next: at(10 * time.Minute)}},
		"Fifth":    {refused(500), 4, 0, 0, verdict{State: Pending, Failures: 5, Next: at(30 * time.Minute)}},
		"Sixth":    {refused(500), 5, 0, 0, verdict{State: Pending, Failures: 6, Next: at(time.Hour)}},
		"Seventh":  {refused(500), 6, 0, 0, verdict{State: Pending, Failures: 7, Next: at(3 * time.Hour)}},
		"Eighth":   {refused(500), 7, 0, 0, verdict{State: Pending, Failures: 8, Next: at(6 * time.Hour)}},
		"Ninth":    {refused(500), 8, 0, 0, verdict{State: Pending, Failures: 9, Next: at(12 * time.Hour)}},
		"Tenth":    {refused(500), 9, 0, 0, verdict{State: Pending, Failures: 10, Next: at(24 * time.Hour)}},
		"Eleventh": {refused(500), 10, 0, 0, verdict{State: Pending, Failures: 11, Next: at(24 * time.Hour)}},
		"JitterUp": {refused(500), 0, 0, 1, verdict{State: Pending, Failures: 1, Next: at(12 * time.Second)}},
		"JitterDn": {refused(500), 0, 0, -1, verdict{State: Pending, Failures: 1, Next: at(8 * time.Second)}},

		"EndsOnDayThree":   {refused(500), 10, 48 * time.Hour, 0, verdict{State: Pending, Failures: 11, Next: at(72 * time.Hour)}},
		"NotBeforeIt":      {refused(500), 10, 52 * time.Hour, 1, verdict{State: Pending, Failures: 11, Next: at(72 * time.Hour)}},
		"ExhaustedAfterIt": {refused(500), 11, 72 * time.Hour, 0, verdict{State: Dead, Failures: 12, Reason: ReasonExhausted}},

		"Gone":         {refused(410), 0, 0, 0, verdict{State: Dead, Failures: 1, Reason: ReasonGone}},
		"NotFound":     {refused(404), 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},
		"Redirect":     {refused(302), 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},
		"TimedOut":     {result{Outcome: TimedOut}, 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},
		"Unreachable":  {result{Outcome: Unreachable}, 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},
		"ForbiddenFor": {result{Outcome: Forbidden}, 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(10 * time.Second)}},

		"NotAttemptedCountsForNothing": {result{Outcome: NotAttempted}, 3, time.Minute, 0, verdict{State: Pending, Failures: 3, Next: at(time.Minute + 15*time.Second)}},
		"NotAttemptedEverMoreRarely":   {result{Outcome: NotAttempted}, 3, 5 * time.Hour, 0, verdict{State: Pending, Failures: 3, Next: at(5*time.Hour + 30*time.Minute)}},
		"NotAttemptedIsNeverDead":      {result{Outcome: NotAttempted}, 3, 1000 * time.Hour, 0, verdict{State: Pending, Failures: 3, Next: at(1001 * time.Hour)}},

		"RetryAfterLonger":       {result{Outcome: Refused, Status: 503, RetryAfter: time.Hour}, 0, 0, 1, verdict{State: Pending, Failures: 1, Next: at(time.Hour)}},
		"RetryAfterShorter":      {result{Outcome: Refused, Status: 429, RetryAfter: 2 * time.Second}, 4, 0, 0, verdict{State: Pending, Failures: 5, Next: at(2 * time.Second)}},
		"RetryAfterShorterNoEnd": {result{Outcome: Refused, Status: 429, RetryAfter: 2 * time.Second}, 5, 0, 0, verdict{State: Pending, Failures: 6, Next: at(time.Hour)}},
		"RetryAfterBounded":      {result{Outcome: Refused, Status: 503, RetryAfter: 1000 * time.Hour}, 0, 0, 0, verdict{State: Pending, Failures: 1, Next: at(24 * time.Hour)}},
		"RetryAfterPastDayThree": {result{Outcome: Refused, Status: 503, RetryAfter: 24 * time.Hour}, 0, 60 * time.Hour, 0, verdict{State: Pending, Failures: 1, Next: at(72 * time.Hour)}},
		"RetryAfterOfGone":       {result{Outcome: Refused, Status: 410, RetryAfter: time.Hour}, 0, 0, 0, verdict{State: Dead, Failures: 1, Reason: ReasonGone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decide(c.result, c.failures, since, at(c.now), c.jitter)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// However an endpoint behaves, a delivery is given up at the end of the schedule,
// neither later nor before, and after a bounded number of attempts.
func TestDecideEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		now, failures := since, 0
		for {
			r := result{
				Outcome:    rapid.SampledFrom([]Outcome{Refused, TimedOut, Unreachable, Forbidden}).Draw(t, "outcome"),
				RetryAfter: time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "retry after")),
			}
			v := decide(r, failures, since, now, rapid.Float64Range(-1, 1).Draw(t, "jitter"))
			if v.Failures != failures+1 {
				t.Fatalf("failures %d after %d", v.Failures, failures)
			}
			if v.State == Dead {
				if now.Sub(since) != scheduleEnds {
					t.Fatalf("given up after %v", now.Sub(since))
				}
				return
			}
			if !v.Next.After(now) || v.Next.Sub(since) > scheduleEnds || v.Failures > 100 {
				t.Fatalf("at %v: next %v, failures %d", now.Sub(since), v.Next.Sub(since), v.Failures)
			}
			now, failures = v.Next, v.Failures
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "86400": 24 * time.Hour,
		"-1": 0, "1.5": 0, "soon": 0, "1e9": 0, " 5": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", header, got, want)
		}
	}
	for _, header := range []string{"1000000", "4294967296", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		if got := retryAfter(header, now); got < maxRetryAfter {
			t.Errorf("retryAfter(%q), above the bound, reads as %v", header, got)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	good, bad := result{Outcome: Accepted, Status: 200}, result{Outcome: Refused, Status: 500}
	for name, c := range map[string]struct {
		from   window
		result result
		took   time.Duration
		want   window
	}{
		"GrowsWhenQuick":       {window{Size: 8}, good, time.Millisecond, window{Size: 9, Proven: true}},
		"StopsAtTheCap":        {window{Size: windowCap}, good, time.Millisecond, window{Size: windowCap, Proven: true}},
		"StaysWhenNotQuick":    {window{Size: 8}, good, time.Second, window{Size: 8}},
		"HalvesWhenSluggish":   {window{Size: 8}, good, 4 * time.Second, window{Size: 4}},
		"HalvesOnServerErrors": {window{Size: 100}, bad, time.Millisecond, window{Size: 50}},
		"HalvesOnTooMany":      {window{Size: 100}, result{Outcome: Refused, Status: 429}, 0, window{Size: 50}},
		"HalvesOnNoConnection": {window{Size: 100}, result{Outcome: Unreachable}, 0, window{Size: 50}},
		"StopsAtTheFloor":      {window{Size: 3}, bad, 0, window{Size: windowFloor}},
		"StaysOnRefusals":      {window{Size: 8}, result{Outcome: Refused, Status: 404}, 0, window{Size: 8}},
		"StaysWhenWeStop":      {window{Size: 8}, result{Outcome: NotAttempted}, 10 * time.Second, window{Size: 8}},
		"FloorWhenHanging":     {window{Size: 200, Proven: true}, result{Outcome: TimedOut}, 10 * time.Second, window{Size: windowFloor, Suspect: true}},
		"TrustedAgain":         {window{Size: 2, Suspect: true}, good, time.Millisecond, window{Size: 3, Proven: true}},
		"NotTrustedForAnError": {window{Size: 2, Suspect: true}, bad, time.Millisecond, window{Size: 2, Suspect: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.from.after(c.result, c.took)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	t.Run("ForgetsTheIdle", func(t *testing.T) {
		t.Parallel()
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		ws := newWindows()
		ws.observe("https://a.example:443", good, time.Millisecond, now)
		ws.observe("https://b.example:443", good, time.Millisecond, now.Add(forgetIdle))
		ws.forget(now.Add(forgetIdle + time.Second))
		if len(ws.of) != 1 || ws.get("https://a.example:443").Size != windowStart || ws.get("https://b.example:443").Size != windowStart+1 {
			t.Errorf("left: %v", ws.of)
		}
	})
}

func TestCircuitWindow(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		failures    int
		last, now   time.Duration
		size, after int
	}{
		"ClosedWithoutFailures":  {0, 0, 0, 8, 8},
		"ClosedWhenFew":          {circuitFailures - 1, circuitAfter, circuitAfter, 8, 8},
		"ClosedWhenShort":        {1000, circuitAfter - time.Second, circuitAfter, 8, 8},
		"OpenWhenLong":           {circuitFailures, circuitAfter, circuitAfter, 8, 0},
		"OpenUntilTheProbe":      {circuitFailures, circuitAfter, circuitAfter + probeEvery - 1, 8, 0},
		"OneProbe":               {circuitFailures, circuitAfter, circuitAfter + probeEvery, 8, 1},
		"OneProbeHoweverLongAgo": {circuitFailures, circuitAfter, circuitAfter + 100*time.Hour, 256, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := circuit{Failures: c.failures, FailingSince: start, LastFailure: start.Add(c.last)}
			if got := run.window(c.size, start.Add(c.now)); got != c.after {
				t.Errorf("window %d, want %d", got, c.after)
			}
		})
	}
}
