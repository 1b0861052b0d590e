package exchange_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/idempotency"
	"disburse/ledger"
)

// A posting whose rows fail takes its whole group apart, so who repeats what is
// refused must not reach the books again and again.
func TestRepeatedRefusalsAreNotPosted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var posted atomic.Int64
	books := must(ledger.New(ledger.Config{DB: w.db, Observe: func(g ledger.GroupStats) { posted.Add(int64(g.Postings)) }}))
	t.Cleanup(func() {
		if err := books.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	deps := w.deps
	deps.Ledger = books
	trade := must(exchange.NewService(deps))
	ctx := t.Context()
	owner, buyer, seller, poor := w.user("owner", 1_000_000), w.user("buyer", 0), w.user("seller", 1_000_000), w.user("poor", 50_000)
	buy := must(trade.CreateAd(ctx, owner, buying(1000, 500_000), idempotency.Key{}))
	sell := must(trade.CreateAd(ctx, owner, selling(1000, 500_000), idempotency.Key{}))
	ask := func(ad int64) exchange.OrderRequest {
		return exchange.OrderRequest{AdID: ad, USDTAmount: 10_000, PaymentMethod: "sbp", PaymentDetails: map[string]string{"phone": "+79161234567"}}
	}
	key, reused := key(seller, "once", "a"), key(seller, "once", "b")
	first := must(trade.CreateOrder(ctx, seller, ask(buy), key))
	if err := trade.Cancel(ctx, seller, first); err != nil {
		t.Fatal(err)
	}
	open := w.user("open", 1_000_000)
	must(trade.CreateOrder(ctx, open, ask(buy), idempotency.Key{}))
	must(trade.CreateOrder(ctx, buyer, ask(sell), idempotency.Key{}))
	for _, tc := range []struct {
		name string
		user enduser.User
		ad   int64
		key  idempotency.Key
		want error
	}{
		{"open withdrawal", open, buy, idempotency.Key{}, exchange.ErrWithdrawOpen},
		{"open deposit", buyer, sell, idempotency.Key{}, exchange.ErrDepositOpen},
		{"prerequisites", poor, buy, idempotency.Key{}, enduser.ErrMinDeposit},
		{"repeated", seller, buy, key, nil},
		{"another request", seller, buy, reused, exchange.ErrKeyReused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := posted.Load()
			if _, err := trade.CreateOrder(ctx, tc.user, ask(tc.ad), tc.key); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if n := posted.Load() - before; n != 0 {
				t.Errorf("%d postings, want none", n)
			}
		})
	}
}
