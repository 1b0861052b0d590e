package ratelimit

import (
	"context"
	"sync"
	"time"
)

const window = time.Minute

// FailureGate blocks a key after too many failures in one minute, for the rest
// of that minute. Windows are whole minutes of the process's clock in UTC.
//
// Blocked looks only at what this process knows, so that the requests of the
// many who never fail cost no round trip. A process learns the count of all
// processes whenever it counts a failure of the key itself. So with p
// processes a key gets at most p-1 failed attempts more than the limit, and
// those under way at the same moment; and an attempt that would succeed is
// turned away only by processes that saw the key fail up to the limit.
// While Redis is away each process counts for itself.
//
// Blocking is by key alone: put into the key what should be blocked together,
// for an address AddressKey.
type FailureGate struct {
	limiter *Limiter
	name    string
	limit   int64

	mu     sync.Mutex
	minute int64
	counts map[string]int64 // failures in that minute
}

// FailureGate makes a gate that shares the Limiter's Redis, breaker, clock and
// observer. name tells its keys and observations from other gates'; perMinute
// is how many failures a key may have before it is blocked, at least 1.
func (l *Limiter) FailureGate(name string, perMinute int) *FailureGate {
	return &FailureGate{
		limiter: l, name: name, limit: int64(max(perMinute, 1)),
		counts: make(map[string]int64),
	}
}

// Blocked reports whether key has used up its failures, and if so how long the
// block lasts. It never leaves the process.
func (g *FailureGate) Blocked(key string) (wait time.Duration, blocked bool) {
	now := g.limiter.o.Now()
	g.mu.Lock()
	blocked = g.minute == minuteOf(now) && g.counts[bounded(key)] >= g.limit
	g.mu.Unlock()
	if !blocked {
		return 0, false
	}
	g.limiter.o.Observe(Observation{Name: g.name, Source: SourceProcess, Outcome: OutcomeBlocked})
	return now.Truncate(window).Add(window).Sub(now), true
}

// Policy is a block with wait to go, for the headers: a gate refuses like a
// limit of as many a minute with none left.
func (g *FailureGate) Policy(wait time.Duration) Policy {
	return Policy{Name: g.name, Decision: Decision{
		Limit: Limit{Rate: int(g.limit), Per: window, Burst: int(g.limit)}, RetryAfter: wait, ResetAfter: wait,
	}}
}

// Fail counts one failure of key: in Redis, or in this process while Redis is
// away.
func (g *FailureGate) Fail(ctx context.Context, key string) {
	key = bounded(key)
	minute := minuteOf(g.limiter.o.Now())
	g.count(key, minute)
	source := SourceProcess
	if g.limiter.askRedis(ctx, func(ctx context.Context) error {
		everywhere, err := g.limiter.shared.fail(ctx, failureKey(g.name, key, minute))
		g.learn(key, minute, everywhere)
		return err
	}) {
		source = SourceRedis
	}
	g.limiter.o.Observe(Observation{Name: g.name, Source: source, Outcome: OutcomeFailed})
}

// count adds one failure in this process. Another minute, be it because the
// clock was set back, forgets the one before.
func (g *FailureGate) count(key string, minute int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if minute != g.minute {
		g.minute = minute
		clear(g.counts)
	}
	n, known := g.counts[key]
	if !known && len(g.counts) >= g.limiter.o.MaxKeys {
		dropOne(g.counts, func(a, b int64) bool { return a < b })
	}
	g.counts[key] = n + 1
}

// learn takes over the count of all processes where it is the higher one. It
// is the lower one after Redis was away or wiped.
func (g *FailureGate) learn(key string, minute, everywhere int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	// The answer may come in the next minute, or after the key was forgotten.
	if n, known := g.counts[key]; known && minute == g.minute {
		g.counts[key] = max(n, everywhere)
	}
}

func minuteOf(t time.Time) int64 { return t.Unix() / int64(window/time.Second) }
