package virtualcard

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/ledger"
)

// Cards lists a user's cards, newest first.
func (s *Service) Cards(ctx context.Context, userID int64) ([]Card, error) {
	cards, err := collect(ctx, s.d.DB, cardRow.card, selectCards, userID)
	return cards, named("cards", err)
}

// Card reads a card of a user. Faults: CARD_NOT_FOUND, also for the card of
// another.
func (s *Service) Card(ctx context.Context, userID int64, cardID string) (Card, error) {
	return s.card(ctx, userID, cardID)
}

// BINs lists the kinds of cards that can be had.
func (s *Service) BINs(ctx context.Context) ([]BIN, error) {
	bins, err := collect(ctx, s.d.DB, toBIN, selectBINs+orderBINs)
	return bins, named("bins", err)
}

// Plans lists the terms of cards.
func (s *Service) Plans(ctx context.Context) ([]Plan, error) {
	plans, err := collect(ctx, s.d.DB, toPlan, selectPlans+orderPlans)
	return plans, named("plans", err)
}

// Wallet reads what a user can spend on cards, and when that changed last.
// Faults: NOT_FOUND.
func (s *Service) Wallet(ctx context.Context, userID int64) (Wallet, error) {
	account := ledger.UserAvailable(enduser.Owner(userID), USD)
	lines, _, err := s.d.Ledger.Activity(ctx, account, 1, 0)
	if err != nil {
		return Wallet{}, fmt.Errorf("virtualcard: wallet: %w", err)
	}
	if len(lines) > 0 {
		return Wallet{Balance: lines[0].Balance, UpdatedAt: lines[0].At.UTC()}, nil
	}
	u, err := s.d.Users.ByID(ctx, userID)
	return Wallet{Balance: usd(0), UpdatedAt: u.CreatedAt.UTC()}, err
}

type transactionRow struct {
	ID        string    `db:"id"`
	CardID    string    `db:"card_id"`
	CardName  string    `db:"card_name"`
	State     string    `db:"state"`
	Type      string    `db:"type"`
	Amount    int64     `db:"amount"`
	LastFour  string    `db:"last_four"`
	Cause     *string   `db:"cause"`
	Reason    string    `db:"reason"`
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
}

func (r transactionRow) transaction() (Transaction, error) {
	t := Transaction{
		ID: r.ID, CardID: r.CardID, CardName: r.CardName, Side: "Debit", Amount: usd(r.Amount), Type: r.Type, LastFour: r.LastFour,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.Type == "topup" || r.Type == "initial_balance" {
		t.Side = "Credit"
	}
	switch State(r.State) {
	case Done:
		t.Status = "Approved"
	case Declined:
		t.Status = "Declined"
		if t.DeclineCode = orNull(r.Reason); t.DeclineCode == nil {
			t.DeclineCode = r.Cause
		}
	default:
		t.Status = "Pending"
	}
	return t, nil
}

// Transactions reads a page of what was moved and paid, newest first. Faults:
// invalid_request, CARD_NOT_FOUND.
func (s *Service) Transactions(ctx context.Context, userID int64, q TransactionQuery) (TransactionPage, error) {
	const most, furthest = 100, 1_000_000
	switch {
	case q.Page < 1 || q.Page > furthest:
		return TransactionPage{}, fault.Invalid(fault.Field{Name: "page", Why: "must be 1 or above"})
	case q.Limit < 1 || q.Limit > most:
		return TransactionPage{}, fault.Invalid(fault.Field{Name: "limit", Why: "must be 1 to 100"})
	}
	if q.CardID != "" {
		if _, err := s.card(ctx, userID, q.CardID); err != nil {
			return TransactionPage{}, err
		}
	}
	p := TransactionPage{Page: q.Page, Limit: q.Limit, HasPrev: q.Page > 1}
	if err := s.d.DB.QueryRow(ctx, countTransactions, userID, q.CardID).Scan(&p.Total); err != nil {
		return p, fmt.Errorf("virtualcard: transactions: %w", err)
	}
	var err error
	p.Items, err = collect(ctx, s.d.DB, transactionRow.transaction, selectTransactions, userID, q.CardID, q.Limit, (q.Page-1)*q.Limit)
	p.TotalPages = (p.Total + q.Limit - 1) / q.Limit
	p.HasNext = q.Page < p.TotalPages
	return p, named("transactions", err)
}

// Bounds of a page for operators.
const (
	defaultPage = 50
	maxPage     = 500
)

// Desk reads a page of the cards of one user or, for 0, of all, newest first,
// also those that were never issued. The cursor is the id of the last card of
// the page before. Faults: invalid_request.
func (s *Service) Desk(ctx context.Context, userID int64, cursor string, limit int) (page.Page[Card], error) {
	if cursor != "" && !validUUID(cursor) {
		return page.Page[Card]{}, errCursor
	}
	if limit = min(limit, maxPage); limit <= 0 {
		limit = defaultPage
	}
	cards, err := collect(ctx, s.d.DB, cardRow.card, selectDesk, pgx.QueryExecModeCacheDescribe, userID, cursor, limit+1)
	if err != nil {
		return page.Page[Card]{}, fmt.Errorf("virtualcard: desk: %w", err)
	}
	next := ""
	if len(cards) > limit {
		cards = cards[:limit]
		next = cards[limit-1].ID
	}
	return page.Of(cards, next, page.As[Card]), nil
}

var errCursor = fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})

type exceptionRow struct {
	ID            int64     `db:"id"`
	Kind          string    `db:"kind"`
	TransactionID string    `db:"transaction_id"`
	CardID        string    `db:"card_id"`
	UserID        int64     `db:"user_id"`
	Amount        int64     `db:"amount"`
	Note          string    `db:"note"`
	Contradiction *string   `db:"contradiction"`
	CreatedAt     time.Time `db:"created_at"`
}

func (r exceptionRow) exception(now time.Time) Exception {
	e := Exception{
		Kind: Kind(r.Kind), ID: r.TransactionID, CardID: r.CardID, UserID: r.UserID, State: string(Pending),
		Amount: usd(r.Amount).String(), Note: r.Note, AgeSeconds: max(int64(now.Sub(r.CreatedAt).Seconds()), 0),
	}
	if r.Contradiction != nil {
		e.State, e.Note = "contradicted", *r.Contradiction
	}
	return e
}

// Exceptions reads a page of what did not end in the time of its call, and of
// what the provider contradicted, oldest first, with what people have asked to
// do about it. Faults: invalid_request.
func (s *Service) Exceptions(ctx context.Context, cursor string, limit int) (page.Page[Exception], error) {
	after, ok := page.ID(cursor)
	if !ok {
		return page.Page[Exception]{}, errCursor
	}
	if limit = min(limit, maxPage); limit <= 0 {
		limit = defaultPage
	}
	now := s.now()
	read := func(r exceptionRow) (exceptionRow, error) { return r, nil }
	rows, err := collect(ctx, s.d.DB, read, selectExceptions, after, now.Add(-answerTime), limit+1)
	if err != nil {
		return page.Page[Exception]{}, fmt.Errorf("virtualcard: exceptions: %w", err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.TransactionID
	}
	asked, err := approval.WaitingOn(ctx, s.d.DB, approval.VirtualCard, ids, now)
	if err != nil {
		return page.Page[Exception]{}, fmt.Errorf("virtualcard: exceptions: %w", err)
	}
	return page.ByID(rows, limit, func(r exceptionRow) int64 { return r.ID }, func(r exceptionRow) Exception {
		e := r.exception(now)
		e.ApprovalID = asked[r.TransactionID].ID
		return e
	}), nil
}

// Unresolved tells how many exceptions there are, and how old the oldest is.
func (s *Service) Unresolved(ctx context.Context) (count int, oldest time.Duration, err error) {
	now := s.now()
	var since time.Time
	if err := s.d.DB.QueryRow(ctx, countUnresolved, now, now.Add(-answerTime)).Scan(&count, &since); err != nil {
		return 0, 0, fmt.Errorf("virtualcard: unresolved: %w", err)
	}
	return count, max(now.Sub(since), 0), nil
}
