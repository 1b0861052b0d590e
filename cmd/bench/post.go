package main

import (
	"context"
	"fmt"
	"strings"

	"disburse/ledger"
	"disburse/ledger/money"
)

// runPost measures the ledger alone: single postings by many callers, on one
// merchant and on many, beside plain SQL that does the same.
func runPost(ctx context.Context, b *bench) error {
	if err := b.needReference(ctx); err != nil {
		return err
	}
	l, err := ledger.New(ledger.Config{DB: b.db})
	if err != nil {
		return err
	}
	defer l.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	owner := func(i int) string { return fmt.Sprintf("bench-%s-%d", b.runID, i) }
	for i := range b.options.Merchants {
		amount := money.New(1_000_000_000_000, money.USDT)
		if _, err := l.Post(ctx, ledger.MerchantTopUp("bench:"+owner(i), ledger.Live, owner(i), amount)); err != nil {
			return err
		}
	}
	unit := money.New(1, money.USDT)
	hold := func(merchants int) call {
		return func(ctx context.Context, client, n int) error {
			merchant := (client + n*b.options.Clients) % merchants
			_, err := l.Post(ctx, ledger.PayoutHold(b.unique("post"), ledger.Live, owner(merchant), unit))
			return err
		}
	}
	// The poor one asks for more than it ever has: refused alone, each time.
	mixed := func(ctx context.Context, client, n int) error {
		if client%4 != 0 {
			return hold(1)(ctx, client, n)
		}
		_, err := l.Post(ctx, ledger.PayoutHold(b.unique("poor"), ledger.Live, owner(0), money.New(1<<60, money.USDT)))
		if err == nil || !strings.Contains(err.Error(), ledger.ErrInsufficientFunds.Error()) {
			return fmt.Errorf("a posting short of funds: %w", err)
		}
		return nil
	}
	c := b.options.Clients
	err = b.alternate(ctx,
		b.reference("sql-naive hot", c, 1, "one transaction a transfer", b.naive(1)),
		b.load("post hot", hold(1)),
		b.reference("sql-batch hot", 4, batchSize, "200 a statement, 4 writers", b.batched),
		b.load("post hot, a quarter short of funds", mixed),
		b.reference("sql-naive spread", c, 1, "one transaction a transfer", b.naive(b.options.Merchants)),
		b.load("post spread", hold(b.options.Merchants)),
	)
	if err != nil {
		return err
	}
	return b.release(ctx, l, owner)
}

// release gives back what was held: there are no payouts to hold it for, and the
// books are proved later in the run.
func (b *bench) release(ctx context.Context, l *ledger.Ledger, owner func(int) string) error {
	for i := range b.options.Merchants {
		held, err := l.Balances(ctx, ledger.MerchantHeld(ledger.Live, owner(i)))
		if err != nil {
			return err
		}
		if !held[0].Positive() {
			continue
		}
		if _, err := l.Post(ctx, ledger.PayoutRelease("bench-release:"+owner(i), ledger.Live, owner(i), held[0])); err != nil {
			return err
		}
	}
	return nil
}
