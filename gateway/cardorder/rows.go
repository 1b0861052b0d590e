package cardorder

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
	"disburse/ledger"
)

// Obligation is what the order_held accounts of users must hold: their open
// withdrawals.
var Obligation = ledger.Obligation{Purpose: ledger.PurposeOrderHeld, SQL: heldByOpenOrders}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// row is an order as the database has it.
type row struct {
	ID           int64      `db:"id"`
	UserID       int64      `db:"user_id"`
	Type         string     `db:"type"`
	Amount       int64      `db:"amount"`
	Status       string     `db:"status"`
	CardMask     string     `db:"card_mask"`
	CardKey      *string    `db:"card_key"`
	CardBox      []byte     `db:"card_box"`
	BankName     string     `db:"bank_name"`
	HolderName   string     `db:"holder_name"`
	ClaimedBy    *string    `db:"claimed_by"`
	LeaseUntil   *time.Time `db:"lease_until"`
	CreatedAt    time.Time  `db:"created_at"`
	UpdatedAt    time.Time  `db:"updated_at"`
	EndedAt      *time.Time `db:"ended_at"`
	EndedBy      *string    `db:"ended_by"`
	CancelReason *string    `db:"cancel_reason"`
}

func (r row) order() Order {
	o := Order{
		ID: r.ID, UserID: r.UserID, Type: Type(r.Type), Amount: r.Amount, Status: Status(r.Status),
		Details:   Details{CardNumber: r.CardMask, BankName: r.BankName, HolderName: r.HolderName},
		ClaimedBy: orZero(r.ClaimedBy), LeaseUntil: orZero(r.LeaseUntil).UTC(),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), EndedAt: orZero(r.EndedAt).UTC(),
		EndedBy: orZero(r.EndedBy), CancelReason: orZero(r.CancelReason),
		card: vault.Sealed{Key: orZero(r.CardKey), Box: r.CardBox},
	}
	if o.Status == Completed {
		at := o.EndedAt
		o.CompletedAt = &at
	}
	return o
}

func orZero[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func selectOrders(ctx context.Context, db querier, sql string, args ...any) ([]Order, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Order, error) {
		found, err := pgx.RowToStructByName[row](r)
		return found.order(), err
	})
}

// selectOrder is for statements that give one row or none: ErrNotFound.
func selectOrder(ctx context.Context, db querier, sql string, args ...any) (Order, error) {
	found, err := selectOrders(ctx, db, sql, args...)
	switch {
	case err != nil:
		return Order{}, err
	case len(found) == 0:
		return Order{}, ErrNotFound
	default:
		return found[0], nil
	}
}

// settingsRow is the terms as the database has them.
type settingsRow struct {
	Enabled     bool      `db:"enabled"`
	DepositMin  int64     `db:"deposit_min"`
	DepositMax  int64     `db:"deposit_max"`
	WithdrawMin int64     `db:"withdraw_min"`
	WithdrawMax int64     `db:"withdraw_max"`
	CardKey     *string   `db:"card_key"`
	CardBox     []byte    `db:"card_box"`
	BankName    string    `db:"bank_name"`
	HolderName  string    `db:"holder_name"`
	UpdatedAt   time.Time `db:"updated_at"`
}

func selectSettingsRow(ctx context.Context, db querier, sql string) (settingsRow, error) {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return settingsRow{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[settingsRow])
}
