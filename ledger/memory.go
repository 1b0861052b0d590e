package ledger

import (
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// memory is what the writer knows of balances from the groups it committed.
// It is a guess: another process may have moved them since. A group that is
// decided on it has the database compare before anything is written
// (sqlMoveGuessed), so a wrong guess costs a round trip and nothing else.
type memory struct {
	accounts map[int64]balance
	// doubt is the number of groups to come that read balances instead, after
	// a guess was wrong: where two processes share an account, guesses keep
	// failing.
	doubt int
}

// doubtFor is how many groups a wrong guess puts off the next one.
const doubtFor = 64

// recall fills in the balances of a group, or says that it cannot.
func (m *memory) recall(g *group) bool {
	if m.doubt > 0 {
		m.doubt--
		return false
	}
	balances := make(map[int64]*balance, len(g.ids))
	// In id order, as off the line: no two groups may wait for each other.
	ids := slices.Sorted(maps.Values(g.ids))
	amounts := make([]int64, len(ids))
	for i, id := range ids {
		known, ok := m.accounts[id]
		if !ok {
			return false
		}
		balances[id] = &known
		amounts[i] = known.amount
	}
	g.guess.ids, g.guess.amounts = ids, amounts
	g.balances = balances
	return true
}

// keep remembers the balances that a group left, or read under its locks.
func (m *memory) keep(g *group) {
	if m.accounts == nil || len(m.accounts)+len(g.balances) > rememberAtMost {
		m.accounts = make(map[int64]balance)
	}
	for id, b := range g.balances {
		m.accounts[id] = balance{amount: b.amount, floor: b.floor}
	}
}

// forget drops what is known of a group's accounts, after an outcome that
// says nothing about them.
func (m *memory) forget(g *group) {
	for _, id := range g.ids {
		delete(m.accounts, id)
	}
}

// SQLSTATEs with which a guess is refused.
const (
	balancesMoved = "DL001"
	ridersMissed  = "DL002" // a rider that is counted touched no row
)

// wrong takes note of a guess that did not hold.
func (m *memory) wrong(err error) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == balancesMoved {
		m.doubt = doubtFor
	}
}
