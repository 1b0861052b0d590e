package ratelimit_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"disburse/ratelimit"
	"disburse/ratelimit/redistest"
)

// throughProxy gives the URL of the test's database by way of a proxy that can
// fail. The Redis server itself is shared with other tests.
func throughProxy(t *testing.T) (string, *toxiproxy.Proxy) {
	t.Helper()
	u, err := url.Parse(redistest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "redis", "127.0.0.1:0", u.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	u.Host = proxy.Listen
	return u.String(), proxy
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRedisStopsAndComesBack(t *testing.T) {
	t.Parallel()
	address, proxy := throughProxy(t)
	var got seen
	l := ratelimit.New(ratelimit.Options{
		Redis: client(t, address), RedisAway: got.redisAway, Budget: generous, Pause: 20 * time.Millisecond,
	})
	if d := l.Take(t.Context(), "status:mer_1", slow); !d.Allowed || d.Local {
		t.Fatalf("before: %+v", d)
	}

	proxy.Stop()
	allowed := 0
	for range 20 {
		d := l.Take(t.Context(), "status:mer_1", slow)
		if !d.Local {
			t.Fatalf("decided in a stopped Redis: %+v", d)
		}
		if d.Allowed {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("this process alone allowed %d, want its own 5", allowed)
	}

	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	var d ratelimit.Decision
	eventually(t, "decides in Redis again", func() bool {
		d = l.Take(t.Context(), "status:mer_1", slow)
		return !d.Local
	})
	if !d.Allowed || d.Remaining != 3 {
		t.Errorf("after: %+v, want the second of the five counted in Redis", d)
	}
	if calls := got.awayCalls(); calls != "[true false]" {
		t.Errorf("away reported as %s, want once away and once back", calls)
	}
}

// A Redis that accepts connections and never answers is the costly kind: each
// request could wait. Only those under way at the first moment may.
func TestSilentRedisCostsOneBudget(t *testing.T) {
	t.Parallel()
	address, proxy := throughProxy(t)
	var got seen
	const budget = 100 * time.Millisecond
	l := ratelimit.New(ratelimit.Options{
		Redis: shipped(t, address), RedisAway: got.redisAway, Budget: budget, Pause: 20 * time.Millisecond,
	})
	silence := `{"name":"silence","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(silence)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	l.Take(t.Context(), "status:first", slow)
	first := time.Since(began)

	began = time.Now()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 500 {
				if d := l.Take(t.Context(), "status:mer_1", slow); !d.Local {
					t.Error("decided in a silent Redis")
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	// 10000 requests at a budget each, 20 at a time, would be 50 s.
	if took > 5*time.Second {
		t.Errorf("10000 requests took %v", took)
	}
	t.Logf("first request %v, the next 10000 %v", first, took)

	if err := proxy.Toxics.RemoveToxic(t.Context(), "silence"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "decides in Redis again", func() bool {
		return !l.Take(t.Context(), "status:back", slow).Local
	})
}

// A server that answers and cannot write is away, too, and a probe must not
// take it for well.
func TestRedisThatRefusesWritesIsAway(t *testing.T) {
	t.Parallel()
	plain := redistest.New(t)
	var got seen
	l := ratelimit.New(ratelimit.Options{
		Redis: client(t, redistest.URL(t)), RedisAway: got.redisAway, Budget: generous, Pause: time.Millisecond,
	})
	for _, key := range []string{"disburse:limit:{probe}", "disburse:limit:{status:mer_1}"} {
		if err := plain.LPush(t.Context(), key, "of another type").Err(); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for time.Since(began) < 200*time.Millisecond {
		if d := l.Take(t.Context(), "status:mer_1", slow); !d.Local {
			t.Fatalf("got %+v", d)
		}
	}
	if calls := got.awayCalls(); calls != "[true]" {
		t.Errorf("away reported as %s, want once", calls)
	}
}

func TestGateCountsInTheProcessWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	address, proxy := throughProxy(t)
	var got seen
	l := ratelimit.New(ratelimit.Options{
		Redis: client(t, address), Observe: got.observe, Budget: generous,
		Now: func() time.Time { return minuteStart },
	})
	gate := l.FailureGate("merchant", 3)
	gate.Fail(t.Context(), "demo")
	proxy.Stop()
	gate.Fail(t.Context(), "demo")
	if _, blocked := gate.Blocked("demo"); blocked {
		t.Error("blocked after two")
	}
	gate.Fail(t.Context(), "demo")
	if _, blocked := gate.Blocked("demo"); !blocked {
		t.Error("not blocked after three")
	}
	if n := got.counts[ratelimit.Observation{Name: "merchant", Source: ratelimit.SourceProcess, Outcome: ratelimit.OutcomeFailed}]; n != 2 {
		t.Errorf("%d failures counted in the process, want 2", n)
	}
}
