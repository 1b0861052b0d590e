package enduser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
)

// Statement is one row for a set-based statement; it converts to the ledger's
// rider.
type Statement = audit.Statement

// Reserve begins a withdrawal of a user: the rider of the entry that reserves
// its money. reference names the order, as "card_order:58", and End is given the
// same. Any number of users and of reservations of one user may share a group:
// the statement sums them by user, and misses (ledger.RiderError.Missed) when
// the rules refuse a sum; the ledger then finds out which of them it was.
func Reserve(reference string, userID int64, kind Kind, amount int64, at time.Time) Statement {
	return Statement{SQL: reserve, Certain: true, Row: []any{reference, userID, string(kind), amount, at}}
}

// End ends a withdrawal that is open: the rider of the entry that ends its
// order. It misses when the withdrawal is not open.
func End(reference string, completed bool, at time.Time) Statement {
	return Statement{SQL: end, Certain: true, Row: []any{reference, completed, at}}
}

// CountDeposit counts money that reached a user as a deposit: the rider of the
// entry that credits it. One reference counts once.
func CountDeposit(reference string, userID, amount int64, at time.Time) Statement {
	return Statement{SQL: countDeposit, Certain: true, Row: []any{reference, userID, amount, at}}
}

// Refusal tells why a reservation would be refused now: ErrBlocked,
// ErrMinDeposit or ErrWagering, in this order; nil when it would pass. It fails
// with NOT_FOUND and internal.
func (s *Service) Refusal(ctx context.Context, userID int64, kind Kind, amount int64) error {
	rows, err := s.deps.DB.Query(ctx, selectRefusal, userID, string(kind), amount)
	if err != nil {
		return fmt.Errorf("enduser: refusal: %w", err)
	}
	code, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[*string])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("enduser: refusal: %w", err)
	case code == nil:
		return nil
	}
	for _, refusal := range []*fault.Error{ErrBlocked, ErrMinDeposit, ErrWagering} {
		if refusal.Code == *code {
			return refusal
		}
	}
	return fmt.Errorf("enduser: the rules refuse with the unknown code %s", *code)
}
