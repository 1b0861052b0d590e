package ratelimit

import (
	"context"
	"sync"
	"time"
)

// store keeps the time that Decide needs, per key, and applies Decide to it.
type store interface {
	take(ctx context.Context, key string, l Limit) (Decision, error)
}

// memory is the store in this process. It never returns an error.
type memory struct {
	now     func() time.Time
	maxKeys int

	mu    sync.Mutex
	times map[string]time.Time
}

func newMemory(now func() time.Time, maxKeys int) *memory {
	return &memory{now: now, maxKeys: maxKeys, times: make(map[string]time.Time)}
}

func (m *memory) take(_ context.Context, key string, l Limit) (Decision, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored, known := m.times[key]
	next, d := Decide(l, stored, m.now().Truncate(time.Microsecond))
	if !next.Equal(stored) {
		if !known && len(m.times) >= m.maxKeys {
			// The earliest time is the fullest burst: losing it gives the
			// least away.
			dropOne(m.times, time.Time.Before)
		}
		m.times[key] = next
	}
	return d, nil
}

// dropOne removes one entry: the first in the order of before, among a few
// that the map happens to yield. So making room costs the same however full
// the map is.
func dropOne[V any](m map[string]V, before func(a, b V) bool) {
	const looks = 16
	var victim string
	var worst V
	seen := 0
	for key, value := range m {
		if seen == 0 || before(value, worst) {
			victim, worst = key, value
		}
		if seen++; seen == looks {
			break
		}
	}
	delete(m, victim)
}
