package cardorder

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"disburse/gateway/fault"
	"disburse/gateway/page"
)

// Filter narrows a user's list; empty fields do not.
type Filter struct {
	Type   Type
	Status Status
	Limit  int // 20 when zero or below
	Offset int
}

const defaultLimit = 20

// List reads a part of a user's orders, newest first, their cards masked, and
// how many there are in all. Faults: invalid_request.
func (s *Service) List(ctx context.Context, userID int64, f Filter) ([]Order, int, error) {
	if err := check(f.Type, f.Status); err != nil {
		return nil, 0, err
	}
	counted, listed := newQuery(countList), newQuery(selectList)
	for _, q := range []*query{counted, listed} {
		q.add(listUser, userID)
		q.narrow(f.Type, f.Status)
	}
	total := 0
	if err := s.d.DB.QueryRow(ctx, counted.sql.String(), counted.args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("cardorder: count: %w", err)
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	listed.add(listPage, f.Limit, max(f.Offset, 0))
	orders, err := selectOrders(ctx, s.d.DB, listed.sql.String(), listed.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("cardorder: list: %w", err)
	}
	return orders, total, nil
}

// ByID reads an order of the user with its card in clear. Faults:
// ORDER_NOT_FOUND.
func (s *Service) ByID(ctx context.Context, userID, id int64) (Order, error) {
	o, err := s.owned(ctx, userID, id)
	if err != nil {
		return Order{}, err
	}
	return s.opened(o)
}

// owned reads an order that must be the user's: another's does not exist for
// him.
func (s *Service) owned(ctx context.Context, userID, id int64) (Order, error) {
	o, err := s.byID(ctx, id)
	if err == nil && o.UserID != userID {
		return Order{}, ErrNotFound
	}
	return o, err
}

func (s *Service) byID(ctx context.Context, id int64) (Order, error) {
	o, err := selectOrder(ctx, s.d.DB, selectByID, id)
	if err != nil {
		return Order{}, fmt.Errorf("cardorder: read: %w", err)
	}
	return o, nil
}

// opened is the order with its card in clear.
func (s *Service) opened(o Order) (Order, error) {
	if o.card.Key == "" {
		return o, nil
	}
	number, err := s.d.Vault.Open(cardAAD(o.ID), o.card)
	if err != nil {
		return Order{}, fmt.Errorf("cardorder: open: %w", err)
	}
	o.Details.CardNumber = string(number)
	return o, nil
}

// DeskFilter narrows the operators' list; empty fields do not.
type DeskFilter struct {
	Type      Type
	Status    Status
	UserID    int64
	ClaimedBy string // a claimant such as "operator:usr_..."
	Open      bool   // only those that are not ended
	Cursor    string
	Limit     int // 1..500, 50 when zero or below
}

// Bounds of a page for operators.
const (
	defaultPage = 50
	maxPage     = 500
)

// Desk reads a page of all users' orders, newest first, cards masked. Faults:
// invalid_request.
func (s *Service) Desk(ctx context.Context, f DeskFilter) (page.Page[DeskView], error) {
	before, ok := page.ID(f.Cursor)
	if !ok {
		return page.Page[DeskView]{}, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	if err := check(f.Type, f.Status); err != nil {
		return page.Page[DeskView]{}, err
	}
	if !utf8.ValidString(f.ClaimedBy) || strings.ContainsRune(f.ClaimedBy, 0) {
		return page.Page[DeskView]{Items: []DeskView{}}, nil // nobody has a name that the database cannot hold
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	q := newQuery(selectList)
	q.narrow(f.Type, f.Status)
	if f.UserID != 0 {
		q.add(listUser, f.UserID)
	}
	if f.ClaimedBy != "" {
		q.add(listClaimed, f.ClaimedBy)
	}
	if f.Open {
		q.add(listOpen)
	}
	if before > 0 {
		q.add(listBefore, before)
	}
	q.add(listPageFrom, limit+1) // one more tells whether there is a next page
	orders, err := selectOrders(ctx, s.d.DB, q.sql.String(), q.args...)
	if err != nil {
		return page.Page[DeskView]{}, fmt.Errorf("cardorder: desk: %w", err)
	}
	return page.ByID(orders, limit, func(o Order) int64 { return o.ID }, Order.DeskView), nil
}

func check(t Type, status Status) error {
	var bad faults
	if t != "" && !t.Valid() {
		bad.add("type", "must be withdraw or deposit")
	}
	if status != "" && !status.Valid() {
		bad.add("status", "must be pending, paid_by_user, completed or cancelled")
	}
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return nil
}

// query builds a statement from the fragments of the store.
type query struct {
	sql  strings.Builder
	args []any
}

func newQuery(start string) *query {
	q := &query{}
	q.sql.WriteString(start)
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

func (q *query) narrow(t Type, status Status) {
	if t != "" {
		q.add(listType, string(t))
	}
	if status != "" {
		q.add(listStatus, string(status))
	}
}
