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

	asking bool // beside those who read
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

// askAtMost bounds what is asked beside those who read.
const askAtMost = 10 * time.Second

// soon is get for what takes long. For as long again as old, the answer that is
// kept is given at once, and another is asked for beside it.
func (c *cached[T]) soon(ctx context.Context, now func() time.Time, keep, old time.Duration, ask func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	age := now().Sub(c.until)
	if c.until.IsZero() || age < 0 || age >= old {
		c.mu.Unlock()
		return c.get(ctx, now, keep, ask)
	}
	defer c.mu.Unlock()
	if !c.asking {
		c.asking = true
		go c.renew(context.WithoutCancel(ctx), now, keep, ask)
	}
	return c.value, nil
}

// renew asks anew. Where that fails, the next to read asks again, and is told in
// the end.
func (c *cached[T]) renew(ctx context.Context, now func() time.Time, keep time.Duration, ask func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	value, err := ask(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking = false
	if err == nil {
		c.value, c.until = value, now().Add(keep)
	}
}
