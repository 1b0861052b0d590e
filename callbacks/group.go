package callbacks

import (
	"context"
	"time"
)

// group gathers what concurrent goroutines hand in and runs it in batches.
// A lone item goes at once. In a crowd, batches begin at least pace apart, and
// while one runs the next gathers, so that the cost of a transaction is shared
// by many; pace is short beside the request that an attempt is.
type group[T any] struct {
	in   chan T
	most int
	pace time.Duration
	run  func([]T)
	quit chan struct{}
	done chan struct{}
}

func newGroup[T any](most int, pace time.Duration, run func([]T)) *group[T] {
	g := &group[T]{in: make(chan T, 2*most), most: most, pace: pace, run: run, quit: make(chan struct{}), done: make(chan struct{})}
	go g.loop()
	return g
}

// add hands an item in. It waits while the queue is full, which is what holds
// the senders back when the database does not keep up, and reports false when
// ctx ends first.
func (g *group[T]) add(ctx context.Context, item T) bool {
	select {
	case g.in <- item:
		return true
	case <-ctx.Done():
		return false
	}
}

// stop runs what is waiting and ends. Nobody may add after it.
func (g *group[T]) stop() {
	close(g.quit)
	<-g.done
}

func (g *group[T]) loop() {
	defer close(g.done)
	batch := make([]T, 0, g.most)
	var last time.Time
	for {
		select {
		case item := <-g.in:
			if early := g.pace - time.Since(last); early > 0 {
				time.Sleep(early)
			}
			last = time.Now()
			batch = g.gather(append(batch[:0], item))
			g.run(batch)
		case <-g.quit:
			if batch = g.gather(batch[:0]); len(batch) == 0 {
				return
			}
			g.run(batch)
		}
	}
}

func (g *group[T]) gather(batch []T) []T {
	for len(batch) < g.most {
		select {
		case item := <-g.in:
			batch = append(batch, item)
		default:
			return batch
		}
	}
	return batch
}
