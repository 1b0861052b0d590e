package cardorder_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
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
	orders := w.service(books, w.vault)
	req := withdrawal(20_000)
	busy, done, poor := w.user(500_000), w.user(500_000), w.user(50_000)
	w.create(busy, req)
	key := keyOf(done, "once", req)
	id := must(orders.Create(t.Context(), done, req, key))
	if _, err := orders.Complete(w.as("opr_1"), id); err != nil {
		t.Fatal(err)
	}
	if err := w.users.GrantBonus(t.Context(), poor.ID, enduser.Signup, 100, 0, "b"); err != nil {
		t.Fatal(err)
	}
	reused := keyOf(done, "once", withdrawal(30_000))
	for _, tc := range []struct {
		name string
		user enduser.User
		key  idempotency.Key
		want error
	}{
		{"active order", busy, noKey(), cardorder.ErrActiveOrder},
		{"prerequisites", poor, noKey(), enduser.ErrMinDeposit},
		{"repeated", done, key, nil},
		{"another request", done, reused, cardorder.ErrKeyReused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := posted.Load()
			if _, err := orders.Create(t.Context(), tc.user, req, tc.key); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if n := posted.Load() - before; n != 0 {
				t.Errorf("%d postings, want none", n)
			}
		})
	}
}
