package ledger

import (
	"fmt"
	"slices"
	"testing"

	"disburse/ledger/money"
)

// The line locks accounts in the order of the guess: two processes that took
// the same accounts in different orders would wait for each other.
func TestGuessIsInLockOrder(t *testing.T) {
	t.Parallel()
	var m memory
	g := newGroup(nil)
	g.balances = map[int64]*balance{}
	for id := int64(1); id <= 100; id++ {
		g.ids[MerchantHeld(Live, fmt.Sprint(id))] = id
		g.balances[id] = &balance{amount: 10 * id}
	}
	m.keep(g)
	again := newGroup([]*posting{{entry: PayoutHold("r", Live, "1", money.New(1, money.USDT))}})
	again.ids = g.ids
	if !m.recall(again) {
		t.Fatal("nothing recalled")
	}
	if !slices.IsSorted(again.guess.ids) || len(again.guess.ids) != 100 {
		t.Errorf("guessed in the order %v", again.guess.ids)
	}
	for i, id := range again.guess.ids {
		if again.guess.amounts[i] != 10*id || again.balances[id].amount != 10*id {
			t.Errorf("account %d: guessed %d and %d, want %d", id, again.guess.amounts[i], again.balances[id].amount, 10*id)
		}
	}
}
