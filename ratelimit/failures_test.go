package ratelimit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/ratelimit"
	"disburse/ratelimit/redistest"
)

var minuteStart = time.Unix(1763700000, 0).Truncate(time.Minute)

// hand is a clock that tests move.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hand) set(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = t
}

func TestGateBlocksForTheRestOfTheMinute(t *testing.T) {
	t.Parallel()
	clock := &hand{t: minuteStart.Add(12500 * time.Millisecond)}
	var got seen
	gate := ratelimit.New(ratelimit.Options{Now: clock.now, Observe: got.observe}).FailureGate("merchant", 10)
	for i := range 10 {
		if _, blocked := gate.Blocked("demo"); blocked {
			t.Fatalf("blocked after %d failures", i)
		}
		gate.Fail(t.Context(), "demo")
	}
	if wait, blocked := gate.Blocked("demo"); !blocked || wait != 47500*time.Millisecond {
		t.Errorf("after ten: %v, %t; want blocked for 47.5s", wait, blocked)
	}
	block := gate.Policy(47500 * time.Millisecond)
	if got := ratelimit.Value(block) + " " + ratelimit.PolicyValue(block); got != `"merchant";r=0;t=48 "merchant";q=10;w=60` {
		t.Errorf("headers: got %s", got)
	}
	if _, blocked := gate.Blocked("other"); blocked {
		t.Error("another key is blocked")
	}
	clock.set(minuteStart.Add(59999 * time.Millisecond))
	if wait, blocked := gate.Blocked("demo"); !blocked || wait != time.Millisecond {
		t.Errorf("at the end of the minute: %v, %t", wait, blocked)
	}
	clock.set(minuteStart.Add(time.Minute))
	if _, blocked := gate.Blocked("demo"); blocked {
		t.Error("blocked in the next minute")
	}
	for range 9 {
		gate.Fail(t.Context(), "demo")
	}
	if _, blocked := gate.Blocked("demo"); blocked {
		t.Error("the next minute does not count anew")
	}
	clock.set(minuteStart)
	gate.Fail(t.Context(), "demo")
	if _, blocked := gate.Blocked("demo"); blocked {
		t.Error("a clock set back keeps the block")
	}
	want := map[ratelimit.Observation]int{
		{Name: "merchant", Source: ratelimit.SourceProcess, Outcome: ratelimit.OutcomeFailed}:  20,
		{Name: "merchant", Source: ratelimit.SourceProcess, Outcome: ratelimit.OutcomeBlocked}: 2,
	}
	if diff := cmp.Diff(want, got.counts); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
}

// A process that has not seen the key fail lets it try, and knows better from
// its first failure on.
func TestGateLearnsFromOtherProcesses(t *testing.T) {
	t.Parallel()
	url := redistest.URL(t)
	gate := func() *ratelimit.FailureGate {
		return ratelimit.New(ratelimit.Options{
			Redis: client(t, url), Budget: generous, Now: func() time.Time { return minuteStart },
		}).FailureGate("merchant", 10)
	}
	one, two := gate(), gate()
	for range 10 {
		one.Fail(t.Context(), "demo")
	}
	if _, blocked := one.Blocked("demo"); !blocked {
		t.Error("not blocked where it failed")
	}
	if _, blocked := two.Blocked("demo"); blocked {
		t.Error("blocked where it never failed: did Blocked ask Redis?")
	}
	two.Fail(t.Context(), "demo")
	if _, blocked := two.Blocked("demo"); !blocked {
		t.Error("not blocked after the eleventh failure in all")
	}
	two.Fail(t.Context(), "other")
	if _, blocked := two.Blocked("other"); blocked {
		t.Error("another key is blocked")
	}
}

func TestGatesOfOtherNamesCountApart(t *testing.T) {
	t.Parallel()
	l := ratelimit.New(ratelimit.Options{
		Redis: client(t, redistest.URL(t)), Budget: generous, Now: func() time.Time { return minuteStart },
	})
	pair, address := l.FailureGate("pair", 2), l.FailureGate("address", 2)
	pair.Fail(t.Context(), "192.0.2.7")
	pair.Fail(t.Context(), "192.0.2.7")
	address.Fail(t.Context(), "192.0.2.7")
	if _, blocked := pair.Blocked("192.0.2.7"); !blocked {
		t.Error("not blocked")
	}
	if _, blocked := address.Blocked("192.0.2.7"); blocked {
		t.Error("one gate counts for the other")
	}
}

// Making up keys must not push a blocked one out.
func TestGateKeepsBlockedKeysWhenFull(t *testing.T) {
	t.Parallel()
	gate := ratelimit.New(ratelimit.Options{MaxKeys: 10, Now: func() time.Time { return minuteStart }}).FailureGate("g", 3)
	for range 3 {
		gate.Fail(t.Context(), "blocked")
	}
	for i := range 1000 {
		gate.Fail(t.Context(), fmt.Sprint("made up ", i))
	}
	if _, blocked := gate.Blocked("blocked"); !blocked {
		t.Error("the blocked key was forgotten")
	}
}
