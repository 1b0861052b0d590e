package ratelimit_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"disburse/ratelimit"
	"disburse/ratelimit/redistest"
)

// slow refills too slowly to matter while a test runs.
var slow = ratelimit.Limit{Rate: 1, Per: time.Hour, Burst: 5}

// seen collects what a Limiter reports.
type seen struct {
	mu     sync.Mutex
	counts map[ratelimit.Observation]int
	away   []bool
}

func (s *seen) observe(o ratelimit.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[ratelimit.Observation]int{}
	}
	s.counts[o]++
}

func (s *seen) redisAway(away bool, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = append(s.away, away)
	if away != (cause != nil) {
		panic("a cause goes with away alone")
	}
}

func (s *seen) awayCalls() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.away)
}

// generous is a time limit for tests that are not about time: the machine that
// runs them may be busy.
const generous = 10 * time.Second

// client gives a client that fails at once where nothing listens, and is
// otherwise generous.
func client(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = -1, 1, true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = generous, generous, generous, generous
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// shipped gives the client that the product uses.
func shipped(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	c, err := ratelimit.NewClient(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestProcessesShareOneCount(t *testing.T) {
	t.Parallel()
	url := redistest.URL(t)
	var got seen
	one := ratelimit.New(ratelimit.Options{Redis: client(t, url), Observe: got.observe, Budget: generous})
	two := ratelimit.New(ratelimit.Options{Redis: client(t, url), Observe: got.observe, Budget: generous})
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		for _, l := range []*ratelimit.Limiter{one, two} {
			wg.Go(func() {
				d := l.Take(context.Background(), "status:mer_1", slow)
				if d.Local {
					t.Error("decided without Redis")
				}
				if d.Allowed {
					allowed.Add(1)
				} else if d.RetryAfter <= 0 || d.RetryAfter > time.Hour {
					t.Errorf("told to wait %v", d.RetryAfter)
				}
			})
		}
	}
	wg.Wait()
	if n := allowed.Load(); n != 5 {
		t.Errorf("two processes allowed %d in all, want 5", n)
	}
	if d := one.Take(t.Context(), "status:mer_2", slow); !d.Allowed || d.Remaining != 4 {
		t.Errorf("another key: %+v", d)
	}
	want := map[ratelimit.Observation]int{
		{Name: "status", Source: ratelimit.SourceRedis, Outcome: ratelimit.OutcomeAllowed}: 6,
		{Name: "status", Source: ratelimit.SourceRedis, Outcome: ratelimit.OutcomeRefused}: 15,
	}
	if diff := cmp.Diff(want, got.counts); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
}

func TestRefillsByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	l := ratelimit.New(ratelimit.Options{
		Redis: client(t, redistest.URL(t)), Budget: generous,
		Now: func() time.Time { return minuteStart }, // stands still and must not matter
	})
	// The large burst keeps the key from expiring, which would allow as well.
	limit := ratelimit.Limit{Rate: 10, Per: time.Second, Burst: 300}
	for l.Take(t.Context(), "status:mer_1", limit).Allowed {
	}
	eventually(t, "allowed again", func() bool {
		d := l.Take(t.Context(), "status:mer_1", limit)
		if d.RetryAfter > 100*time.Millisecond {
			t.Fatalf("told to wait %v", d.RetryAfter)
		}
		return d.Allowed && !d.Local
	})
}

func TestWipedRedisStartsAnew(t *testing.T) {
	t.Parallel()
	url := redistest.URL(t)
	l := ratelimit.New(ratelimit.Options{Redis: client(t, url), Budget: generous})
	for range 5 {
		l.Take(t.Context(), "status:mer_1", slow)
	}
	if d := l.Take(t.Context(), "status:mer_1", slow); d.Allowed {
		t.Fatal("allowed beyond the burst")
	}
	plain := redistest.New(t)
	if err := plain.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := plain.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if d := l.Take(t.Context(), "status:mer_1", slow); !d.Allowed || d.Local {
		t.Errorf("after the wipe: %+v", d)
	}
}

func TestKeysExpireAndAreHashTagged(t *testing.T) {
	t.Parallel()
	url := redistest.URL(t)
	l := ratelimit.New(ratelimit.Options{Redis: client(t, url), Budget: generous})
	l.Take(t.Context(), "status:mer_1", slow)
	l.Take(t.Context(), "status:"+strings.Repeat("x", 5000), slow)
	l.FailureGate("merchant", 10).Fail(t.Context(), "demo 192.0.2.7")
	plain := redistest.New(t)
	keys, err := plain.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 3 {
		t.Fatalf("keys %q, %v", keys, err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "disburse:") || !strings.Contains(key, "{") || len(key) > 200 {
			t.Errorf("key %q", key)
		}
		if ttl, err := plain.TTL(t.Context(), key).Result(); err != nil || ttl <= 0 {
			t.Errorf("key %q stays for %v, %v", key, ttl, err)
		}
	}
}

func TestOffCostsNothing(t *testing.T) {
	t.Parallel()
	var got seen
	// A URL where nothing listens: asking it would report Redis away.
	l := ratelimit.New(ratelimit.Options{Redis: client(t, "redis://127.0.0.1:1"), Observe: got.observe, RedisAway: got.redisAway})
	for range 100 {
		if d := l.Take(t.Context(), "status:mer_1", ratelimit.Limit{}); !d.Allowed || d.Local {
			t.Fatalf("got %+v", d)
		}
	}
	if len(got.counts) != 0 || got.awayCalls() != "[]" {
		t.Errorf("observed %v, away %v", got.counts, got.away)
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	var got seen
	l := ratelimit.New(ratelimit.Options{Observe: got.observe})
	allowed := 0
	for range 8 {
		d := l.Take(t.Context(), "create:mer_1", slow)
		if !d.Local {
			t.Error("not marked as local")
		}
		if d.Allowed {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("allowed %d, want 5", allowed)
	}
	want := map[ratelimit.Observation]int{
		{Name: "create", Source: ratelimit.SourceProcess, Outcome: ratelimit.OutcomeAllowed}: 5,
		{Name: "create", Source: ratelimit.SourceProcess, Outcome: ratelimit.OutcomeRefused}: 3,
	}
	if diff := cmp.Diff(want, got.counts); diff != "" {
		t.Errorf("observations (-want +got):\n%s", diff)
	}
}

// A caller that hung up is still counted, and is no sign of a dead Redis.
func TestCallerGoneIsCountedInRedis(t *testing.T) {
	t.Parallel()
	var got seen
	l := ratelimit.New(ratelimit.Options{Redis: client(t, redistest.URL(t)), RedisAway: got.redisAway, Budget: generous})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l.Take(gone, "status:mer_1", slow)
	if d := l.Take(t.Context(), "status:mer_1", slow); d.Local || d.Remaining != 3 {
		t.Errorf("got %+v, want the second one in Redis", d)
	}
	if calls := got.awayCalls(); calls != "[]" {
		t.Errorf("away reported: %s", calls)
	}
}

// The workers of a queue must not wait for connections on a small machine.
func TestConnectHasAPoolForWorkers(t *testing.T) {
	t.Parallel()
	byItself := 10 * runtime.GOMAXPROCS(0)
	for url, want := range map[string]int{
		"redis://127.0.0.1:6379":                            max(64, byItself),
		"redis://127.0.0.1:6379?pool_size=3":                64,
		"redis://127.0.0.1:6379?pool_size=500":              500,
		"redis-sentinel://a.example.test:26379?master=main": max(64, byItself),
		"redis-cluster://a.example.test:6379":               max(64, byItself),
	} {
		c, err := ratelimit.Connect(url)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		got := 0
		switch c := c.(type) {
		case *redis.Client:
			got = c.Options().PoolSize
		case *redis.ClusterClient:
			got = c.Options().PoolSize
		}
		if got != want {
			t.Errorf("%s: a pool of %d, want %d", url, got, want)
		}
		_ = c.Close()
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://127.0.0.1:6379/3", "rediss://user:secret@redis.example.test:6380", "unix:///run/redis.sock",
		"redis-sentinel://:secret@a.example.test:26379,b.example.test:26379?master=main&db=2&password=x",
		"redis-cluster://user:secret@a.example.test:6379,b.example.test:6379",
	} {
		if c, err := ratelimit.NewClient(url); err != nil {
			t.Errorf("%s: %v", url, err)
		} else {
			_ = c.Close()
		}
	}
	for _, url := range []string{
		"", "127.0.0.1:6379", "http://:secret@h", "redis://:secret@h:port", "redis://:secret@h/x", "redis://:sec\x7fret@h",
		"redis-sentinel://:secret@a:26379", "redis-sentinel://:secret@a:26379?master=m&db=x", "redis-cluster://",
		"redis-cluster://:secret@a\x7f",
	} {
		if _, err := ratelimit.NewClient(url); err == nil {
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the URL: %v", err)
		}
	}
}
