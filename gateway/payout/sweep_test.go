package payout_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"disburse/gateway/payout"
)

// logged collects what is logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// count says how many lines hold the text.
func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// logging is the world's service with its log in sight.
func (w *world) logging() *logged {
	l := &logged{}
	w.deps.Log = slog.New(slog.NewTextHandler(l, nil))
	w.Service = must(payout.New(w.deps))
	return l
}

func (w *world) expire(limit, want int) {
	w.t.Helper()
	if n, err := w.Expire(w.t.Context(), limit); err != nil || n != want {
		w.t.Errorf("ended %d, %v; want %d", n, err, want)
	}
}

func TestAPayoutThatCannotBeEndedRests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.logging()
	p := w.create(w.live, request("order"))
	var box []byte
	if err := w.db.QueryRow(t.Context(), `select requisite_box from payouts where id = $1`, p.ID).Scan(&box); err != nil {
		t.Fatal(err)
	}
	seal := func(box []byte) {
		if _, err := w.db.Exec(t.Context(), `update payouts set requisite_box = $2 where id = $1`, p.ID, box); err != nil {
			t.Fatal(err)
		}
	}
	seal([]byte{0})
	w.clock.advance(time.Hour)
	tries := func() int { return l.count("payout could not be timed out") }
	for _, step := range []struct {
		after time.Duration
		tries int
	}{{0, 1}, {time.Second, 1}, {time.Second, 2}, {3 * time.Second, 2}, {time.Second, 3}, {7 * time.Second, 3}, {time.Second, 4}} {
		w.clock.advance(step.after)
		w.expire(10, 0)
		if got := tries(); got != step.tries {
			t.Errorf("after %v: tried %d times, want %d", step.after, got, step.tries)
		}
	}
	seal(box)
	w.clock.advance(time.Minute) // the longest rest
	w.expire(10, 1)
	w.wantEnd(p.ID, payout.RejectedTimeout)
}

// TestALockedPayoutDoesNotStopTheSweep has somebody else hold a payout's row:
// its turn comes later, that of the others now.
func TestALockedPayoutDoesNotStopTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	locked := w.create(w.live, request("locked"))
	free := w.create(w.live, request("free"))
	w.clock.advance(time.Hour)
	unlock := w.lock(locked.ID)
	w.expire(10, 1)
	w.wantEnd(free.ID, payout.RejectedTimeout)
	unlock()
	w.clock.advance(time.Minute)
	w.expire(10, 1)
	w.wantEnd(locked.ID, payout.RejectedTimeout)
}

// lock holds rows of payouts as another process does, until it is told to stop.
func (w *world) lock(ids ...string) (unlock func()) {
	w.t.Helper()
	tx, err := w.db.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	unlock = func() { _ = tx.Rollback(context.Background()) }
	w.t.Cleanup(unlock)
	if _, err := tx.Exec(w.t.Context(), `select from payouts where id = any($1) for update`, ids); err != nil {
		w.t.Fatal(err)
	}
	return unlock
}

func TestASweepThatNeverGetsItsTurnTellsSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.logging()
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	take := func() {
		if _, err := tx.Exec(t.Context(), `select pg_advisory_xact_lock(hashtextextended('disburse/payout/expire', 0))`); err != nil {
			t.Fatal(err)
		}
	}
	take()
	told := func(after time.Duration, want int) {
		t.Helper()
		w.clock.advance(after)
		w.expire(10, 0)
		if got := l.count("timed out by another process alone"); got != want {
			t.Errorf("after %v: told %d times, want %d", after, got, want)
		}
	}
	told(0, 0)
	told(time.Minute, 0)
	told(time.Second, 1)
	told(time.Minute, 1)
	told(4*time.Minute, 2)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	told(time.Hour, 2)
	if tx, err = w.db.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	take()
	told(time.Hour, 2) // a new count begins
	told(time.Minute+1*time.Second, 3)
}
