package enduser_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"disburse/gateway/enduser"
	"disburse/ledger"
)

// bet takes a stake of a user and counts it.
func (w *wallet) bet(reference string, id, amount int64) error {
	_, err := w.ledger.Post(context.Background(), ledger.Bet(reference, enduser.Owner(id), "provider:1", stake(amount)),
		ledger.Rider(enduser.CountTurnover(id, amount)))
	return err
}

// undo gives a stake back.
func (w *wallet) undo(reference string, id, amount int64) error {
	_, err := w.ledger.Post(context.Background(), ledger.BetRollback(reference, enduser.Owner(id), "provider:1", stake(amount)),
		ledger.Rider(enduser.TakeBackTurnover(id, amount)))
	return err
}

func stake(amount int64) ledger.Stake { return ledger.Stake{Cash: rub(amount), Bonus: rub(0)} }

func TestTurnoverOfManyBetsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, two := w.make(t, "One", 100000), w.make(t, "Two", 100000)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			for _, u := range []enduser.User{one, two} {
				reference := fmt.Sprintf("%d of %d", i, u.ID)
				if err := w.bet(reference, u.ID, u.ID); err != nil {
					t.Error(err)
				}
				if i%3 > 0 {
					continue
				}
				if err := w.undo("undo "+reference, u.ID, u.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, u := range []enduser.User{one, two} {
		if got := w.user(t, u.ID).Turnover; got != 40*u.ID {
			t.Errorf("turnover %d of user %d, want that of 40 bets", got, u.ID)
		}
	}
}

// TestTurnoverOfABlockedUser: no bet counts any more, a rollback does.
func TestTurnoverOfABlockedUser(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u, other := w.make(t, "One", 1000), w.make(t, "Two", 1000)
	if err := w.bet("before", u.ID, 300); err != nil {
		t.Fatal(err)
	}
	if err := w.Block(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	var rider *ledger.RiderError
	if err := w.bet("after", u.ID, 300); !errors.As(err, &rider) || !rider.Missed() {
		t.Errorf("a bet of a blocked user: %v", err)
	}
	if err := w.bet("of another", other.ID, 300); err != nil {
		t.Error(err)
	}
	if err := w.undo("undo", u.ID, 300); err != nil {
		t.Error(err)
	}
	if got := w.user(t, u.ID).Turnover; got != 0 {
		t.Errorf("turnover %d", got)
	}
}
