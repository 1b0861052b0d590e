package report

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Who reads what takes long waits for it the first time, and when it is too old.
func TestSoon(t *testing.T) {
	t.Parallel()
	var c cached[int]
	var mu sync.Mutex
	clock, asked := time.Unix(0, 0), 0
	answers := make(chan error)
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return clock
	}
	pass := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(d)
	}
	ask := func(context.Context) (int, error) {
		mu.Lock()
		asked++
		n := asked
		mu.Unlock()
		return n, <-answers
	}
	read := func() (int, error) { return c.soon(t.Context(), now, 15*time.Second, time.Minute, ask) }
	wants := func(want int) {
		t.Helper()
		if got, err := read(); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	answered := func(err error) { // once whoever asks is heard
		answers <- err
		for {
			c.mu.Lock()
			asking := c.asking
			c.mu.Unlock()
			if !asking {
				return
			}
			runtime.Gosched()
		}
	}
	go func() { answers <- nil }()
	wants(1)
	pass(14 * time.Second)
	wants(1)
	pass(2 * time.Second)
	wants(1) // and another is asked for
	wants(1) // only once
	answered(nil)
	wants(2)
	pass(16 * time.Second)
	wants(2)
	answered(errors.New("away"))
	wants(2) // and it is asked for again
	answered(nil)
	wants(4)
	pass(2 * time.Minute)
	go func() { answers <- errors.New("away") }()
	if _, err := read(); err == nil {
		t.Error("what is too old is given")
	}
}
