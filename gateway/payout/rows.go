package payout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"disburse/gateway/transact"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// ratePlaces is the number of decimals of an exchange rate.
const ratePlaces = 4

// row is a payout as the database has it.
type row struct {
	ID           string     `db:"id"`
	MerchantID   string     `db:"merchant_id"`
	OrderID      string     `db:"order_id"`
	Mode         string     `db:"mode"`
	Status       string     `db:"status"`
	Stage        string     `db:"stage"`
	Currency     string     `db:"currency"`
	Method       string     `db:"method"`
	FiatMinor    int64      `db:"fiat_minor"`
	Rate         int64      `db:"rate"`
	USDTMinor    int64      `db:"usdt_minor"`
	FeeMinor     int64      `db:"fee_minor"`
	LastFour     string     `db:"last_four"`
	RequisiteKey string     `db:"requisite_key"`
	RequisiteBox []byte     `db:"requisite_box"`
	Fingerprint  []byte     `db:"fingerprint"`
	BankName     string     `db:"bank_name"`
	BIK          string     `db:"bik"`
	FullName     string     `db:"full_name"`
	Customer     string     `db:"customer"`
	Description  string     `db:"description"`
	SuccessURL   string     `db:"success_url"`
	ErrorURL     string     `db:"error_url"`
	CreatedAt    time.Time  `db:"created_at"`
	ExpiresAt    time.Time  `db:"expires_at"`
	EndedAt      *time.Time `db:"ended_at"`
	LeaseUntil   *time.Time `db:"lease_until"`
	SentAt       *time.Time `db:"sent_at"`
	LookAt       *time.Time `db:"look_at"`
	CompletedAt  *time.Time `db:"completed_at"`
	CompletedBy  *string    `db:"completed_by"`
	ClaimedBy    *string    `db:"claimed_by"`
	Executor     *string    `db:"executor"`
	LateOutcome  *string    `db:"late_outcome"`
	EndedBy      *string    `db:"ended_by"`
	Reason       *string    `db:"reason"`
	Cheques      []byte     `db:"cheques"`
}

func (r row) payout() (Payout, error) {
	currency, known := money.Lookup(r.Currency)
	if !known {
		return Payout{}, fmt.Errorf("payout: %s has the unknown currency %q", r.ID, r.Currency)
	}
	p := Payout{
		ID: r.ID, MerchantID: r.MerchantID, OrderID: r.OrderID, Mode: ledger.Mode(r.Mode),
		Status: Status(r.Status), Stage: Stage(r.Stage), Method: Method(r.Method),
		Fiat: money.New(r.FiatMinor, currency), Rate: decimal.New(r.Rate, -ratePlaces),
		USDT: money.New(r.USDTMinor, money.USDT), Fee: money.New(r.FeeMinor, money.USDT), LastFour: r.LastFour,
		BankName: r.BankName, BIK: r.BIK, FullName: r.FullName, Customer: r.Customer, Description: r.Description,
		SuccessURL: r.SuccessURL, ErrorURL: r.ErrorURL,
		ClaimedBy: orZero(r.ClaimedBy), LeaseExpiresAt: utc(r.LeaseUntil), Executor: orZero(r.Executor),
		SentAt: utc(r.SentAt), LookAt: utc(r.LookAt), LateOutcome: Outcome(orZero(r.LateOutcome)),
		CompletedBy: orZero(r.CompletedBy), CompletedAt: utc(r.CompletedAt), EndedBy: orZero(r.EndedBy), Reason: orZero(r.Reason),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), EndedAt: utc(r.EndedAt),
		fingerprint: r.Fingerprint, requisite: vault.Sealed{Key: r.RequisiteKey, Box: r.RequisiteBox},
	}
	if !p.EndedAt.IsZero() {
		p.UpdatedAt = p.EndedAt
	}
	if len(r.Cheques) > 0 {
		if err := json.Unmarshal(r.Cheques, &p.Cheques); err != nil {
			return Payout{}, fmt.Errorf("payout: %s: cheques: %w", r.ID, err)
		}
	}
	return p, nil
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orZero(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func selectPayouts(ctx context.Context, db querier, sql string, args ...any) ([]Payout, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Payout, error) {
		row, err := pgx.RowToStructByName[row](r)
		if err != nil {
			return Payout{}, err
		}
		return row.payout()
	})
}

// selectPayout is for statements that give one row or none: ErrNotFound.
func selectPayout(ctx context.Context, db querier, sql string, args ...any) (Payout, error) {
	found, err := selectPayouts(ctx, db, sql, args...)
	switch {
	case err != nil:
		return Payout{}, err
	case len(found) == 0:
		return Payout{}, ErrNotFound
	default:
		return found[0], nil
	}
}

// transact runs f in a transaction. It is for changes that move no money. It
// fails with unavailable when a row stays locked by somebody else.
func (s *Service) transact(ctx context.Context, f func(tx pgx.Tx) error) error {
	return transact.Run(ctx, s.d.DB, f)
}

// isNotFound tells an empty answer from a failure.
func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
