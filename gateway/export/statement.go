package export

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Account is whose statement it is.
type Account struct {
	MerchantID string
	Name       string
	Mode       ledger.Mode
}

// Statement is what a merchant had, what moved and what it has, by day. Money
// is USDT.
type Statement struct {
	Account
	From, To time.Time // the first day, and the day after the last; UTC
	Days     []Day
	// Sum is the whole period as if it were one day.
	Sum Day
}

// Day is one day of a statement.
type Day struct {
	Date     time.Time
	Opening  Balance
	Lines    []Line
	Closing  Balance
	Complete bool // the day is over, and nothing more can be booked on it
}

// Balance is a merchant's money at a moment, or how it changed.
type Balance struct {
	Available money.Money
	Held      money.Money
}

// Total is what is available and what is held together.
func (b Balance) Total() money.Money {
	return money.New(b.Available.Minor()+b.Held.Minor(), money.USDT)
}

// Line is what one flow moved on a day. Part tells the parts of a flow apart by
// what the house keeps them as, such as "fees"; it is empty for what stays the
// merchant's.
type Line struct {
	Flow      string
	Part      string
	Transfers int64
	Moved     Balance
}

// DaysAtMost bounds a statement.
const DaysAtMost = 92

// settled is how long after its end a day may still get transfers: what was
// begun before is committed by then.
const settled = time.Minute

const day = 24 * time.Hour

// Statement makes the statement of the days from and to, both of them included.
// Faults: invalid_request.
func (s *Service) Statement(ctx context.Context, of Account, from, to time.Time) (Statement, error) {
	from, to = from.UTC().Truncate(day), to.UTC().Truncate(day).Add(day)
	n := int(to.Sub(from) / day)
	switch {
	case n < 1:
		return Statement{}, fault.Invalid(fault.Field{Name: "to", Why: "must not be before from"})
	case n > DaysAtMost:
		return Statement{}, fault.Invalid(fault.Field{Name: "to", Why: fmt.Sprintf("must be within %d days", DaysAtMost)})
	case !of.Mode.Valid():
		return Statement{}, fmt.Errorf("export: a statement of the mode %q", of.Mode)
	}
	st := Statement{Account: of, From: from, To: to, Days: make([]Day, n)}
	for i := range st.Days {
		date := from.AddDate(0, 0, i)
		st.Days[i] = Day{Date: date, Complete: date.Add(day + settled).Before(s.d.Now())}
	}
	tx, err := transact.Snapshot(ctx, s.d.DB, idleAtMost)
	if err != nil {
		return Statement{}, fmt.Errorf("export: statement: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it has changed nothing
	if err := st.read(ctx, tx); err != nil {
		return Statement{}, fmt.Errorf("export: statement: %w", err)
	}
	return st, st.prove()
}

// cut says where moments fall into the books: after which transfer.
func cut(ctx context.Context, tx pgx.Tx, moments []time.Time) ([]int64, error) {
	rows, err := tx.Query(ctx, selectCuts, moments)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func (s *Statement) read(ctx context.Context, tx pgx.Tx) error {
	moments := make([]time.Time, 0, len(s.Days)+1)
	for _, d := range s.Days {
		moments = append(moments, d.Date)
	}
	cuts, err := cut(ctx, tx, append(moments, s.To))
	if err != nil {
		return err
	}
	if err := s.readBalances(ctx, tx, cuts); err != nil {
		return err
	}
	return s.readLines(ctx, tx, cuts)
}

func (s *Statement) readBalances(ctx context.Context, tx pgx.Tx, cuts []int64) error {
	at := make([]Balance, len(cuts))
	for i := range at {
		at[i] = Balance{money.New(0, money.USDT), money.New(0, money.USDT)}
	}
	rows, err := tx.Query(ctx, selectHeldAt, string(s.Mode), s.MerchantID, cuts)
	if err != nil {
		return err
	}
	var place int
	var purpose string
	var minor int64
	_, err = pgx.ForEachRow(rows, []any{&place, &purpose, &minor}, func() error {
		return at[place-1].add(purpose, minor)
	})
	for i := range s.Days {
		s.Days[i].Opening, s.Days[i].Closing = at[i], at[i+1]
	}
	s.Sum = Day{Date: s.From, Opening: at[0], Closing: at[len(at)-1], Complete: s.Days[len(s.Days)-1].Complete}
	return err
}

func (s *Statement) readLines(ctx context.Context, tx pgx.Tx, cuts []int64) error {
	rows, err := tx.Query(ctx, selectMoved, string(s.Mode), s.MerchantID, cuts, cuts[0], cuts[len(cuts)-1])
	if err != nil {
		return err
	}
	var place int
	var flow, purpose, part string
	var count, minor int64
	_, err = pgx.ForEachRow(rows, []any{&place, &flow, &purpose, &part, &count, &minor}, func() error {
		for _, d := range []*Day{&s.Days[place-1], &s.Sum} {
			if err := d.line(flow, part).moved(purpose, count, minor); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range s.Days {
		s.Days[i].count()
	}
	s.Sum.count()
	return err
}

// line finds the line of a flow, making it where it is the first of its kind.
func (d *Day) line(flow, part string) *Line {
	for i := range d.Lines {
		if d.Lines[i].Flow == flow && d.Lines[i].Part == part {
			return &d.Lines[i]
		}
	}
	d.Lines = append(d.Lines, Line{Flow: flow, Part: part, Moved: Balance{money.New(0, money.USDT), money.New(0, money.USDT)}})
	return &d.Lines[len(d.Lines)-1]
}

// moved adds what the transfers of a line did to one of the two accounts.
func (l *Line) moved(purpose string, count, minor int64) error {
	l.Transfers += count
	return l.Moved.add(purpose, minor)
}

// count undoes that a transfer between the merchant's two accounts was seen from
// both.
func (d *Day) count() {
	for i := range d.Lines {
		if d.Lines[i].Part == "" {
			d.Lines[i].Transfers /= 2
		}
	}
}

func (b *Balance) add(purpose string, minor int64) (err error) {
	into := &b.Available
	if purpose == ledger.PurposeHeld {
		into = &b.Held
	}
	*into, err = into.Add(money.New(minor, money.USDT))
	return err
}

// prove refuses a statement that does not add up. The books never make one: what
// does not fit was read wrongly.
func (s *Statement) prove() error {
	for _, d := range append([]Day{s.Sum}, s.Days...) {
		sum := d.Opening
		for _, l := range d.Lines {
			if err := sum.add(ledger.PurposeAvailable, l.Moved.Available.Minor()); err != nil {
				return err
			}
			if err := sum.add(ledger.PurposeHeld, l.Moved.Held.Minor()); err != nil {
				return err
			}
		}
		if sum != d.Closing {
			return fmt.Errorf("export: the statement of %s for %s does not add up: %v, not %v",
				s.MerchantID, d.Date.Format(time.DateOnly), sum, d.Closing)
		}
	}
	return nil
}
