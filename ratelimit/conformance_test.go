package ratelimit

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"disburse/ratelimit/redistest"
)

var start = time.Unix(1763700000, 123456000)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// stores makes one of each kind on the clock, the pure rule among them.
func stores(t testing.TB, c *clock) map[string]store {
	return map[string]store{
		"Memory": newMemory(c.now, 1000),
		"Redis":  &shared{client: redistest.New(t), now: c.now},
	}
}

type step struct {
	after     time.Duration // since the start
	times     int           // how often; 1 when 0
	limit     string        // "" for the one before
	allowed   bool
	remaining int // the rest is of the last time
	retry     time.Duration
	reset     time.Duration
}

var ruleTable = []struct {
	name  string
	limit string
	steps []step
}{
	{"BurstThenOnePerInterval", "10/s:20", []step{
		{after: 0, allowed: true, remaining: 19, reset: 100 * time.Millisecond},
		{after: 0, times: 18, allowed: true, remaining: 1, reset: 1900 * time.Millisecond},
		{after: 0, allowed: true, remaining: 0, reset: 2 * time.Second},
		{after: 0, retry: 100 * time.Millisecond, reset: 2 * time.Second},
		{after: 99_999 * time.Microsecond, retry: time.Microsecond, reset: 1_900_001 * time.Microsecond},
		{after: 100 * time.Millisecond, allowed: true, reset: 2 * time.Second},
		{after: 100 * time.Millisecond, retry: 100 * time.Millisecond, reset: 2 * time.Second},
	}},
	{"RefusedUsesNothingUp", "1/5s:1", []step{
		{after: 0, allowed: true, reset: 5 * time.Second},
		{after: time.Second, times: 100, retry: 4 * time.Second, reset: 4 * time.Second},
		{after: 5 * time.Second, allowed: true, reset: 5 * time.Second},
	}},
	{"RefillsToTheBurstAndNoFurther", "1/5s:5", []step{
		{after: 0, times: 5, allowed: true, remaining: 0, reset: 25 * time.Second},
		{after: 12 * time.Second, allowed: true, remaining: 1, reset: 18 * time.Second},
		{after: time.Hour, allowed: true, remaining: 4, reset: 5 * time.Second},
		{after: time.Hour, times: 4, allowed: true, remaining: 0, reset: 25 * time.Second},
		{after: time.Hour, retry: 5 * time.Second, reset: 25 * time.Second},
	}},
	{"WholeBurstOfALargeLimit", "500/s:1000", []step{
		{after: 0, times: 1000, allowed: true, remaining: 0, reset: 2 * time.Second},
		{after: 0, retry: 2 * time.Millisecond, reset: 2 * time.Second},
		{after: time.Second, times: 500, allowed: true, remaining: 0, reset: 2 * time.Second},
		{after: time.Second, retry: 2 * time.Millisecond, reset: 2 * time.Second},
	}},
	{"IntervalThatIsNoWholeMicrosecond", "3/s:3", []step{
		{after: 0, times: 3, allowed: true, remaining: 0, reset: 999_999 * time.Microsecond},
		{after: 0, retry: 333_333 * time.Microsecond, reset: 999_999 * time.Microsecond},
	}},
	{"ClockSetBackLocksNobodyOut", "10/s:20", []step{
		{after: time.Hour, allowed: true, remaining: 19, reset: 100 * time.Millisecond},
		{after: 0, retry: 100 * time.Millisecond, reset: 2 * time.Second},
		{after: 100 * time.Millisecond, allowed: true, remaining: 0, reset: 2 * time.Second},
	}},
	{"ShorterLimitAppliesAtOnce", "1/h:24", []step{
		{after: 0, times: 24, allowed: true, remaining: 0, reset: 24 * time.Hour},
		{after: 0, limit: "10/s:20", retry: 100 * time.Millisecond, reset: 2 * time.Second},
		{after: 99 * time.Millisecond, retry: time.Millisecond, reset: 1901 * time.Millisecond},
		{after: 100 * time.Millisecond, allowed: true, remaining: 0, reset: 2 * time.Second},
	}},
}

func TestRule(t *testing.T) {
	t.Parallel()
	for _, c := range ruleTable {
		moving := &clock{t: start}
		for name, s := range stores(t, moving) {
			limit, err := Parse(c.limit)
			if err != nil {
				t.Fatal(err)
			}
			for i, st := range c.steps {
				moving.set(start.Add(st.after))
				if st.limit != "" {
					if limit, err = Parse(st.limit); err != nil {
						t.Fatal(err)
					}
				}
				var got Decision
				for range max(st.times, 1) {
					if got, err = s.take(t.Context(), "test:"+c.name, limit); err != nil {
						t.Fatal(err)
					}
					if got.Allowed != st.allowed {
						break
					}
				}
				want := Decision{Allowed: st.allowed, Limit: limit, Remaining: st.remaining, RetryAfter: st.retry, ResetAfter: st.reset}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s/%s step %d (-want +got):\n%s", c.name, name, i, diff)
				}
			}
		}
	}
}

func anyLimit(t *rapid.T) Limit {
	l := Limit{
		Rate:  rapid.IntRange(1, 2000).Draw(t, "rate"),
		Per:   time.Duration(rapid.IntRange(1, 600).Draw(t, "per")) * time.Second,
		Burst: rapid.IntRange(1, 30).Draw(t, "burst"),
	}
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	return l
}

// Both stores answer alike to the microsecond, whatever comes when; and in no
// stretch of time does either allow more than the burst and what refills.
func TestStoresAgreeAndKeepTheLimit(t *testing.T) {
	t.Parallel()
	moving := &clock{t: start}
	both := stores(t, moving)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		limit := anyLimit(rt)
		run++
		key := fmt.Sprintf("property:%d", run)
		now := start
		var allowed []time.Time
		for range rapid.IntRange(1, 60).Draw(rt, "requests") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 3*limit.interval().Microseconds()).Draw(rt, "gap")) * time.Microsecond)
			moving.set(now)
			mem, err := both["Memory"].take(t.Context(), key, limit)
			if err != nil {
				rt.Fatal(err)
			}
			red, err := both["Redis"].take(t.Context(), key, limit)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(mem, red); diff != "" {
				rt.Fatalf("(-memory +redis):\n%s", diff)
			}
			if mem.Allowed {
				allowed = append(allowed, now)
			}
		}
		for i, from := range allowed {
			for j := i; j < len(allowed); j++ {
				most := limit.Burst + int(allowed[j].Sub(from)/limit.interval())
				if n := j - i + 1; n > most {
					rt.Fatalf("%v allowed %d within %v, at most %d", limit, n, allowed[j].Sub(from), most)
				}
			}
		}
	})
}

// A client that waits as long as it was told is allowed.
func TestWaitingAsToldIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := anyLimit(t)
		now, stored := start, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.Int64Range(0, limit.interval().Microseconds()).Draw(t, "gap")) * time.Microsecond)
			next, d := Decide(limit, stored, now)
			if !d.Allowed {
				if next != stored {
					t.Fatal("a refusal used something up")
				}
				if _, early := Decide(limit, stored, now.Add(d.RetryAfter-time.Microsecond)); early.Allowed {
					t.Fatalf("told to wait %v, allowed before", d.RetryAfter)
				}
				if _, told := Decide(limit, stored, now.Add(d.RetryAfter)); !told.Allowed {
					t.Fatalf("told to wait %v, refused then", d.RetryAfter)
				}
			}
			if _, full := Decide(limit, next, now.Add(d.ResetAfter)); full.Remaining != limit.Burst-1 {
				t.Fatalf("after the reset %d remain of %v", full.Remaining, limit)
			}
			stored = next
		}
	})
}

func TestInvalidLimitRefuses(t *testing.T) {
	t.Parallel()
	for _, l := range []Limit{{Rate: 1}, {Burst: 1}, {Rate: -1, Per: time.Second, Burst: 1}, {Rate: 1, Per: time.Millisecond, Burst: 1}} {
		if _, d := Decide(l, time.Time{}, start); d.Allowed || d.RetryAfter <= 0 {
			t.Errorf("%+v: got %+v, want a refusal", l, d)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	moving := &clock{t: start}
	m := newMemory(moving.now, 100)
	limit := Limit{Rate: 1, Per: time.Minute, Burst: 3}
	for i := range 10_000 {
		if _, err := m.take(t.Context(), fmt.Sprint("k:", i), limit); err != nil {
			t.Fatal(err)
		}
		if len(m.times) > 100 {
			t.Fatalf("holds %d keys", len(m.times))
		}
	}
}

// Only a look at some keys chooses what goes, so a used-up key may go in the
// end; but not before the fresh ones around it.
func TestMemoryForgetsTheFullestFirst(t *testing.T) {
	t.Parallel()
	moving := &clock{t: start}
	m := newMemory(moving.now, 10)
	limit := Limit{Rate: 1, Per: time.Minute, Burst: 3}
	for range 3 {
		_, _ = m.take(t.Context(), "used:up", limit)
	}
	for i := range 1000 {
		_, _ = m.take(t.Context(), fmt.Sprint("fresh:", i), limit)
	}
	if d, _ := m.take(t.Context(), "used:up", limit); d.Allowed {
		t.Error("the used-up key was forgotten")
	}
}
