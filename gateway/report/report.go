package report

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/callbacks"
)

// DB is what reads are sent to: a pool, or a transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Deps is what a Reader needs; nothing may be missing.
type Deps struct {
	DB        DB
	Callbacks interface {
		Stats(ctx context.Context) (callbacks.Stats, error)
	}
	Now func() time.Time
}

// Reader reads across features. It is safe for concurrent use.
type Reader struct {
	d Deps

	mu    sync.Mutex
	beats map[Topic]history

	paid map[payKey]*cached[ToPay]

	funds   cached[[]Funds]
	work    cached[Work]
	courses courses
}

// New makes a Reader, and refuses a missing dependency by name.
func New(d Deps) (*Reader, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("report: DB is missing")
	case d.Callbacks == nil:
		return nil, errors.New("report: Callbacks is missing")
	case d.Now == nil:
		return nil, errors.New("report: Now is missing")
	}
	return &Reader{d: d, beats: make(map[Topic]history), paid: make(map[payKey]*cached[ToPay])}, nil
}
