package callbacks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What the Journal answers, to be told apart with errors.Is.
var (
	// ErrNotFound: there is no callback of that id.
	ErrNotFound = errors.New("callback not found")
	// ErrNoState: a bulk resend has to name the state it is for.
	ErrNoState = errors.New("a bulk resend needs a state")
)

// Journal reads what became of callbacks and has them sent again. DB may be a
// transaction, so that a resend and its audit record stand or fall together.
type Journal struct {
	DB  DB
	Now func() time.Time
}

// Filter selects callbacks; an empty field selects all.
type Filter struct {
	State      State
	MerchantID string
	OrderID    string
	Subject    string
}

// Item is one callback as lists show it. The body is not part of it.
type Item struct {
	ID            string // webhook-id
	MerchantID    string
	Subject       string
	OrderID       string
	Kind          string
	URL           string
	State         State
	Class         Class
	Attempts      int
	NextAttemptAt *time.Time // of Pending
	LastStatus    int        // 0: no answer yet, or none the last time
	LastError     string
	DeadReason    string
	CreatedAt     time.Time
	FinishedAt    *time.Time // of Delivered and Dead
}

// Page is a part of a list, newest first. Next is the cursor of the following
// page, empty at the end.
type Page struct {
	Items []Item
	Next  string
}

// Attempt is one line of the attempt log.
type Attempt struct {
	Number    int
	StartedAt time.Time
	Duration  time.Duration
	Outcome   Outcome
	Status    int    // 0 without an answer
	Error     string // class of the failure
	Response  string // masked start of the answer's body
}

// Detail is one callback with its latest attempts, newest first, 100 at most.
type Detail struct {
	Item
	Log []Attempt
}

const (
	pageDefault = 50
	pageMost    = 500
	logMost     = 100
)

// List returns the callbacks that match, newest first. cursor is empty or the
// Next of the page before; limit 0 means 50, and 500 is the most.
func (j Journal) List(ctx context.Context, f Filter, cursor string, limit int) (Page, error) {
	if limit <= 0 {
		limit = pageDefault
	}
	limit = min(limit, pageMost)
	rows, err := j.query(ctx, listSQL, f.MerchantID, f.OrderID, f.Subject, string(f.State), cursor, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("listing callbacks: %w", err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Item])
	if err != nil {
		return Page{}, fmt.Errorf("listing callbacks: %w", err)
	}
	if len(items) <= limit {
		return Page{Items: items}, nil
	}
	return Page{Items: items[:limit], Next: items[limit-1].ID}, nil
}

// Get returns one callback with its attempts, or ErrNotFound.
func (j Journal) Get(ctx context.Context, id string) (Detail, error) {
	rows, err := j.query(ctx, getSQL, id)
	if err != nil {
		return Detail{}, fmt.Errorf("reading a callback: %w", err)
	}
	item, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Item])
	if errors.Is(err, pgx.ErrNoRows) {
		return Detail{}, ErrNotFound
	}
	if err != nil {
		return Detail{}, fmt.Errorf("reading a callback: %w", err)
	}
	if rows, err = j.query(ctx, attemptsSQL, id, logMost); err != nil {
		return Detail{}, fmt.Errorf("reading the attempts of a callback: %w", err)
	}
	log, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Attempt, error) {
		var a Attempt
		var micros int64
		err := row.Scan(&a.Number, &a.StartedAt, &micros, &a.Outcome, &a.Status, &a.Error, &a.Response)
		a.Duration = time.Duration(micros) * time.Microsecond
		return a, err
	})
	if err != nil {
		return Detail{}, fmt.Errorf("reading the attempts of a callback: %w", err)
	}
	return Detail{Item: item, Log: log}, nil
}

// About returns the newest callbacks of a subject with their attempts, newest
// first, 50 at most.
func (j Journal) About(ctx context.Context, subject string) ([]Detail, error) {
	page, err := j.List(ctx, Filter{Subject: subject}, "", 0)
	if err != nil {
		return nil, err
	}
	details := make([]Detail, len(page.Items))
	for i, item := range page.Items {
		if details[i], err = j.Get(ctx, item.ID); err != nil {
			return nil, err
		}
	}
	return details, nil
}

// Resend has a callback of any state sent once more, now, under the same
// webhook-id; its schedule begins anew, and its state is Pending until that
// has come to an end. An attempt that is running is not doubled: its
// success serves the resend, and after its failure comes another. It returns
// ErrNotFound.
func (j Journal) Resend(ctx context.Context, id string) error {
	tag, err := j.DB.Exec(ctx, resendSQL, []string{id}, string(First), j.Now(), "")
	if err != nil {
		return fmt.Errorf("resending a callback: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}

// Prospect is what a bulk resend would find.
type Prospect struct {
	Matched  int
	Oldest   time.Time // when the first of them was made; zero without any
	UnderWay int       // those of the same filter that were attempted or resent, and will be attempted again
}

// Prospect looks at what ResendMany would resend. The filter must name a state
// (ErrNoState).
func (j Journal) Prospect(ctx context.Context, f Filter) (p Prospect, err error) {
	if f.State == "" {
		return Prospect{}, ErrNoState
	}
	rows, err := j.query(ctx, oldestSQL, f.MerchantID, f.OrderID, f.Subject, string(f.State))
	if err == nil {
		p, err = pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (Prospect, error) {
			var found Prospect
			var oldest *time.Time
			if err := row.Scan(&found.Matched, &oldest); err != nil || oldest == nil {
				return found, err
			}
			found.Oldest = oldest.UTC()
			return found, nil
		})
	}
	if err == nil {
		rows, err = j.query(ctx, underWaySQL, f.MerchantID, f.OrderID, f.Subject, string(Pending))
	}
	if err == nil {
		p.UnderWay, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	}
	if err != nil {
		return Prospect{}, fmt.Errorf("looking at callbacks: %w", err)
	}
	return p, nil
}

// Resent counts a bulk resend.
type Resent struct {
	Matched int `json:"matched"` // before the resend
	Resent  int `json:"resent"`
}

// ResendMany resends the callbacks that match, oldest first, at most limit of
// them, by the workers of bulk resends. The filter must name a state
// (ErrNoState): what was resent is Pending and matches no more, so repeated
// calls come to an end, and calls at the same time resend each of them once.
func (j Journal) ResendMany(ctx context.Context, f Filter, limit int) (Resent, error) {
	if f.State == "" {
		return Resent{}, ErrNoState
	}
	rows, err := j.query(ctx, countSQL, f.MerchantID, f.OrderID, f.Subject, string(f.State))
	if err != nil {
		return Resent{}, fmt.Errorf("counting callbacks: %w", err)
	}
	matched, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	if err != nil {
		return Resent{}, fmt.Errorf("counting callbacks: %w", err)
	}
	rows, err = j.query(ctx, selectSQL, f.MerchantID, f.OrderID, f.Subject, string(f.State), limit)
	if err != nil {
		return Resent{}, fmt.Errorf("selecting callbacks: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return Resent{}, fmt.Errorf("selecting callbacks: %w", err)
	}
	tag, err := j.DB.Exec(ctx, resendSQL, ids, string(Bulk), j.Now(), string(f.State))
	if err != nil {
		return Resent{}, fmt.Errorf("resending callbacks: %w", err)
	}
	return Resent{Matched: matched, Resent: int(tag.RowsAffected())}, nil
}

// Stats is the state of the whole, for metrics.
type Stats struct {
	Pending      int
	Due          int           // of Pending: should have been sent by now
	OldestDueAge time.Duration // how long the oldest of Due has waited
	Dead         int
	OpenCircuits int
}

// Stats counts what waits. It reads every pending row through an index: once
// in some seconds is often enough.
func (j Journal) Stats(ctx context.Context) (Stats, error) {
	now := j.Now()
	rows, err := j.query(ctx, statsSQL, now, circuitFailures, circuitAfter)
	if err != nil {
		return Stats{}, fmt.Errorf("counting callbacks: %w", err)
	}
	stats, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (Stats, error) {
		var s Stats
		var oldest *time.Time
		if err := row.Scan(&s.Pending, &s.Due, &oldest, &s.Dead, &s.OpenCircuits); err != nil {
			return Stats{}, err
		}
		if oldest != nil {
			s.OldestDueAge = max(0, now.Sub(*oldest))
		}
		return s, nil
	})
	if err != nil {
		return Stats{}, fmt.Errorf("counting callbacks: %w", err)
	}
	return stats, nil
}

// query plans for the values at hand: which index serves a filter depends on
// which of its fields are empty.
func (j Journal) query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return j.DB.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
}
