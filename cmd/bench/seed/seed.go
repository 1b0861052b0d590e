package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"disburse/gateway"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Options is how much there shall be.
type Options struct {
	Payouts   int // made
	Callbacks int // of the newest that ended; the others have none
	Open      int // of the newest, which have not ended
	Merchants int
	Days      int    // over which they are spread; 30 when zero
	Name      string // begins the merchants' names and the order_ids
	Progress  func(done int)
}

// chunk is how many payouts are written at a time.
const chunk = 20_000

// rate is what a USDT costs.
var rate = decimal.RequireFromString("97.1234")

// Fill makes merchants and their payouts. It does all of it or nothing.
func Fill(ctx context.Context, app *gateway.App, o Options) error {
	if o.Payouts <= 0 || o.Merchants <= 0 || o.Open > o.Payouts || o.Name == "" {
		return errors.New("seed: nothing to make")
	}
	if o.Days == 0 {
		o.Days = 30
	}
	keys, err := vault.Parse(app.Config.EncryptionKeys)
	if err != nil {
		return err
	}
	sealing, err := vault.New(keys...)
	if err != nil {
		return err
	}
	change := fx.Change{Currency: "rub", Value: rate, MaxAge: 24 * time.Hour, Confirm: true}
	if _, err := app.Rates.Set(ctx, change); err != nil {
		return fmt.Errorf("seed: rate: %w", err)
	}
	many := make([]merchant.New, o.Merchants)
	for i := range many {
		many[i] = merchant.New{Name: fmt.Sprintf("%s-%d", o.Name, i), FeeBPS: 100}
	}
	made, err := app.Merchants.CreateMany(ctx, many)
	if err != nil {
		return fmt.Errorf("seed: merchants: %w", err)
	}
	h := newHistory(o, sealing, made, time.Now().UTC())
	if err := pgx.BeginFunc(ctx, app.DB, func(tx pgx.Tx) error { return h.write(ctx, tx) }); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	// Statistics and the map of what is visible to all, as after a quiet night.
	for _, table := range tables {
		if _, err := app.DB.Exec(ctx, "vacuum (analyze) "+table); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	return nil
}

// write makes the history a chunk at a time, the next one while the last is on
// its way.
func (h *history) write(ctx context.Context, tx pgx.Tx) error {
	if err := h.open(ctx, tx); err != nil {
		return err
	}
	chunks := make(chan batch, 1)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	go func() {
		defer close(chunks)
		for made := 0; made < h.o.Payouts; made += chunk {
			b, err := h.next(min(chunk, h.o.Payouts-made), made+chunk >= h.o.Payouts)
			if err != nil {
				failed = err
				return
			}
			select {
			case chunks <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	done := 0
	for b := range chunks {
		if err := b.load(ctx, tx); err != nil {
			return err
		}
		done += len(b.rows[payouts])
		if h.o.Progress != nil {
			h.o.Progress(done)
		}
	}
	if failed != nil {
		return failed
	}
	return h.settle(ctx, tx)
}

// accounts that a seed moves: two of each merchant, and three of the house.
func (h *history) accounts() []ledger.Account {
	house := func(purpose string) ledger.Account {
		return ledger.Account{Mode: ledger.Live, Owner: ledger.House, Purpose: purpose, Currency: money.USDT}
	}
	all := []ledger.Account{house(ledger.PurposeExternal), house(ledger.PurposeSettlement), house(ledger.PurposeFees)}
	for _, m := range h.merchants {
		all = append(all, ledger.MerchantAvailable(ledger.Live, m.Merchant.ID), ledger.MerchantHeld(ledger.Live, m.Merchant.ID))
	}
	return all
}
