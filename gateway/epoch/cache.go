package epoch

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Cache holds loaded values until the configuration moves. It is safe for
// concurrent use, and loads one key at most once at a time.
type Cache[K comparable, V any] struct {
	watcher *Watcher
	load    func(ctx context.Context, key K) (V, error)
	limit   int

	mu         sync.RWMutex
	generation uint64 // of the values
	values     map[K]V
	flights    map[flight[K]]*landing[V]
}

// flight is one load in progress. The generation is part of it so that a
// caller who comes after a change never joins a load that began before.
type flight[K comparable] struct {
	key        K
	generation uint64
}

type landing[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// NewCache makes a cache of at most limit values. load reads a value from the
// database; its errors go to the callers and are not kept. At the limit an
// arbitrary value makes room.
func NewCache[K comparable, V any](w *Watcher, limit int, load func(ctx context.Context, key K) (V, error)) *Cache[K, V] {
	return &Cache[K, V]{
		watcher: w, load: load, limit: max(limit, 1),
		values: make(map[K]V), flights: make(map[flight[K]]*landing[V]),
	}
}

// Get returns the value of key, loading it if it is not held.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	now := c.watcher.generation.Load()
	if c.watcher.fresh() {
		c.mu.RLock()
		value, held := c.values[key]
		held = held && c.generation == now
		c.mu.RUnlock()
		if held {
			return value, nil
		}
	}
	return c.fetch(ctx, flight[K]{key: key, generation: now})
}

// fetch joins the load of key that is on its way, or starts one. The load does
// not end with the caller who started it: others may wait for it.
func (c *Cache[K, V]) fetch(ctx context.Context, f flight[K]) (V, error) {
	c.mu.Lock()
	l, flying := c.flights[f]
	if !flying {
		l = &landing[V]{done: make(chan struct{})}
		c.flights[f] = l
		go c.fly(context.WithoutCancel(ctx), f, l)
	}
	c.mu.Unlock()
	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func (c *Cache[K, V]) fly(ctx context.Context, f flight[K], l *landing[V]) {
	ctx, cancel := context.WithTimeout(ctx, StaleAfter)
	defer cancel()
	defer func() {
		if caught := recover(); caught != nil {
			l.err = fmt.Errorf("epoch: load: %w", errors.Join(errPanic, fmt.Errorf("%v", caught)))
		}
		c.land(f, l)
	}()
	l.value, l.err = c.load(ctx, f.key)
}

var errPanic = errors.New("panic")

func (c *Cache[K, V]) land(f flight[K], l *landing[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, f)
	close(l.done)
	// The number may have moved while the load ran: what it read may be from
	// before the change, so it answers its callers and is not kept.
	now := c.watcher.generation.Load()
	if l.err != nil || f.generation != now || !c.watcher.fresh() {
		return
	}
	if c.generation != now {
		clear(c.values)
		c.generation = now
	}
	if _, held := c.values[f.key]; !held && len(c.values) >= c.limit {
		for other := range c.values {
			delete(c.values, other)
			break
		}
	}
	c.values[f.key] = l.value
}
