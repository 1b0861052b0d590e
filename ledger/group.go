package ledger

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"disburse/ledger/money"
)

// group is a set of postings that commit in one transaction, with the state
// its decisions are made on.
type group struct {
	postings []*posting
	ids      map[Account]int64              // of every account named in the group
	balances map[int64]*balance             // locked rows, or what is remembered of them
	guess    struct{ ids, amounts []int64 } // of the remembered, before the group
	existing map[string][]stored            // transfers already posted, by reference
	accepted map[string]*posting            // of this group, by reference

	rows     transferRows
	writers  []*posting // accepted in order, the first len(rows) rows are theirs
	twins    map[*posting]*posting
	refused  int
	replayed int
	verdicts map[*posting]error
}

type balance struct {
	amount  int64
	floor   *int64
	changed bool
}

// stored is a transfer read back by its reference.
type stored struct {
	Posted
	flow   string
	fromID int64
	toID   int64
	at     int64 // microseconds
}

func newGroup(postings []*posting) *group {
	g := &group{
		postings: postings,
		ids:      make(map[Account]int64, 2*len(postings)),
		accepted: make(map[string]*posting, len(postings)),
		verdicts: make(map[*posting]error),
		twins:    make(map[*posting]*posting),
	}
	for _, p := range postings {
		p.receipt = Receipt{}
		for _, leg := range p.entry.legs {
			g.ids[leg.from], g.ids[leg.to] = 0, 0
		}
	}
	return g
}

// decide goes through the postings in order of arrival and settles each on
// the balances in memory: replay, refuse, or accept and move.
func (g *group) decide(now int64) {
	for _, p := range g.postings {
		if rows, seen := g.existing[p.entry.Reference]; seen {
			g.verdicts[p] = g.replay(p, rows)
			continue
		}
		if twin, seen := g.accepted[p.entry.Reference]; seen {
			if field := differs(p.entry.legs, p.entry.Flow, twin.entry.legs, twin.entry.Flow); field != "" {
				g.refuse(p, &ReusedError{p.entry.Reference, field})
			} else {
				g.twins[p] = twin
				g.replayed++
			}
			continue
		}
		if err := g.move(p); err != nil {
			g.refuse(p, err)
			continue
		}
		g.accepted[p.entry.Reference] = p
		g.writers = append(g.writers, p)
	}
	g.rows.at = now
}

func (g *group) refuse(p *posting, err error) {
	g.refused++
	g.verdicts[p] = err
}

// move applies all legs of a posting or none.
func (g *group) move(p *posting) error {
	mark := g.rows.len()
	for i, leg := range p.entry.legs {
		from, to := g.balances[g.ids[leg.from]], g.balances[g.ids[leg.to]]
		amount := leg.amount.Minor()
		var err error
		switch {
		case from.amount < math.MinInt64+amount || to.amount > math.MaxInt64-amount:
			err = fmt.Errorf("%w: %s to %s", ErrOverflow, leg.from, leg.to)
		case from.floor != nil && from.amount-amount < *from.floor:
			err = fmt.Errorf("%w: %s", ErrInsufficientFunds, leg.from)
		}
		if err != nil {
			g.undo(p.entry.legs[:i])
			g.rows.truncate(mark)
			return err
		}
		from.amount -= amount
		to.amount += amount
		from.changed, to.changed = true, true
		g.rows.add(p.entry, transferRow{
			leg: i, from: g.ids[leg.from], to: g.ids[leg.to], amount: amount,
			fromBalance: from.amount, toBalance: to.amount,
		})
	}
	return nil
}

func (g *group) undo(legs []leg) {
	for _, leg := range slices.Backward(legs) {
		g.balances[g.ids[leg.from]].amount += leg.amount.Minor()
		g.balances[g.ids[leg.to]].amount -= leg.amount.Minor()
	}
}

// replay compares a posting with what its reference already stands for.
func (g *group) replay(p *posting, rows []stored) error {
	legs := make([]leg, len(rows))
	receipt := Receipt{Replayed: true, Transfers: make([]Posted, len(rows)), At: fromMicros(rows[0].at)}
	names := make(map[int64]Account, 2*len(p.entry.legs))
	for _, leg := range p.entry.legs {
		names[g.ids[leg.from]], names[g.ids[leg.to]] = leg.from, leg.to
	}
	for i, row := range rows {
		from, to := names[row.fromID], names[row.toID]
		row.From, row.To = from, to
		row.Amount = money.New(row.Amount.Minor(), from.Currency)
		legs[i] = leg{from, to, row.Amount}
		receipt.Transfers[i] = row.Posted
	}
	if field := differs(p.entry.legs, p.entry.Flow, legs, rows[0].flow); field != "" {
		g.refused++
		return &ReusedError{p.entry.Reference, field}
	}
	g.replayed++
	p.receipt = receipt
	return nil
}

// differs names the first difference between two contents, "" for none.
func differs(a []leg, flowA string, b []leg, flowB string) string {
	switch {
	case flowA != flowB:
		return "flow"
	case len(a) != len(b):
		return "legs"
	}
	for i := range a {
		switch {
		case a[i].from != b[i].from:
			return "from"
		case a[i].to != b[i].to:
			return "to"
		case a[i].amount != b[i].amount:
			return "amount"
		}
	}
	return ""
}

// answer hands every posting its outcome; called once the group stands.
func (g *group) answer() {
	at, row := fromMicros(g.rows.at), 0
	for _, p := range g.writers {
		p.receipt.At = at
		p.receipt.Transfers = make([]Posted, len(p.entry.legs))
		for i, leg := range p.entry.legs {
			p.receipt.Transfers[i] = Posted{
				From: leg.from, To: leg.to, Amount: leg.amount,
				FromBalance: g.rows.fromBalance[row], ToBalance: g.rows.toBalance[row],
			}
			row++
		}
	}
	for p, twin := range g.twins {
		p.receipt = twin.receipt
		p.receipt.Replayed = true
	}
	for _, p := range g.postings {
		p.answer(g.verdicts[p])
	}
}

// riderBatch is all riders of one statement.
type riderBatch struct {
	sql     string
	rows    []Rider
	from    []int // each rider's index in its posting
	certain bool
}

// riders collects the accepted postings' riders by statement, statements in
// the order in which they first appear.
func (g *group) riders() []*riderBatch {
	var order []*riderBatch
	bySQL := make(map[string]*riderBatch)
	for _, p := range g.writers {
		for i, r := range p.riders {
			b := bySQL[r.SQL]
			if b == nil {
				b = &riderBatch{sql: r.SQL, certain: r.Certain}
				bySQL[r.SQL] = b
				order = append(order, b)
			}
			b.rows = append(b.rows, r)
			b.from = append(b.from, i)
		}
	}
	return order
}

// columns turns the rows on their side: one typed slice a column, which pgx
// encodes as an array. Rows of unlike types fail, as a rider that the
// database refuses does.
func (b *riderBatch) columns() ([]any, error) {
	columns := make([]any, len(b.rows[0].Row))
	for c := range columns {
		kind := reflect.TypeOf(b.rows[0].Row[c])
		if kind == nil {
			return nil, b.fail(fmt.Errorf("%w: untyped nil in column %d of a rider", ErrInvalid, c))
		}
		slice := reflect.MakeSlice(reflect.SliceOf(kind), len(b.rows), len(b.rows))
		for r, row := range b.rows {
			if len(row.Row) != len(columns) || reflect.TypeOf(row.Row[c]) != kind {
				return nil, b.fail(fmt.Errorf("%w: riders of one statement differ in column %d", ErrInvalid, c))
			}
			slice.Index(r).Set(reflect.ValueOf(row.Row[c]))
		}
		columns[c] = slice.Interface()
	}
	return columns, nil
}

func (b *riderBatch) fail(err error) error { return &riderFailure{b.sql, b.from[0], err} }

// riderFailure is a statement of riders that failed in a group.
type riderFailure struct {
	sql   string
	index int // of the rider in its posting, when the group is one posting
	err   error
}

func (e *riderFailure) Error() string { return fmt.Sprintf("rider %d: %v", e.index, e.err) }

func (e *riderFailure) Unwrap() error { return e.err }

// part takes a group apart: who has no such rider, then who has; or in halves,
// when all have it.
func (e *riderFailure) part(postings []*posting) (first, second []*posting) {
	for _, p := range postings {
		if slices.ContainsFunc(p.riders, func(r Rider) bool { return r.SQL == e.sql }) {
			second = append(second, p)
		} else {
			first = append(first, p)
		}
	}
	if len(first) == 0 {
		half := len(postings) / 2
		return postings[:half], postings[half:]
	}
	return first, second
}

// locked says that the row was not to be had: somebody else has locked it.
func (e *riderFailure) locked() bool {
	var pg *pgconn.PgError
	return errors.As(e.err, &pg) && pg.Code == "55P03" // lock_not_available
}

// answer is what the posting's caller is told. A row that somebody else had
// locked says nothing about the posting.
func (e *riderFailure) answer() error {
	if e.locked() {
		return fmt.Errorf("%w: rider %d: %w", ErrUnavailable, e.index, e.err)
	}
	return &RiderError{Index: e.index, Err: e.err}
}
