// Package worker is the background work of the gateway: it delivers
// callbacks, hands payouts to executors, ends payouts and P2P orders whose time
// is over, asks the card provider about what it has not answered, removes people's
// sessions that are over, and seals the books.
//
// Callbacks come through asynq, which callbacks.Sender runs. The rest are
// loops over what the database says is due. Each is safe to run in any number
// of processes at once, and none needs Redis, so that a payout times out and
// is executed also while Redis is away.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Deps is what a Worker needs; nothing may be missing.
type Deps struct {
	Payouts interface {
		Dispatch(ctx context.Context, limit int) (int, error)
		Expire(ctx context.Context, limit int) (int, error)
	}
	Exchange interface {
		Sweep(ctx context.Context) (int, error)
	}
	// Cards ends what the card provider has not answered.
	Cards interface {
		Recover(ctx context.Context, limit int) (int, error)
	}
	// Sessions removes sessions of people that are over.
	Sessions interface {
		Tidy(ctx context.Context) (int, error)
	}
	Ledger interface {
		Seal(ctx context.Context) (int, error)
	}
	Callbacks interface {
		Start() error
		Stop(ctx context.Context) error
	}
	Log *slog.Logger
}

// Worker runs the background work of one process.
type Worker struct {
	deps  Deps
	loops sync.WaitGroup
	quit  context.CancelFunc
}

// New makes a Worker and names what is missing.
func New(d Deps) (*Worker, error) {
	if d.Payouts == nil || d.Exchange == nil || d.Cards == nil || d.Sessions == nil || d.Ledger == nil || d.Callbacks == nil || d.Log == nil {
		return nil, errors.New("worker: Payouts, Exchange, Cards, Sessions, Ledger, Callbacks and Log are required")
	}
	return &Worker{deps: d}, nil
}

// job is something to do over and over: work returns how much it did, and is
// called again at once while it did as much as it was allowed to.
type job struct {
	name  string
	every time.Duration
	limit int
	work  func(ctx context.Context, limit int) (int, error)
}

// Start begins the work and returns at once.
func (w *Worker) Start() error {
	if err := w.deps.Callbacks.Start(); err != nil {
		return err
	}
	ctx, quit := context.WithCancel(context.Background())
	w.quit = quit
	for _, j := range []job{
		{"dispatch", 200 * time.Millisecond, 100, w.deps.Payouts.Dispatch},
		{"expire", time.Second, 200, w.deps.Payouts.Expire},
		{"sweep", time.Second, 1, w.sweep}, // bounded by itself: again at once while there was anything
		{"recover cards", time.Second, 50, w.deps.Cards.Recover},
		{"tidy sessions", time.Minute, 1000, func(ctx context.Context, _ int) (int, error) { return w.deps.Sessions.Tidy(ctx) }},
		{"seal", 10 * time.Second, 1, w.seal},
	} {
		w.loops.Go(func() { w.loop(ctx, j) })
	}
	return nil
}

func (w *Worker) sweep(ctx context.Context, _ int) (int, error) { return w.deps.Exchange.Sweep(ctx) }

func (w *Worker) seal(ctx context.Context, _ int) (int, error) {
	_, err := w.deps.Ledger.Seal(ctx)
	return 0, err
}

// turnTimeout bounds one turn of a job, executors' answers included.
const turnTimeout = time.Minute

func (w *Worker) loop(ctx context.Context, j job) {
	for failures := 0; ; {
		turn, end := context.WithTimeout(ctx, turnTimeout)
		done, err := j.work(turn, j.limit)
		end()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			w.deps.Log.Error("background work failed", "job", j.name, "error", err.Error(), "failures", failures)
		default:
			failures = 0
		}
		if err == nil && done >= j.limit {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause(j.every, failures)):
		}
	}
}

// pauseAtMost is the longest pause after failures.
const pauseAtMost = 10 * time.Second

// pause is the time to the next turn: a little off the beat, so that several
// processes do not march in step, and longer the more turns failed in a row.
func pause(every time.Duration, failures int) time.Duration {
	every = min(every<<min(failures, 8), max(every, pauseAtMost))
	return every*9/10 + rand.N(every/5) //nolint:gosec // spreading load needs no secrecy
}

// Stop lets running work finish until ctx ends, and then breaks it off. What
// is broken off is picked up again by any process, now or later.
func (w *Worker) Stop(ctx context.Context) error {
	w.quit()
	ended := make(chan struct{})
	go func() {
		w.loops.Wait()
		close(ended)
	}()
	err := w.deps.Callbacks.Stop(ctx)
	select {
	case <-ended:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	return err
}
