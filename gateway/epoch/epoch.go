package epoch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// StaleAfter is how long caches go on serving without a fresh look at the
// number: the bound after which a disabled operator or merchant is locked out
// of every process whatever happens.
const StaleAfter = 4 * time.Second

const defaultEvery = time.Second

// Execer runs a statement in a transaction.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Reader reads one row: a pool of pgx.
type Reader interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Bump counts one change of configuration in the transaction tx.
func Bump(ctx context.Context, tx Execer) error {
	tag, err := tx.Exec(ctx, bumpNumber)
	if err != nil {
		return fmt.Errorf("epoch: bump: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return errors.New("epoch: bump: the table config_epoch has no row")
	}
	return nil
}

// Config is what a Watcher needs.
type Config struct {
	DB    Reader           // required
	Every time.Duration    // 1 s when zero
	Now   func() time.Time // time.Now when nil
	Log   *slog.Logger     // slog.Default when nil
}

// Watcher follows the number. It is safe for concurrent use.
type Watcher struct {
	db         Reader
	every      time.Duration
	now        func() time.Time
	log        *slog.Logger
	number     atomic.Int64 // last read from the database
	generation atomic.Uint64
	seenAt     atomic.Pointer[time.Time] // when the last successful look began
}

// NewWatcher makes a watcher; it looks at nothing before Poll or Run.
func NewWatcher(c Config) (*Watcher, error) {
	if c.DB == nil {
		return nil, errors.New("epoch: DB is missing")
	}
	w := &Watcher{db: c.DB, every: c.Every, now: c.Now, log: c.Log}
	if w.every <= 0 {
		w.every = defaultEvery
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.log == nil {
		w.log = slog.Default()
	}
	return w, nil
}

// Run polls at once and then at the set interval, until ctx ends. A poll that
// fails is logged once per outage and tried again at the next tick.
func (w *Watcher) Run(ctx context.Context) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	failing := false
	for {
		err := w.pollWithin(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			w.log.Warn("configuration changes cannot be followed", "error", err)
		}
		if err == nil && failing {
			w.log.Info("configuration changes are followed again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// pollWithin bounds one look, so that a hanging connection delays the next
// look but does not stop them.
func (w *Watcher) pollWithin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, StaleAfter/2)
	defer cancel()
	return w.Poll(ctx)
}

// Poll looks at the number once and drops the caches if it moved.
func (w *Watcher) Poll(ctx context.Context) error {
	began := w.now()
	var n int64
	if err := w.db.QueryRow(ctx, selectNumber).Scan(&n); err != nil {
		return fmt.Errorf("epoch: poll: %w", err)
	}
	if w.number.Swap(n) != n {
		w.generation.Add(1)
	}
	w.seenAt.Store(&began)
	return nil
}

// Invalidate drops every cache of this process now. Call it after the commit
// of a change made here, so that its maker sees it at once.
func (w *Watcher) Invalidate() { w.generation.Add(1) }

// fresh reports whether the number was looked at recently enough for cached
// values to be believed.
func (w *Watcher) fresh() bool {
	seen := w.seenAt.Load()
	return seen != nil && w.now().Sub(*seen) <= StaleAfter
}
