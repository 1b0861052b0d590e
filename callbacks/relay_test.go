package callbacks

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const testEndpoint = "mer_1|https://m.example:443"

func TestStage(t *testing.T) {
	t.Parallel()
	t.Run("StandsAndFallsWithTheTransaction", func(t *testing.T) {
		b := newBench(t)
		tx, err := b.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sql, args := grouped([]Event{b.event("https://m.example/"), b.event("https://n.example/")})
		tag, err := tx.Exec(t.Context(), sql, args...)
		if err != nil || tag.RowsAffected() != 2 {
			t.Fatalf("staged %d, %v", tag.RowsAffected(), err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		page, err := b.journal().List(t.Context(), Filter{}, "", 0)
		if err != nil || len(page.Items) != 0 {
			t.Errorf("after the rollback: %+v, %v", page, err)
		}
		if found, err := b.sender().store.discover(t.Context(), b.now()); err != nil || len(found) != 0 {
			t.Errorf("after the rollback due: %v, %v", found, err)
		}
	})
	t.Run("RefusesAnIdTwice", func(t *testing.T) {
		b := newBench(t)
		ev := b.event("https://m.example/")
		b.stageEvents(ev)
		sql, args := grouped([]Event{ev})
		refused := new(pgconn.PgError)
		if _, err := b.db.Exec(t.Context(), sql, args...); !errors.As(err, &refused) || refused.Code != "23505" {
			t.Errorf("got %v, want a unique violation", err)
		}
	})
	t.Run("NotifiesOncePerStatementWhereToLook", func(t *testing.T) {
		b := newBench(t)
		conn, err := b.db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		if _, err := conn.Exec(t.Context(), listenSQL); err != nil {
			t.Fatal(err)
		}
		b.stageEvents(b.event("https://m.example/a"), b.event("https://m.example/b"), b.event("http://n.example/"))
		var many []Event
		for i := range 400 {
			many = append(many, b.event(fmt.Sprintf("https://host-%d.example/", i)))
		}
		b.stageEvents(many...)
		for _, want := range []string{"mer_1|http://n.example:80 mer_1|https://m.example:443", ""} {
			n, err := conn.Conn().WaitForNotification(t.Context())
			if err != nil || n.Payload != want {
				t.Errorf("notified %q, %v; want %q", n.Payload, err, want)
			}
		}
	})
}

func TestTake(t *testing.T) {
	t.Parallel()
	t.Run("FillsTheWindowAndNoMore", func(t *testing.T) {
		b := newBench(t)
		s := b.sender()
		ids := b.stage("https://m.example/", 30)
		if taken := b.taken(s, testEndpoint, 8); len(taken) != 8 {
			t.Fatalf("took %d, want 8", len(taken))
		}
		if taken := b.taken(s, testEndpoint, 8); len(taken) != 0 {
			t.Errorf("took %d more with the window full", len(taken))
		}
		if taken := b.taken(s, testEndpoint, 10); len(taken) != 2 {
			t.Errorf("took %d when the window grew by two", len(taken))
		}
		// One in hand ends: one place.
		jobs, err := s.store.claim(t.Context(), ids[:1], []int32{1}, b.now().Add(s.cfg.Lease))
		if err != nil || len(jobs) != 1 {
			t.Fatalf("claimed %v, %v", jobs, err)
		}
		s.flush([]report{{job: jobs[0], result: result{Outcome: Accepted, Status: 200}, verdict: verdict{State: Delivered}, Started: b.now(), Ended: b.now()}})
		if taken := b.taken(s, testEndpoint, 10); len(taken) != 1 {
			t.Errorf("took %d for the place that became free", len(taken))
		}
		if taken := b.taken(s, testEndpoint, windowFloor); len(taken) != 0 {
			t.Errorf("took %d with more in hand than the window allows", len(taken))
		}
	})
	t.Run("CountsWhatOthersHold", func(t *testing.T) {
		b := newBench(t)
		one, two := b.sender(), b.sender()
		b.stage("https://m.example/", 200)
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]bool{}
		for i := range 20 {
			wg.Go(func() {
				taken, _, err := []*Sender{one, two}[i%2].store.take(t.Context(), wanted{endpoints: []string{testEndpoint}, sizes: []int32{64}}, b.now(), b.now().Add(time.Minute))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				for _, w := range taken {
					if seen[w.ID] {
						t.Errorf("%s taken twice", w.ID)
					}
					seen[w.ID] = true
				}
			})
		}
		wg.Wait()
		if len(seen) != 64 {
			t.Errorf("took %d, want the window of 64", len(seen))
		}
	})
	t.Run("TakesTheOldestDue", func(t *testing.T) {
		b := newBench(t)
		s := b.sender()
		late, early, future := b.event("https://m.example/"), b.event("https://m.example/"), b.event("https://m.example/")
		early.At, future.At = b.now().Add(-time.Minute), b.now().Add(time.Minute)
		b.stageEvents(late, early, future)
		if taken := b.taken(s, testEndpoint, 1); len(taken) != 1 || taken[0].ID != early.ID {
			t.Errorf("took %v, want the oldest", taken)
		}
		if taken := b.taken(s, testEndpoint, 8); len(taken) != 1 || taken[0].ID != late.ID {
			t.Errorf("took %v, want what is due", taken)
		}
	})
	t.Run("PassesOverALockedRow", func(t *testing.T) {
		b := newBench(t)
		s := b.sender()
		ids := b.stage("https://m.example/", 2)
		tx, err := b.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(t.Context()) }()
		if _, err := tx.Exec(t.Context(), `select 1 from callback_deliveries where event_id = $1 for update`, ids[0]); err != nil {
			t.Fatal(err)
		}
		if taken := b.taken(s, testEndpoint, 8); len(taken) != 1 || taken[0].ID != ids[1] {
			t.Errorf("took %v, want the other one", taken)
		}
	})
	t.Run("ReleasedRowsAreFree", func(t *testing.T) {
		b := newBench(t)
		s := b.sender()
		b.stage("https://m.example/", 3)
		taken := b.taken(s, testEndpoint, 8)
		if err := s.store.release(t.Context(), taken); err != nil {
			t.Fatal(err)
		}
		again := b.taken(s, testEndpoint, 8)
		if len(again) != 3 || again[0].Takes != 2 {
			t.Errorf("took %v again", again)
		}
		// A release that comes late does not touch the new lease.
		if err := s.store.release(t.Context(), taken); err != nil {
			t.Fatal(err)
		}
		if third := b.taken(s, testEndpoint, 8); len(third) != 0 {
			t.Errorf("took %v from under a lease", third)
		}
	})
}

// What one endpoint has waiting must not make looking at it, or at others,
// slow.
func TestBacklogCostsNothing(t *testing.T) {
	b := newBench(t)
	s := b.sender()
	_, err := b.db.Exec(t.Context(), `
		insert into callback_deliveries (event_id, endpoint, scheduled_at, next_attempt_at)
		select 'evt_old' || n, 'https://stuck.example:443', $1::timestamptz, $1::timestamptz + n * interval '1 millisecond'
		from generate_series(1, 100000) n`, b.now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	b.stage("https://m.example/", 5)
	stuck := b.taken(s, "https://stuck.example:443", windowFloor)
	if len(stuck) != windowFloor {
		t.Fatalf("took %d", len(stuck))
	}
	best := time.Hour
	for range 10 {
		began := time.Now()
		found, err := s.store.discover(t.Context(), b.now())
		if err != nil || len(found) != 2 {
			t.Fatalf("found %v, %v", found, err)
		}
		taken, behind, err := s.store.take(t.Context(), wanted{endpoints: found, sizes: []int32{windowFloor, windowFloor}}, b.now(), b.now().Add(time.Second))
		if err != nil || len(behind) != 2 {
			t.Fatalf("took %v, behind %v, %v", taken, behind, err)
		}
		best = min(best, time.Since(began))
	}
	// Reading 100,000 rows takes some 30 ms.
	if best > 15*time.Millisecond {
		t.Errorf("looking and taking beside a backlog takes %v", best)
	}
}

// An endpoint that fails for long is left alone but for a probe a minute, and
// goes on at once when a probe is answered.
func TestCircuit(t *testing.T) {
	b := newBench(t)
	down := true
	var mu sync.Mutex
	rc := newReceiver(b, func(w http.ResponseWriter, _ *http.Request, _ int) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			w.WriteHeader(500)
		}
	})
	s := b.start(func(c *Config) { c.TaskSize = 1 })
	first := b.stage(rc.URL, 6)
	for _, id := range first {
		b.attempted(id, 1)
	}
	b.clock.advance(circuitAfter + 2*time.Second) // the first run ended a moment after its clock
	s.Wake()
	b.until("the circuit to open", func() bool { return len(s.relay.open()) == 1 })
	b.until("nothing in hand", func() bool { return b.inHand() == 0 })
	if stats, err := b.journal().Stats(t.Context()); err != nil || stats.OpenCircuits != 1 || stats.Pending != 6 {
		t.Fatalf("stats %+v, %v; want one open circuit", stats, err)
	}
	waiting := b.stage(rc.URL, 40)
	before, failures := rc.total(), b.failures(rc.endpoint())
	b.sweeps(s, 3)
	if n := rc.total(); n != before {
		t.Errorf("%d requests while the circuit is open", n-before)
	}
	b.clock.advance(probeEvery + 2*time.Second)
	s.Wake()
	b.until("the probe", func() bool { return rc.total() == before+1 })
	b.until("its record", func() bool { return b.failures(rc.endpoint()) == failures+1 })
	b.sweeps(s, 3)
	if n := rc.total(); n != before+1 {
		t.Errorf("%d requests, want the probe alone", n-before)
	}

	mu.Lock()
	down = false
	mu.Unlock()
	b.clock.advance(probeEvery + 2*time.Second)
	b.until("the circuit to close", func() bool { s.Wake(); return b.failures(rc.endpoint()) == 0 })
	b.reach(Delivered, waiting...)
	b.until("nothing in hand", func() bool { return b.inHand() == 0 }) // no request outlives the time of its signature
	b.clock.advance(time.Hour)
	s.Wake()
	b.reach(Delivered, first...)
}

// A process that has not heard of the last probe makes no other.
func TestOneProbeAtATime(t *testing.T) {
	b := newBench(t)
	b.stage("https://m.example/", 3)
	s := b.sender()
	known := circuit{
		Endpoint: testEndpoint, Failures: circuitFailures, FailingSince: b.now().Add(-2 * circuitAfter), LastFailure: b.now().Add(-probeEvery),
	}
	s.relay.circuits[testEndpoint] = known
	failedAt := func(at time.Time) {
		t.Helper()
		_, err := b.db.Exec(t.Context(), `insert into callback_circuits (endpoint, failures, failing_since, last_failure) values ($1, $2, $3, $4)
			on conflict (endpoint) do update set last_failure = excluded.last_failure`, known.Endpoint, known.Failures, known.FailingSince, at)
		if err != nil {
			t.Fatal(err)
		}
	}
	carried := func(want int) {
		t.Helper()
		if err := s.relay.carry(t.Context(), []string{testEndpoint}); err != nil || b.inHand() != want {
			t.Errorf("%d in hand, %v; want %d", b.inHand(), err, want)
		}
	}
	failedAt(known.LastFailure.Add(time.Microsecond))
	carried(0)
	failedAt(known.LastFailure)
	carried(1)
	carried(1)
}

// What waits behind an open circuit ends when its schedule does.
func TestOpenCircuitBuries(t *testing.T) {
	b := newBench(t)
	old, young := b.event("https://m.example/"), b.event("https://m.example/")
	old.At = b.now().Add(-scheduleEnds - time.Second)
	b.stageEvents(old, young)
	b.fail(testEndpoint)
	if _, err := b.db.Exec(t.Context(), `update callback_deliveries set attempts = 1, failures = 1`); err != nil {
		t.Fatal(err)
	}
	s := b.sender()
	if err := s.relay.sweep(t.Context(), map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if d := b.get(old.ID); d.State != Dead || d.DeadReason != ReasonExhausted {
		t.Errorf("the old one: %+v", d.Item)
	}
	if d := b.get(young.ID); d.State != Pending {
		t.Errorf("the young one: %+v", d.Item)
	}
}

// A run of failures is kept while something waits behind it, or may go on with it.
func TestCircuitIsForgotten(t *testing.T) {
	b := newBench(t)
	const ended, fresh = "mer_1|https://ended.example:443", "mer_1|https://fresh.example:443"
	id := b.stage("https://m.example/", 1)[0]
	for _, endpoint := range []string{testEndpoint, ended, fresh} {
		b.fail(endpoint)
	}
	b.clock.advance(2 * circuitGap)
	if _, err := b.db.Exec(t.Context(), `update callback_circuits set last_failure = $1 where endpoint = $2`, b.now().Add(-circuitGap), fresh); err != nil {
		t.Fatal(err)
	}
	s := b.sender()
	swept := func(what string, want ...string) {
		t.Helper()
		s.relay.lastBury = time.Time{}
		b.sweeps(s, 1)
		known, err := s.store.circuits(t.Context())
		if got := slices.Sorted(maps.Keys(known)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: circuits of %v, %v; want %v", what, got, err, want)
		}
	}
	swept("while one has a delivery", fresh, testEndpoint)
	if _, err := b.db.Exec(t.Context(), `update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = $2, lease_until = null, takes = 0 where event_id = $1`, id, b.now()); err != nil {
		t.Fatal(err)
	}
	swept("when it has ended", fresh)
	b.clock.advance(time.Second)
	swept("when the gap is over")
}

func (b *bench) failures(endpoint string) int {
	b.t.Helper()
	var n int
	if err := b.db.QueryRow(b.t.Context(), `select coalesce(sum(failures), 0) from callback_circuits where endpoint = $1`, endpoint).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) inHand() int {
	b.t.Helper()
	var n int
	if err := b.db.QueryRow(b.t.Context(), `select count(lease_until) from callback_deliveries`).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// sweeps makes the relay of s look everywhere n times.
func (b *bench) sweeps(s *Sender, n int) {
	b.t.Helper()
	for range n {
		look := map[string]bool{}
		if err := s.relay.sweep(b.t.Context(), look); err != nil {
			b.t.Fatal(err)
		}
		for endpoint := range look {
			if err := s.relay.carry(b.t.Context(), []string{endpoint}); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}
