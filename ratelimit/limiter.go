package ratelimit

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Source says where a decision was made.
type Source string

// The two places of decision.
const (
	SourceRedis   Source = "redis"
	SourceProcess Source = "process"
)

// Outcome says what was decided or counted.
type Outcome string

// Allowed and Refused are a Limiter's; a FailureGate counts Failed and refuses
// with Blocked.
const (
	OutcomeAllowed Outcome = "allowed"
	OutcomeRefused Outcome = "refused"
	OutcomeFailed  Outcome = "failed"
	OutcomeBlocked Outcome = "blocked"
)

// Observation is one decision, for counting. It holds no subject.
type Observation struct {
	Name    string // of the limit or the gate
	Source  Source
	Outcome Outcome
}

// Options of a Limiter. All may be left zero.
type Options struct {
	// Redis shares the counts, see NewClient; it stays the caller's to close.
	// Without it every decision is made in the process.
	Redis redis.UniversalClient
	// Now is the clock of the process, time.Now when nil. Rates in Redis go by
	// the server's own clock.
	Now func() time.Time
	// Observe is called for every decision, from many goroutines at once. It
	// must not block.
	Observe func(Observation)
	// RedisAway is called when Redis stops answering, with the cause, and
	// again with false when it is back: for a log line and a gauge. It must not
	// block nor call back into the Limiter.
	RedisAway func(away bool, cause error)
	// Budget is the longest a request waits for Redis; 100 ms when 0.
	Budget time.Duration
	// Pause is the time between two probes of a Redis that is away; 1 s when 0.
	Pause time.Duration
	// MaxKeys bounds the keys held in the process, for the Limiter and for
	// each of its gates; 50000 when 0. Over it, some key is forgotten.
	MaxKeys int
}

// Limiter decides by rate limits. It is safe for use by many goroutines.
type Limiter struct {
	o       Options
	local   *memory
	shared  *shared // nil without Redis
	breaker *breaker
}

// New makes a Limiter. It does not connect, and there is nothing to close.
func New(o Options) *Limiter {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(Observation) {}
	}
	if o.RedisAway == nil {
		o.RedisAway = func(bool, error) {}
	}
	if o.Budget <= 0 {
		o.Budget = 100 * time.Millisecond
	}
	if o.Pause <= 0 {
		o.Pause = time.Second
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = 50_000
	}
	l := &Limiter{o: o, local: newMemory(o.Now, o.MaxKeys)}
	if o.Redis == nil {
		return l
	}
	l.shared = &shared{client: o.Redis}
	l.breaker = &breaker{
		now: o.Now, pause: o.Pause, budget: o.Budget, changed: o.RedisAway,
		// A write, not a ping: a replica and a full server answer pings.
		probe: func(ctx context.Context) error {
			_, err := l.shared.take(ctx, "probe", Limit{Rate: 1000, Per: time.Second, Burst: 1000})
			return err
		},
	}
	return l
}

// Take uses up one request of key under limit, or says when to come back. key
// is "name:subject"; the same key must always come with the same limit, but
// for changes of a setting. A limit that is off allows, unobserved and without
// a round trip; one that Validate refuses refuses everything.
func (l *Limiter) Take(ctx context.Context, key string, limit Limit) Decision {
	if limit.IsOff() {
		return Decision{Allowed: true}
	}
	key = bounded(key)
	d, source := l.take(ctx, key, limit)
	outcome := OutcomeRefused
	if d.Allowed {
		outcome = OutcomeAllowed
	}
	l.o.Observe(Observation{Name: nameOf(key), Source: source, Outcome: outcome})
	return d
}

func (l *Limiter) take(ctx context.Context, key string, limit Limit) (Decision, Source) {
	if limit.Validate() == nil {
		var d Decision
		asked := l.askRedis(ctx, func(ctx context.Context) (err error) {
			d, err = l.shared.take(ctx, key, limit)
			return err
		})
		if asked {
			return d, SourceRedis
		}
	}
	d, _ := l.local.take(ctx, key, limit)
	d.Local = true
	return d, SourceProcess
}

// askRedis runs ask within the budget and reports whether it got an answer. The
// caller's own deadline does not end it: else a caller in a hurry would look
// like a Redis that is away, and one that hung up would go uncounted.
func (l *Limiter) askRedis(ctx context.Context, ask func(context.Context) error) bool {
	if l.shared == nil || !l.breaker.passable() {
		return false
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.o.Budget)
	defer cancel()
	err := ask(within)
	if err != nil {
		l.breaker.trip(err)
	}
	return err == nil
}
