package ledger

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Errors of Post.
var (
	// ErrInsufficientFunds: an account would go below its floor. Nothing moved;
	// the same reference may be tried again.
	ErrInsufficientFunds = errors.New("ledger: insufficient funds")
	// ErrReferenceReused: the reference was posted before with other content.
	// See ReusedError for the difference.
	ErrReferenceReused = errors.New("ledger: reference already posted with other content")
	// ErrOverflow: a balance would leave the range of int64.
	ErrOverflow = errors.New("ledger: balance out of range")
	// ErrBusy: more postings wait than the queue holds. Nothing moved.
	ErrBusy = errors.New("ledger: too many postings waiting")
	// ErrUnavailable: the outcome is unknown or the database is away. A retry
	// with the same reference finds what happened.
	ErrUnavailable = errors.New("ledger: outcome unknown, retry with the same reference")
	// ErrInvalid: the entry is malformed; a fault of the program.
	ErrInvalid = errors.New("ledger: invalid entry")
	// ErrNotFound: no such account or transfer.
	ErrNotFound = errors.New("ledger: not found")
)

// ReusedError names what differs from the entry that holds the reference.
type ReusedError struct {
	Reference string
	Field     string // "flow", "legs", "from", "to", "amount"
}

func (e *ReusedError) Error() string {
	return fmt.Sprintf("ledger: reference %q already posted with another %s", e.Reference, e.Field)
}

// Is makes errors.Is(err, ErrReferenceReused) true.
func (e *ReusedError) Is(target error) bool { return target == ErrReferenceReused }

// RiderError reports the rider that could not be written; the entry did not
// stand either.
type RiderError struct {
	Index int   // in the riders given to Post
	Err   error // the database's error, or nil when the statement touched no row
}

// Missed says that a guard did not hold: the statement touched fewer rows than
// it was given riders.
func (e *RiderError) Missed() bool {
	var pg *pgconn.PgError
	return e.Err == nil || errors.As(e.Err, &pg) && pg.Code == ridersMissed
}

func (e *RiderError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("ledger: rider %d matched no row", e.Index)
	}
	return fmt.Sprintf("ledger: rider %d: %v", e.Index, e.Err)
}

func (e *RiderError) Unwrap() error { return e.Err }
