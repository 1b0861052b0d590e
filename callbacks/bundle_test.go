package callbacks

import (
	"fmt"
	"testing"
	"time"
)

func TestQueueOf(t *testing.T) {
	t.Parallel()
	suspect, proven := window{Suspect: true}, window{Proven: true}
	room, full := crowd{most: 1, of: map[string]int{}}, crowd{}
	for _, c := range []struct {
		class Class
		known window
		held  crowd
		want  string
	}{
		{First, window{}, room, QueueFirst},
		{First, window{}, full, QueueRetry},
		{First, proven, full, QueueFirst},
		{First, suspect, room, QueueRetry},
		{Retry, proven, room, QueueRetry},
		{Bulk, proven, room, QueueBulk},
		{Bulk, suspect, full, QueueBulk},
	} {
		if got := queueOf(wake{Class: c.class, Endpoint: testEndpoint}, c.known, c.held); got != c.want {
			t.Errorf("%s of %+v with %+v in hand goes to %s, want %s", c.class, c.known, c.held, got, c.want)
		}
	}
}

// An untried endpoint may hang: one server, or one merchant, holds a share of
// the workers of the first attempts at most.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const share = 4
	first := func(r *relay, format string, n int) int {
		count := 0
		var taken []wake
		var names []string
		for i := range n {
			endpoint := fmt.Sprintf(format, i)
			names = append(names, endpoint)
			taken = append(taken, wake{ID: fmt.Sprint(i), Class: First, Endpoint: endpoint})
		}
		r.remember(wanted{endpoints: names, sizes: make([]int32, n)}, taken, nil)
		for _, bundle := range r.bundles(taken) {
			if bundle.queue == QueueFirst {
				count += len(bundle.wakes)
			}
		}
		return count
	}
	newTestRelay := func() *relay {
		s := &Sender{windows: newWindows(), cfg: Config{TaskSize: 8, FirstWorkers: share * crowdShare}}
		s.relay = newRelay(s, nil, nil)
		return s.relay
	}
	t.Run("OneServerOfManyMerchants", func(t *testing.T) {
		t.Parallel()
		r := newTestRelay()
		if n := first(r, "mer_%d|https://m.example:443", 10); n != share {
			t.Errorf("%d first attempts, want %d", n, share)
		}
		if n := first(r, "mer_new%d|https://m.example:443", 3); n != 0 {
			t.Errorf("%d more first attempts on a server that holds its share", n)
		}
		if n := first(r, "mer_new%d|https://n.example:443", 3); n != 3 {
			t.Errorf("%d of 3 first attempts on another server", n)
		}
	})
	t.Run("OneMerchantOfManyServers", func(t *testing.T) {
		t.Parallel()
		r := newTestRelay()
		if n := first(r, "mer_1|https://m%d.example:443", 10); n != share {
			t.Errorf("%d first attempts, want %d", n, share)
		}
		if n := first(r, "mer_2|https://m%d.example:443", 3); n != 3 {
			t.Errorf("%d of 3 first attempts of another merchant", n)
		}
	})
	t.Run("WhatIsRecordedMakesRoom", func(t *testing.T) {
		t.Parallel()
		r := newTestRelay()
		first(r, "mer_%d|https://m.example:443", share)
		r.recorded([]report{{job: job{Endpoint: "mer_1|https://m.example:443"}}}, nil, nil)
		if n := first(r, "mer_new%d|https://m.example:443", 3); n != 1 {
			t.Errorf("%d first attempts in one free place", n)
		}
	})
	t.Run("WhatIsKnownToBeQuickHasNoShare", func(t *testing.T) {
		t.Parallel()
		r := newTestRelay()
		for i := range 10 {
			r.s.windows.observe(fmt.Sprintf("mer_%d|https://m.example:443", i), result{Outcome: Accepted, Status: 200}, time.Millisecond, epochTime)
		}
		if n := first(r, "mer_%d|https://m.example:443", 10); n != 10 {
			t.Errorf("%d of 10 first attempts", n)
		}
		if n := first(r, "mer_new%d|https://m.example:443", share); n != share {
			t.Errorf("%d of %d first attempts beside them", n, share)
		}
	})
}

func TestBundles(t *testing.T) {
	t.Parallel()
	s := &Sender{windows: newWindows(), cfg: Config{TaskSize: 3, FirstWorkers: 256}}
	s.relay = newRelay(s, nil, nil)
	var taken []wake
	for i := range 10 {
		taken = append(taken, wake{ID: fmt.Sprint(i), Class: First, Endpoint: []string{"a", "b"}[i%2]})
	}
	seen := map[string]bool{}
	bundles := s.relay.bundles(taken)
	for _, bundle := range bundles {
		if n := len(bundle.wakes); n == 0 || n > 3 {
			t.Errorf("a task of %d", n)
		}
		for _, w := range bundle.wakes {
			if seen[w.ID] || w.Endpoint != bundle.wakes[0].Endpoint {
				t.Errorf("bundle %+v", bundle)
			}
			seen[w.ID] = true
		}
	}
	if len(bundles) != 4 || len(seen) != 10 {
		t.Errorf("%d bundles of %d deliveries, want 4 of 10", len(bundles), len(seen))
	}
}
