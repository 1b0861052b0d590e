package payout_test

import (
	"context"
	"testing"

	"disburse/gateway/racetest"
)

// TestBalanceIsOfOneMoment reads a merchant's money while payouts are made and
// cancelled: what moves between available and held is always in one of them.
func TestBalanceIsOfOneMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	moving := make(chan struct{})
	go func() {
		defer close(moving)
		defer stop()
		racetest.Run(8, func(worker int) error {
			for i := range 25 {
				id := orderID(100*worker + i)
				if _, _, err := w.Create(t.Context(), w.live, request(id)); err != nil {
					t.Errorf("create: %v", err)
					return err
				}
				if _, err := w.Cancel(t.Context(), w.live, id); err != nil {
					t.Errorf("cancel: %v", err)
					return err
				}
			}
			return nil
		})
	}()
	for ctx.Err() == nil {
		b, err := w.Balance(t.Context(), w.live)
		if err != nil || b.Balance.Fixed(4) != "1000.0000" {
			t.Errorf("the merchant's calls: balance %s of available %s and held %s, %v", b.Balance.Fixed(4), b.Available.Fixed(4), b.Held.Fixed(4), err)
			break
		}
		available, held, err := w.merchants.Balances(t.Context(), w.live)
		if sum, _ := available.Add(held); err != nil || sum.Fixed(4) != "1000.0000" {
			t.Errorf("the operators' calls: available %s and held %s, %v", available.Fixed(4), held.Fixed(4), err)
			break
		}
	}
	<-moving
}
