package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Config is what a Ledger needs. Zero sizes take the defaults.
type Config struct {
	DB       *pgxpool.Pool
	Now      func() time.Time // default time.Now
	MaxGroup int              // postings committed together at most; default 256
	MaxQueue int              // postings waiting at most, more are refused with ErrBusy; default 4096
	// Observe is told of every committed or refused group, from the writer's
	// goroutine. Optional.
	Observe func(GroupStats)
}

// GroupStats describes one group for metrics.
type GroupStats struct {
	Postings int // in the group
	Refused  int // of those, refused one by one (funds, reused references)
	Replayed int
	Guessed  bool // decided on remembered balances, which held
	Split    bool // a rider failed and the group was taken apart
	Took     time.Duration
}

// Ledger posts entries and reads the books. It is safe for concurrent use,
// by any number of processes on one database.
type Ledger struct {
	cfg      Config
	queue    chan *posting
	accounts accountIDs

	mu     sync.RWMutex // guards closed against a send on a closed queue
	closed bool
	done   chan struct{}
}

// New starts the writer of this process. Close it to flush what waits.
func New(cfg Config) (*Ledger, error) {
	if cfg.DB == nil {
		return nil, errors.New("ledger: Config.DB is missing")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxGroup == 0 {
		cfg.MaxGroup = 256
	}
	if cfg.MaxQueue == 0 {
		cfg.MaxQueue = 4096
	}
	if cfg.Observe == nil {
		cfg.Observe = func(GroupStats) {}
	}
	l := &Ledger{cfg: cfg, queue: make(chan *posting, cfg.MaxQueue), done: make(chan struct{})}
	go (&writer{Ledger: l}).write()
	return l, nil
}

// Close refuses new postings, commits those that wait, and returns. The
// error is that of a context that ended first.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// accountIDs remembers the database ids of accounts. Ids never change and
// accounts are never deleted, so a remembered id is always right.
type accountIDs struct {
	mu  sync.Mutex
	ids map[Account]int64
}

// rememberAtMost bounds the memory of accountIDs; past it the map starts anew.
const rememberAtMost = 100_000

func (a *accountIDs) get(keys map[Account]int64) (missing []Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range keys {
		if id, ok := a.ids[key]; ok {
			keys[key] = id
		} else {
			missing = append(missing, key)
		}
	}
	return missing
}

func (a *accountIDs) put(keys map[Account]int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids == nil || len(a.ids)+len(keys) > rememberAtMost {
		a.ids = make(map[Account]int64)
	}
	for key, id := range keys {
		a.ids[key] = id
	}
}
