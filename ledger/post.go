package ledger

import (
	"context"
	"fmt"
	"time"
	"unicode"

	"disburse/ledger/money"
)

// Rider is one row that must stand or fall with an entry: the order it pays
// for, the guarded change of its state, a staged callback, an audit record.
//
// SQL is a set-based statement with one array parameter a column, for example
//
//	insert into orders (id, total) select * from unnest($1::text[], $2::bigint[])
//
// and Row is the values of this one row, each of the Go type that it has in
// every row of the same SQL (a pointer where it may be null). Post runs each
// statement once a group, after the transfers, in the order in which the
// statements first appear, and asks that it affects exactly one row a rider.
type Rider struct {
	SQL string
	Row []any
	// Certain says that the statement cannot affect fewer rows without an
	// error, as a plain insert from unnest, and need not be counted. A statement
	// that begins with "with" and changes rows there counts for itself and is
	// certain: it ends in
	//
	//	select ledger_expect((select count(*) from done) = cardinality($1), 'DL002')
	//
	// and RiderError.Missed tells that it found fewer.
	Certain bool
}

// Receipt is what Post did, or did before under the same reference.
type Receipt struct {
	Transfers []Posted
	At        time.Time
	// Replayed: the reference had been posted with the same content. Nothing
	// moved now and no rider ran.
	Replayed bool
}

// Posted is one transfer of an entry.
type Posted struct {
	From, To    Account
	Amount      money.Money
	FromBalance int64 // minor units after the transfer
	ToBalance   int64
}

// posting is an entry on its way through the writer.
type posting struct {
	ctx    context.Context
	entry  Entry
	riders []Rider

	receipt Receipt
	err     error
	done    chan struct{}
}

func (p *posting) answer(err error) {
	p.err = err
	close(p.done)
}

// maxReference bounds a reference in bytes, so that its index entry fits a
// page with room to spare.
const maxReference = 1400

// Post moves the money of one entry and writes its riders, all or nothing,
// durably, and exactly once per reference. Checks come in this order: shape,
// reference seen before, currencies and modes, funds, riders.
//
// It returns ErrInvalid, ErrReferenceReused, ErrInsufficientFunds,
// ErrOverflow, *RiderError, ErrBusy or ErrUnavailable. After ErrUnavailable,
// which is also what a caller gets whose ctx ends while it waits, the entry
// may stand: post again with the same reference to learn so.
func (l *Ledger) Post(ctx context.Context, e Entry, riders ...Rider) (Receipt, error) {
	if err := e.check(); err != nil {
		return Receipt{}, err
	}
	p := &posting{ctx: ctx, entry: e, riders: riders, done: make(chan struct{})}
	if err := l.enqueue(p); err != nil {
		return Receipt{}, err
	}
	select {
	case <-p.done:
		return p.receipt, p.err
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	}
}

func (l *Ledger) enqueue(p *posting) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return fmt.Errorf("%w: the ledger is closing", ErrBusy)
	}
	select {
	case l.queue <- p:
		return nil
	default:
		return ErrBusy
	}
}

// check refuses entries that no flow should have made.
func (e Entry) check() error {
	if e.Reference == "" || len(e.Reference) > maxReference {
		return fmt.Errorf("%w: reference of %d bytes", ErrInvalid, len(e.Reference))
	}
	for _, r := range e.Reference {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return fmt.Errorf("%w: reference holds %q", ErrInvalid, r)
		}
	}
	if e.Flow == "" || len(e.legs) == 0 {
		return fmt.Errorf("%w: no flow or no transfers", ErrInvalid)
	}
	for _, leg := range e.legs {
		switch {
		case leg.from == leg.to:
			return fmt.Errorf("%w: from %s to itself", ErrInvalid, leg.from)
		case leg.from.Mode != leg.to.Mode || !leg.from.Mode.Valid():
			return fmt.Errorf("%w: from mode %q to %q", ErrInvalid, leg.from.Mode, leg.to.Mode)
		case leg.from.Currency != leg.to.Currency || leg.amount.Currency() != leg.from.Currency:
			return fmt.Errorf("%w: %s from %s to %s", ErrInvalid, leg.amount.Currency(), leg.from, leg.to)
		case !leg.amount.Positive():
			return fmt.Errorf("%w: amount %s", ErrInvalid, leg.amount)
		case leg.from.Owner == "" || leg.to.Owner == "" || leg.from.Purpose == "" || leg.to.Purpose == "":
			return fmt.Errorf("%w: account without owner or purpose", ErrInvalid)
		}
	}
	return nil
}
