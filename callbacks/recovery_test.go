package callbacks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"disburse/ratelimit/redistest"
)

// claimed takes and claims all that is due, as a worker does just before it
// sends, and leaves it there, as a worker does that is killed then.
func (b *bench) claimed(s *Sender, endpoint string) []job {
	b.t.Helper()
	taken := b.taken(s, endpoint, windowCap)
	ids, numbers := []string{}, []int32{}
	for _, w := range taken {
		ids, numbers = append(ids, w.ID), append(numbers, int32(w.Attempts+1))
	}
	jobs, err := s.store.claim(b.t.Context(), ids, numbers, b.now().Add(s.cfg.Lease))
	if err != nil {
		b.t.Fatal(err)
	}
	return jobs
}

func (b *bench) taken(s *Sender, endpoint string, size int32) []wake {
	b.t.Helper()
	taken, _, err := s.store.take(b.t.Context(), wanted{endpoints: []string{endpoint}, sizes: []int32{size}}, b.now(), b.now().Add(s.cfg.QueueLease))
	if err != nil {
		b.t.Fatal(err)
	}
	return taken
}

func TestKilledWorkerIsReplacedAfterItsLease(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, nil)
	dead := b.sender()
	ids := b.stage(rc.URL, 3)
	if jobs := b.claimed(dead, rc.endpoint()); len(jobs) != 3 {
		t.Fatalf("claimed %d of 3", len(jobs))
	}
	b.clock.advance(dead.cfg.Lease - time.Second)
	if again := b.taken(dead, rc.endpoint(), windowCap); len(again) != 0 {
		t.Fatalf("took %d whose lease was running", len(again))
	}
	s := b.start()
	b.clock.advance(time.Second)
	s.Wake()
	b.reach(Delivered, ids...)
	for _, id := range ids {
		if d := b.get(id); d.Attempts != 2 || len(d.Log) != 1 || d.Log[0].Number != 2 || rc.times(id) != 1 {
			t.Errorf("item %+v, log %+v", d.Item, d.Log)
		}
	}
}

// A worker that was given up reports late. Its success counts, its failure
// does not undo what the next attempt did.
func TestLateReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second Outcome
		want          State
	}{
		"SuccessThenFailure": {Accepted, Refused, Delivered},
		"FailureThenSuccess": {Refused, Accepted, Delivered},
		"FailureThenFailure": {Refused, TimedOut, Pending},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			s := b.sender()
			id := b.stage("https://m.example/", 1)[0]
			old := b.claimed(s, testEndpoint)
			b.clock.advance(s.cfg.Lease + time.Second)
			young := b.claimed(s, testEndpoint)
			if len(old) != 1 || len(young) != 1 || young[0].Number != 2 {
				t.Fatalf("claims: %v, %v", old, young)
			}
			made := func(j job, o Outcome) report {
				r := result{Outcome: o}
				return report{job: j, result: r, verdict: decide(r, j.Failures, j.ScheduledAt, b.now(), 0), Started: b.now(), Ended: b.now()}
			}
			s.flush([]report{made(old[0], c.first)})
			if c.first != Accepted && b.inHand() != 1 {
				t.Error("a late failure ended the lease of the attempt that runs")
			}
			s.flush([]report{made(young[0], c.second), made(young[0], c.second)})
			d := b.get(id)
			if d.State != c.want || len(d.Log) != 2 || d.Attempts != 2 {
				t.Errorf("item %+v, log %+v", d.Item, d.Log)
			}
			if taken := b.taken(s, testEndpoint, 8); len(taken) != 0 {
				t.Errorf("still due: %v", taken)
			}
		})
	}
}

func TestRedisWipedInTheMiddle(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	rc := newReceiver(b, func(http.ResponseWriter, *http.Request, int) { time.Sleep(5 * time.Millisecond) })
	b.start(func(c *Config) { c.QueueLease, c.Lease, c.FirstWorkers = time.Second, 3*time.Second, 2 })
	ids := b.stage(rc.URL, 400)
	for _, at := range []int{40, 120} {
		b.until("some to be received", func() bool { return rc.total() >= at })
		if err := b.redis.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	b.reach(Delivered, ids...)
	for _, id := range ids {
		if rc.times(id) == 0 {
			t.Errorf("%s never received", id)
		}
	}
}

// What a killed process leaves in Redis must not stand in the way: a task of
// the same delivery that will never run.
func TestOrphanedTaskIsNoObstacle(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, nil)
	dead := b.sender()
	id := b.stage(rc.URL, 1)[0]
	if err := dead.relay.pass(t.Context()); err != nil { // looks nowhere yet
		t.Fatal(err)
	}
	dead.relay.wake()
	if err := dead.relay.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Archived tasks keep their ids.
	inspector := asynq.NewInspectorFromRedisClient(b.redis)
	if n, err := inspector.ArchiveAllPendingTasks(QueueFirst); err != nil || n != 1 {
		t.Fatalf("archived %d, %v", n, err)
	}
	s := b.start()
	b.clock.advance(dead.cfg.QueueLease)
	s.Wake()
	b.reach(Delivered, id)
}

// flaky is a Redis that can be unplugged.
type flaky struct {
	down  atomic.Bool
	mu    sync.Mutex
	conns []net.Conn
}

func (f *flaky) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if f.down.Load() {
		return nil, errors.New("unplugged")
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
	}
	return conn, err
}

func (f *flaky) unplug() {
	f.down.Store(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
}

// The lease of what was taken is long here: what Redis did not take is given
// back, not waited for.
func TestRedisAway(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	rc := newReceiver(b, nil)
	plug := &flaky{}
	opts, err := redis.ParseURL(redistest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	opts.Dialer = plug.dial
	client := redis.NewClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	b.start(func(c *Config) { c.Redis, c.QueueLease = client, time.Minute })
	before := b.stage(rc.URL, 20)
	b.reach(Delivered, before...)

	plug.unplug()
	during := b.stage(rc.URL, 20)
	time.Sleep(1500 * time.Millisecond) // longer than a sweep
	if n := rc.total(); n != 20 {
		t.Errorf("received %d while Redis was away, want none beyond the 20 before", n)
	}
	plug.down.Store(false)
	b.reach(Delivered, during...)
	if stats, err := b.journal().Stats(t.Context()); err != nil || stats.Pending != 0 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

// Behind a transaction pooler nobody hears a notification.
func TestSweepNeedsNoNotification(t *testing.T) {
	b := newBench(t)
	rc := newReceiver(b, nil)
	b.start()
	if _, err := b.db.Exec(t.Context(), `alter table callback_deliveries disable trigger callback_staged`); err != nil {
		t.Fatal(err)
	}
	b.reach(Delivered, b.stage(rc.URL, 3)...)
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("FinishesRunningAttempts", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, func(http.ResponseWriter, *http.Request, int) { time.Sleep(300 * time.Millisecond) })
		s := b.sender()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		ids := b.stage(rc.URL, 4)
		b.until("attempts to run", func() bool { return rc.total() == 4 })
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if d := b.get(id); d.State != Delivered || len(d.Log) != 1 {
				t.Errorf("after Stop: %+v", d.Item)
			}
		}
	})
	t.Run("BreaksOffAtTheDeadlineWithoutCounting", func(t *testing.T) {
		b := newBench(t)
		rc := newReceiver(b, hang)
		s := b.sender()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		id := b.stage(rc.URL, 1)[0]
		b.until("the attempt to run", func() bool { return rc.total() == 1 })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop = %v, want the deadline", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("Stop took %v", took)
		}
		d := b.attempted(id, 1)
		if d.State != Pending || d.Log[0].Outcome != NotAttempted || d.Log[0].Error != "stopping" || d.Class != First || d.NextAttemptAt.After(b.now()) {
			t.Errorf("item %+v, attempt %+v", d.Item, d.Log[0])
		}
	})
}

func TestNewSenderNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := NewSender(Config{})
	for _, name := range []string{"DB", "Redis", "Secrets", "Log"} {
		if err == nil || !strings.Contains(err.Error(), "Config."+name+" is missing") {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

// A restart of the database cuts every connection, whatever it was doing.
func TestDatabaseConnectionsCut(t *testing.T) {
	b := newBench(t)
	b.now = time.Now
	rc := newReceiver(b, func(http.ResponseWriter, *http.Request, int) { time.Sleep(2 * time.Millisecond) })
	b.start(func(c *Config) { c.QueueLease, c.Lease, c.FirstWorkers = time.Second, 2*time.Second, 2 })
	ids := b.stage(rc.URL, 300)
	for _, at := range []int{30, 120} {
		b.until("some to be received", func() bool { return rc.total() >= at })
		_, err := b.db.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
	}
	b.until("all to be delivered", func() bool {
		stats, err := b.journal().Stats(t.Context())
		return err == nil && stats.Pending == 0 && stats.Dead == 0
	})
	for _, id := range ids {
		if rc.times(id) == 0 {
			t.Errorf("%s never received", id)
		}
	}
}
