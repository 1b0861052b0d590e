package report

import (
	"context"
	"sync"
	"time"
)

// cached keeps an answer for a while, and lets one caller at a time ask anew:
// many pages show the same figures.
type cached[T any] struct {
	mu    sync.Mutex
	until time.Time
	value T
}

func (c *cached[T]) get(ctx context.Context, now func() time.Time, keep time.Duration, ask func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now().Before(c.until) {
		return c.value, nil
	}
	value, err := ask(ctx)
	if err != nil {
		var none T
		return none, err
	}
	c.value, c.until = value, now().Add(keep)
	return value, nil
}
