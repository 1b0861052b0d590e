package ratelimit

import (
	"context"
	"sync"
	"time"
)

// breaker keeps requests from a Redis that did not answer. It opens on the
// first failure: the in-process decision is good enough that a false alarm
// costs nothing, and waiting is what callers notice.
type breaker struct {
	now    func() time.Time
	pause  time.Duration               // between two probes
	probe  func(context.Context) error // tries Redis for real
	budget time.Duration               // of one probe
	// changed is called under the lock, so that its calls come in the order of
	// the changes.
	changed func(away bool, cause error)

	mu      sync.Mutex
	away    bool
	probing bool
	next    time.Time
}

// passable reports whether to ask Redis. While it is away it starts a probe
// now and then, which no request waits for.
func (b *breaker) passable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.away {
		return true
	}
	if !b.probing && !b.now().Before(b.next) {
		b.probing = true
		go b.try()
	}
	return false
}

// trip tells the breaker that Redis failed a request.
func (b *breaker) trip(cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = b.now().Add(b.pause)
	if !b.away {
		b.away = true
		b.changed(true, cause)
	}
}

func (b *breaker) try() {
	ctx, cancel := context.WithTimeout(context.Background(), b.budget)
	defer cancel()
	err := b.probe(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	b.next = b.now().Add(b.pause)
	if err == nil {
		b.away = false
		b.changed(false, nil)
	}
}
