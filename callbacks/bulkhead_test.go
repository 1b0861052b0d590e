package callbacks

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// of is an event of another merchant.
func (b *bench) of(merchant, url string) Event {
	ev := b.event(url)
	ev.MerchantID = merchant
	return ev
}

// A merchant chooses where its callbacks go, another merchant's server
// included.
func TestOneMerchantCannotStopAnother(t *testing.T) {
	t.Parallel()
	// aimed is a server that mer_2 is at home on, with the circuit of mer_1,
	// who sends what fails there, open.
	aimed := func(t *testing.T) (*bench, *Sender, *receiver) {
		b := newBench(t)
		rc := newReceiver(b, func(w http.ResponseWriter, r *http.Request, _ int) {
			if r.URL.Path == "/none" {
				w.WriteHeader(http.StatusNotFound)
			}
		})
		s := b.start()
		var failing []Event
		for range circuitFailures {
			failing = append(failing, b.of("mer_1", rc.URL+"/none"))
		}
		ids := b.stageEvents(failing...)
		for _, id := range ids {
			b.attempted(id, 1)
		}
		b.clock.advance(circuitAfter + 2*time.Second)
		s.Wake()
		b.until("the circuit to open", func() bool { return len(s.relay.open()) == 1 })
		b.until("nothing in hand", func() bool { return b.inHand() == 0 })
		return b, s, rc
	}
	t.Run("ByFailing", func(t *testing.T) {
		b, s, rc := aimed(t)
		id := b.stageEvents(b.of("mer_2", rc.URL+"/hook"))[0]
		b.reach(Delivered, id)
		if open := s.relay.open(); len(open) != 1 {
			t.Errorf("open circuits after a success of the other merchant: %v, want that of the first", open)
		}
	})
	t.Run("ByFillingTheWindow", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, func(w http.ResponseWriter, r *http.Request, n int) {
			if r.URL.Path == "/slow" {
				hang(w, r, n)
			}
		})
		b.start()
		for range windowStart {
			b.stageEvents(b.of("mer_1", rc.URL+"/slow"))
		}
		b.until("the window to be full", func() bool { return rc.mostAtOnce() == windowStart })
		b.reach(Delivered, b.stageEvents(b.of("mer_2", rc.URL+"/hook"))...)
		if n := rc.atOnce(); n != windowStart {
			t.Errorf("delivered when %d of %d places were still held", n, windowStart)
		}
	})
}

// Forty merchants on one server that hangs would fill all the workers of the
// first attempts with their windows.
func TestHangingServerOfManyDelaysNobody(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	var mu sync.Mutex
	var lags []time.Duration
	b.start(func(c *Config) {
		c.TaskSize = 1 // as when they are staged one by one: each takes a worker
		c.OnAttempt = func(a Announcement) {
			if a.Outcome == Accepted {
				mu.Lock()
				lags = append(lags, a.Lag)
				mu.Unlock()
			}
		}
	})
	hanging, healthy := newReceiver(b, hang), newReceiver(b, nil)
	var many []Event
	for i := range 40 * windowStart {
		many = append(many, b.of(fmt.Sprintf("mer_hung%d", i%40), hanging.URL))
	}
	b.stageEvents(many...)
	b.until("the hanging server to hold what it is given", func() bool { return hanging.mostAtOnce() >= 100 })
	var ids []string
	for range 30 {
		ids = append(ids, b.stageEvents(b.of("mer_healthy", healthy.URL))...)
		time.Sleep(10 * time.Millisecond)
	}
	b.reach(Delivered, ids...)
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(lags)
	// The first attempts end after ten seconds.
	if p90 := lags[len(lags)*9/10]; p90 > 3*time.Second {
		t.Errorf("beside forty merchants that hang a healthy one waits %v (90 of 100), want it not to notice", p90)
	}
}

// What was never tried has not used its schedule up.
func TestNothingIsBuriedUntried(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change string
		want   State
	}{
		"NeverAttempted":     {`attempts = 0`, Pending},
		"NeverReallySent":    {`attempts = 3`, Pending},
		"ResentAndNotTried":  {`attempts = 12, failures = 0, class = 'bulk'`, Pending},
		"FailedItsSchedule":  {`attempts = 1, failures = 1, class = 'retry'`, Dead},
		"AnotherMerchantsIs": {`attempts = 1, failures = 1, endpoint = 'mer_2|https://m.example:443'`, Pending},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			old := b.event("https://m.example/")
			old.At = b.now().Add(-scheduleEnds - time.Second)
			b.stageEvents(old)
			if _, err := b.db.Exec(t.Context(), `update callback_deliveries set `+c.change); err != nil {
				t.Fatal(err)
			}
			b.fail(testEndpoint)
			if err := b.sender().relay.sweep(t.Context(), map[string]bool{}); err != nil {
				t.Fatal(err)
			}
			if d := b.get(old.ID); d.State != c.want {
				t.Errorf("item %+v, want it %s", d.Item, c.want)
			}
		})
	}
}

// fail opens the circuit of an endpoint.
func (b *bench) fail(endpoint string) {
	b.t.Helper()
	_, err := b.db.Exec(b.t.Context(), `insert into callback_circuits (endpoint, failures, failing_since, last_failure) values ($1, 100, $2, $3)`,
		endpoint, b.now().Add(-scheduleEnds), b.now())
	if err != nil {
		b.t.Fatal(err)
	}
}
