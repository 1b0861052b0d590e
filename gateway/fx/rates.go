package fx

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
)

// maxHeld is above the number of currencies there are.
const maxHeld = 512

const (
	defaultPage = 50
	maxPage     = 500
)

// Deps is what Rates needs; nothing but JumpBound may be missing.
type Deps struct {
	DB      *pgxpool.Pool
	Watcher *epoch.Watcher
	Now     func() time.Time
	// JumpBound is the part of the rate in force that a new one may differ by
	// without confirmation; a tenth when zero.
	JumpBound decimal.Decimal
}

// Rates reads and sets exchange rates. It is safe for concurrent use.
type Rates struct {
	deps  Deps
	cache *epoch.Cache[string, lookup]
}

// lookup is a rate or the fact that there is none, so that a currency without
// a rate is not asked for again and again.
type lookup struct {
	rate  Rate
	found bool
}

// New makes the rates, and refuses a missing dependency by name.
func New(d Deps) (*Rates, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("fx: DB is missing")
	case d.Watcher == nil:
		return nil, errors.New("fx: Watcher is missing")
	case d.Now == nil:
		return nil, errors.New("fx: Now is missing")
	case d.JumpBound.IsNegative():
		return nil, errors.New("fx: JumpBound is negative")
	}
	if d.JumpBound.IsZero() {
		d.JumpBound = decimal.New(1, -1)
	}
	r := &Rates{deps: d}
	r.cache = epoch.NewCache(d.Watcher, maxHeld, r.load)
	return r, nil
}

// Current is the rate to use for a currency (in any letter case). It fails with
// rate_unavailable when there is none or it is too old.
func (r *Rates) Current(ctx context.Context, currency string) (Rate, error) {
	found, err := r.lookup(ctx, currency)
	if err != nil {
		return Rate{}, err
	}
	if !found.found || found.rate.Stale(r.deps.Now()) {
		return Rate{}, ErrUnavailable
	}
	return found.rate, nil
}

// Known reports whether a currency (in any letter case) ever got a rate, of
// whatever age: whether requests may name it at all.
func (r *Rates) Known(ctx context.Context, currency string) (bool, error) {
	found, err := r.lookup(ctx, currency)
	return found.found, err
}

func (r *Rates) lookup(ctx context.Context, currency string) (lookup, error) {
	// What is no currency never reaches the cache or the database.
	code, ok := known(currency)
	if !ok {
		return lookup{}, nil
	}
	return r.cache.Get(ctx, code)
}

func (r *Rates) load(ctx context.Context, code string) (lookup, error) {
	rows, err := collect(ctx, r.deps.DB, selectCurrent, code)
	if err != nil {
		return lookup{}, fmt.Errorf("fx: load: %w", err)
	}
	if len(rows) == 0 {
		return lookup{}, nil
	}
	return lookup{rate: rows[0].rate(), found: true}, nil
}

// List reads the rates in force, stale ones included, by currency.
func (r *Rates) List(ctx context.Context) ([]Rate, error) {
	rows, err := collect(ctx, r.deps.DB, selectAllCurrent)
	if err != nil {
		return nil, fmt.Errorf("fx: list: %w", err)
	}
	rates := make([]Rate, len(rows))
	for i, found := range rows {
		rates[i] = found.rate()
	}
	return rates, nil
}

// Page is one page of a currency's history, newest first. NextCursor is empty
// on the last.
type Page struct {
	Items      []Rate
	NextCursor string
}

// History reads what the rate of a currency was. limit is 1 to 500, and 50 when
// zero or below. It fails with invalid_request on a cursor of another making.
func (r *Rates) History(ctx context.Context, currency, cursor string, limit int) (Page, error) {
	before := int64(0)
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 36, 64); err != nil || before <= 0 {
			return Page{}, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
		}
	}
	limit = min(limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	code, _ := known(currency)
	// One more than asked tells whether another page follows.
	rows, err := collect(ctx, r.deps.DB, selectHistory, code, before, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("fx: history: %w", err)
	}
	page := Page{Items: make([]Rate, 0, len(rows))}
	for i, found := range rows {
		if i == limit {
			page.NextCursor = strconv.FormatInt(rows[i-1].ID, 36)
			break
		}
		page.Items = append(page.Items, found.rate())
	}
	return page, nil
}

// Change is a rate to be set.
type Change struct {
	Currency string // any letter case
	Value    decimal.Decimal
	MaxAge   time.Duration // whole seconds up to a year; 24 h when zero
	Source   string        // "manual" when empty
	Confirm  bool          // allows a jump beyond the bound
}

// Set puts a rate in force from now on and returns it. It fails with
// invalid_request that lists every fault (an inverted rate among them) and with
// rate_jump, and with unavailable while another change takes its time.
func (r *Rates) Set(ctx context.Context, c Change) (Rate, error) {
	next, err := r.shape(c)
	if err != nil {
		return Rate{}, err
	}
	err = transact.Run(ctx, r.deps.DB, func(tx pgx.Tx) error {
		// The lock of the epoch also orders this change after the one it is
		// compared with.
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		return r.replace(ctx, tx, next, c.Confirm)
	})
	var refused *fault.Error
	if errors.As(err, &refused) {
		return Rate{}, err
	}
	if err != nil {
		return Rate{}, fmt.Errorf("fx: set: %w", err)
	}
	r.deps.Watcher.Invalidate()
	return next, nil
}

// shape checks everything about a change but its relation to the rate in force.
func (r *Rates) shape(c Change) (Rate, error) {
	next := Rate{
		Value: c.Value, Source: c.Source, MaxAge: c.MaxAge,
		SetAt: r.deps.Now().UTC().Truncate(time.Microsecond),
	}
	if next.Source == "" {
		next.Source = "manual"
	}
	if next.MaxAge == 0 {
		next.MaxAge = DefaultMaxAge
	}
	var faults []fault.Field
	var ok bool
	if next.Currency, ok = known(c.Currency); !ok {
		faults = append(faults, fault.Field{Name: "currency", Why: "must be a known currency other than USDT"})
	}
	if !validValue(c.Value) {
		faults = append(faults, fault.Field{Name: "rate", Why: "must be above zero, at most 1000000000, with at most 4 decimals"})
	}
	if !wholeSeconds(next.MaxAge) {
		faults = append(faults, fault.Field{Name: "max_age", Why: "must be a span such as 24h or 90m, of whole seconds, 1s to a year"})
	}
	if !validSource(next.Source) {
		faults = append(faults, fault.Field{Name: "source", Why: "must be at most 128 characters without control characters"})
	}
	if len(faults) > 0 {
		return Rate{}, fault.Invalid(faults...)
	}
	return next, nil
}

func (r *Rates) replace(ctx context.Context, tx pgx.Tx, next Rate, confirm bool) error {
	rows, err := collect(ctx, tx, selectCurrent, next.Currency)
	if err != nil {
		return err
	}
	record := audit.Of(ctx, next.SetAt, "rate.set", "rate", next.Currency)
	record.After = next.View(next.SetAt)
	if len(rows) > 0 {
		before := rows[0].rate()
		beyond, inverted := jump(before.Value, next.Value, r.deps.JumpBound)
		switch {
		case inverted:
			return fault.Invalid(fault.Field{Name: "rate", Why: "looks inverted, it must be units of the currency for one USDT"})
		case beyond && !confirm:
			return ErrJump
		}
		record.Before = before.View(next.SetAt)
	}
	if _, err := tx.Exec(ctx, insertRate, next.Currency, minor(next.Value), next.Source,
		int64(next.MaxAge/time.Second), next.SetAt); err != nil {
		return err
	}
	return audit.Write(ctx, tx, record)
}
