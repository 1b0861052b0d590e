package gamewallet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/page"
)

// Filter narrows Transactions; empty fields do not.
type Filter struct {
	Provider string // its name
	Player   string // the provider's name for it
	Round    string
	From, To time.Time // From is included, To is not
}

// Bounds of a page.
const (
	defaultPage = 50
	maxPage     = 500
)

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// Transactions reads a page of what providers did, newest first: what there is
// to compare with a provider's own list. limit is 1 to 500, and 50 when zero or
// below. Faults: invalid_request.
func (s *Service) Transactions(ctx context.Context, f Filter, cursor string, limit int) (page.Page[TransactionView], error) {
	at, id, ok := readCursor(cursor)
	if !ok {
		return page.Page[TransactionView]{}, errCursor
	}
	if !plain(f.Provider) || !plain(f.Player) || !plain(f.Round) {
		return page.Of[Transaction](nil, "", Transaction.View), nil // nothing has such a name
	}
	limit = pageSize(limit)
	q := newQuery(selectTransactions)
	q.narrow(transactionsOfPlayer, f.Player)
	q.narrow(transactionsOfRound, f.Round)
	if !f.From.IsZero() {
		q.add(transactionsFrom, f.From)
	}
	if !f.To.IsZero() {
		q.add(transactionsTo, f.To)
	}
	if cursor != "" {
		q.add(transactionsBefore, at, id)
	}
	q.add(transactionsNewest, limit+1) // one more tells whether there is a next page
	q.add(transactionsOfAll)
	q.narrow(transactionsOfProvider, f.Provider)
	q.add(transactionsNewest, limit+1)
	rows, err := collect(ctx, s.d.DB, transactionRow.transaction, q)
	if err != nil {
		return page.Page[TransactionView]{}, fmt.Errorf("gamewallet: transactions: %w", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = makeCursor(rows[limit-1])
	}
	return page.Of(rows, next, Transaction.View), nil
}

// RoundFilter narrows Rounds; empty fields do not.
type RoundFilter struct {
	OpenOlderThan time.Duration // only rounds that are open and began longer ago
	Open          bool          // only rounds that are open
	Provider      string        // its name
}

// Rounds reads a page of rounds, those that were known first first. A round
// whose bets were all rolled back is not open. limit is 1 to 500, and 50 when
// zero or below. Faults: invalid_request.
func (s *Service) Rounds(ctx context.Context, f RoundFilter, cursor string, limit int) (page.Page[RoundView], error) {
	after, ok := page.ID(cursor)
	if !ok {
		return page.Page[RoundView]{}, errCursor
	}
	if f.OpenOlderThan < 0 {
		return page.Page[RoundView]{}, fault.Invalid(fault.Field{Name: "open_for", Why: "must not be below zero"})
	}
	if !plain(f.Provider) {
		return page.Of[Round](nil, "", Round.View), nil
	}
	limit = pageSize(limit)
	q := newQuery(selectRounds, after)
	q.narrow(roundsOfProvider, f.Provider)
	if f.Open || f.OpenOlderThan > 0 {
		q.add(roundsOpen, s.now().Add(-f.OpenOlderThan))
	}
	q.add(roundsPage, limit+1)
	rows, err := collect(ctx, s.d.DB, roundRow.round, q)
	if err != nil {
		return page.Page[RoundView]{}, fmt.Errorf("gamewallet: rounds: %w", err)
	}
	return page.ByID(rows, limit, func(r Round) int64 { return r.ID }, Round.View), nil
}

var errCursor = fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})

// makeCursor names the place of a transaction: its time and its id.
func makeCursor(t Transaction) string {
	return strconv.FormatInt(t.CreatedAt.UnixMicro(), 36) + "." + strconv.FormatInt(t.ID, 36)
}

func readCursor(cursor string) (at time.Time, id int64, ok bool) {
	if cursor == "" {
		return time.Time{}, 0, true
	}
	left, right, _ := strings.Cut(cursor, ".")
	micros, err := strconv.ParseInt(left, 36, 64)
	id, wrong := strconv.ParseInt(right, 36, 64)
	// What lies beyond these the database has no time for.
	ok = err == nil && wrong == nil && id > 0 && micros >= 0 && micros < 1<<56
	return time.UnixMicro(micros).UTC(), id, ok
}

// query builds a statement from the fragments of the store.
type query struct {
	sql  strings.Builder
	args []any
}

func newQuery(start string, args ...any) *query {
	q := &query{}
	q.add(start, args...)
	return q
}

// add appends a fragment; each argument takes the place of one %d.
func (q *query) add(fragment string, args ...any) {
	places := make([]any, len(args))
	for i, a := range args {
		q.args = append(q.args, a)
		places[i] = len(q.args)
	}
	fmt.Fprintf(&q.sql, fragment, places...)
}

// narrow adds a fragment unless its argument is empty.
func (q *query) narrow(fragment, value string) {
	if value != "" {
		q.add(fragment, value)
	}
}
