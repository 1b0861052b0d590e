package payout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"disburse/gateway/transact"
)

// sweepWidth is how many payouts of a batch end at the same time, so that they
// share the ledger's groups.
const sweepWidth = 64

// sweepTries bounds how many payouts one sweep tries for each it may end.
const sweepTries = 10

// sweepIdle is how long the transaction that holds the lock may do nothing: more
// than a sweep takes to end a batch, since the lock goes with it.
const sweepIdle = 90 * time.Second

// Expire ends up to limit payouts whose time is over and returns how many it
// ended. Of all processes one sweeps at a time; the others return at once, and
// say in the log when their turn does not come for long. A payout that cannot
// be ended is logged, does not keep back those behind it, and is tried again by
// a later sweep.
func (s *Service) Expire(ctx context.Context, limit int) (int, error) {
	// The transaction only holds the lock: the ends are the ledger's own
	// transactions, which would wait for rows that this one had locked.
	tx, err := transact.Begin(ctx, s.d.DB, sweepIdle)
	if err != nil {
		return 0, fmt.Errorf("payout: expire: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var mine bool
	if err := tx.QueryRow(ctx, trySweep).Scan(&mine); err != nil {
		return 0, fmt.Errorf("payout: expire: %w", err)
	}
	if since, tell := s.sweeps.turn(mine, s.now()); tell {
		s.d.Log.Warn("payouts are timed out by another process alone; it may hang", "since", since)
	}
	ended, tried := 0, 0
	passed := s.sweeps.resting(s.now())
	for mine && ended < limit && tried < sweepTries*limit {
		due, err := selectPayouts(ctx, tx, selectDue, s.now(), limit-ended, passed)
		if err != nil {
			return ended, fmt.Errorf("payout: expire: %w", err)
		}
		if len(due) == 0 {
			break
		}
		ended += s.expire(ctx, due)
		tried += len(due)
		passed = append(passed, ids(due)...)
	}
	return ended, nil
}

// expire ends a batch and returns how many it could.
func (s *Service) expire(ctx context.Context, due []Payout) int {
	var ended atomic.Int64
	var group errgroup.Group
	group.SetLimit(sweepWidth)
	for _, p := range due {
		group.Go(func() error {
			after, err := s.finish(ctx, p, end{to: RejectedTimeout, by: timeoutActor, at: s.now(), kind: byTimeout})
			switch {
			case err == nil:
				ended.Add(1)
				s.sweeps.succeeded(p.ID)
			case after.Status == Expectation && !errors.Is(err, ErrInProgress):
				again := s.sweeps.failed(p.ID, s.now())
				s.d.Log.Warn("payout could not be timed out", "payout", p.ID, "error", err, "again", again)
			}
			return nil
		})
	}
	_ = group.Wait() // no member returns an error
	return int(ended.Load())
}

// sweeps is what a process remembers from one sweep to the next.
type sweeps struct {
	mu    sync.Mutex
	rests map[string]rest // by payout
	since time.Time       // when its turn last failed to come, zero when it came
	told  time.Time       // when that was said last
}

// rest is how long a payout that could not be ended is left alone.
type rest struct {
	length time.Duration
	until  time.Time
}

// A payout rests for shortRest after it could not be ended, and for twice as
// long each further time, up to longRest. At most maxRests rest: beyond that
// something else is wrong than one payout.
const (
	shortRest = 2 * time.Second
	longRest  = time.Minute
	maxRests  = 1000
)

// turnLate is after how long without a turn that is told, turnTold how often.
const (
	turnLate = time.Minute
	turnTold = 5 * time.Minute
)

// turn notes whether it is this process's turn, and says since when it was not
// if that is to be told.
func (m *sweeps) turn(mine bool, now time.Time) (since time.Time, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case mine:
		m.since, m.told = time.Time{}, time.Time{}
	case m.since.IsZero():
		m.since = now
	case now.Sub(m.since) > turnLate && now.Sub(m.told) >= turnTold:
		m.told = now
		return m.since, true
	}
	return time.Time{}, false
}

// resting lists the payouts to leave alone now, and forgets those that were
// not tried again long after their rest: somebody else has ended them.
func (m *sweeps) resting(now time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := []string{} // the statement wants a list also when it is empty
	for id, r := range m.rests {
		switch {
		case now.Before(r.until):
			ids = append(ids, id)
		case now.Sub(r.until) > longRest:
			delete(m.rests, id)
		}
	}
	return ids
}

// failed notes that a payout could not be ended and says when it will be tried
// again.
func (m *sweeps) failed(id string, now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, known := m.rests[id]
	if !known && len(m.rests) >= maxRests {
		return now
	}
	r.length = min(max(2*r.length, shortRest), longRest)
	r.until = now.Add(r.length)
	m.rests[id] = r
	return r.until
}

func (m *sweeps) succeeded(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rests, id)
}
