package payout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Capacity is how many open payouts of a method the platform takes, and of what
// sum. Live and sandbox payouts are counted apart, each by the same bounds.
type Capacity struct {
	Currency      string       // "rub"
	Method        Method       //
	MaxOpen       *int64       // nil: no bound
	MaxOpenAmount *money.Money // nil: no bound
	UpdatedAt     time.Time
}

// bounds are a Capacity in minor units; the zero value bounds nothing.
type bounds struct{ open, amount *int64 }

func (s *Service) loadBounds(ctx context.Context, key merchant.MethodKey) (bounds, error) {
	var b bounds
	err := s.d.DB.QueryRow(ctx, selectCapacity, key.Currency, key.Method).Scan(&b.open, &b.amount)
	if errors.Is(err, pgx.ErrNoRows) {
		return bounds{}, nil
	}
	return b, err
}

// precheckCapacity says whether the method has bounds, and refuses at them
// without troubling the ledger: a rider that fails makes its group be posted
// again. It is not exact, the riders are. A method without bounds costs a look
// into the cache.
func (s *Service) precheckCapacity(ctx context.Context, mode ledger.Mode, t priced) (limited bool, err error) {
	currency := t.fiat.Currency().Lower()
	b, err := s.capacity.Get(ctx, merchant.MethodKey{Currency: currency, Method: string(t.method)})
	if err != nil {
		return false, fmt.Errorf("payout: capacity: %w", err)
	}
	if b.open == nil && b.amount == nil {
		return false, nil
	}
	var open int64
	var text string
	if err := s.d.DB.QueryRow(ctx, selectLoad, string(mode), currency, string(t.method)).Scan(&open, &text); err != nil {
		return false, fmt.Errorf("payout: load: %w", err)
	}
	amount, err := decimal.NewFromString(text)
	if err != nil {
		return false, fmt.Errorf("payout: load: %w", err)
	}
	amount = amount.Add(decimal.NewFromInt(t.fiat.Minor()))
	if b.open != nil && open+1 > *b.open || b.amount != nil && amount.GreaterThan(decimal.NewFromInt(*b.amount)) {
		return false, ErrOverloaded
	}
	return true, nil
}

// SetCapacity sets the bounds of a method; both nil remove them. Every process
// knows within about a second. Payouts that are open already stay. Faults:
// invalid_request, unavailable.
func (s *Service) SetCapacity(ctx context.Context, c Capacity) (Capacity, error) {
	currency, known := money.Lookup(c.Currency)
	var f faults
	if !known || currency == money.USDT {
		f.add("currency", "is not known")
	}
	if !c.Method.Valid() {
		f.add("method", "must be one of card, sbp, score, iban")
	}
	if c.MaxOpen != nil && *c.MaxOpen < 0 {
		f.add("max_open", "must not be negative")
	}
	if c.MaxOpenAmount != nil && (c.MaxOpenAmount.Minor() < 0 || c.MaxOpenAmount.Currency() != currency) {
		f.add("max_open_amount", "must be an amount such as 100000.00 in the same currency, not negative")
	}
	if len(f) > 0 {
		return Capacity{}, fault.Invalid(f...)
	}
	c.Currency, c.UpdatedAt = currency.Lower(), s.now()
	b := bounds{open: c.MaxOpen}
	if c.MaxOpenAmount != nil {
		minor := c.MaxOpenAmount.Minor()
		b.amount = &minor
	}
	err := s.transact(ctx, func(tx pgx.Tx) error {
		if err := epoch.Bump(ctx, tx); err != nil {
			return err
		}
		var was bounds
		err := tx.QueryRow(ctx, selectCapacity, c.Currency, string(c.Method)).Scan(&was.open, &was.amount)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if _, err := tx.Exec(ctx, upsertCapacity, c.Currency, string(c.Method), b.open, b.amount, c.UpdatedAt); err != nil {
			return err
		}
		record := audit.Of(ctx, c.UpdatedAt, "capacity.set", "capacity", c.Currency+"/"+string(c.Method))
		record.Before, record.After = was.view(currency), b.view(currency)
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Capacity{}, fmt.Errorf("payout: set capacity: %w", err)
	}
	s.d.Watcher.Invalidate()
	return c, nil
}

// view is the bounds as the audit trail tells them.
func (b bounds) view(c money.Currency) map[string]any {
	v := map[string]any{"max_open": b.open, "max_open_amount": nil}
	if b.amount != nil {
		v["max_open_amount"] = money.New(*b.amount, c).String()
	}
	return v
}

// Capacities lists the bounds that were ever set.
func (s *Service) Capacities(ctx context.Context) ([]Capacity, error) {
	rows, err := s.d.DB.Query(ctx, selectCapacities)
	if err != nil {
		return nil, fmt.Errorf("payout: capacities: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Capacity, error) {
		var c Capacity
		var amount *int64
		if err := r.Scan(&c.Currency, &c.Method, &c.MaxOpen, &amount, &c.UpdatedAt); err != nil {
			return c, err
		}
		if currency, known := money.Lookup(c.Currency); known && amount != nil {
			sum := money.New(*amount, currency)
			c.MaxOpenAmount = &sum
		}
		return c, nil
	})
}
