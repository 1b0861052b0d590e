package virtualcard_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/enduser"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

// Whatever users do and whenever the provider or the books fail, once all has
// ended no cent is lost or made: the wallets, the cards and the fees are what
// was paid in and given.
func TestModelNoMoneyIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.provider.behave(nil, nil)
		before := w.provider.total()
		u := w.user(10000)
		c := w.issued(u, 5000)
		steps := rapid.IntRange(1, 12).Draw(rt, "steps")
		for i := range steps {
			w.misbehave(rt, fmt.Sprint("fault", i))
			w.step(rt, u, c.ID, fmt.Sprint("step", i))
			w.provider.behave(nil, nil)
			w.books.forgive()
			w.advance(time.Duration(rapid.SampledFrom([]int{0, 5, 13, 901}).Draw(rt, fmt.Sprint("wait", i))) * time.Second)
			if rapid.Bool().Draw(rt, fmt.Sprint("recover", i)) {
				must(w.second.Recover(t.Context(), 100))
			}
		}
		w.settle()
		now := must(w.Card(t.Context(), u.ID, c.ID))
		if there := w.provider.total() - before; there != now.Balance.Minor() {
			rt.Fatalf("on the card lie %d, we say %s", there, now.Balance)
		}
		wallet := must(w.Wallet(t.Context(), u.ID)).Balance.Minor()
		var fees int64
		if err := w.db.QueryRow(t.Context(), `
select coalesce(sum(fee), 0)::bigint from virtual_card_operations where user_id = $1 and state = 'done'`, u.ID).Scan(&fees); err != nil {
			rt.Fatal(err)
		}
		if wallet+now.Balance.Minor()+fees != 15000 {
			rt.Fatalf("wallet %d, card %d and fees %d are not the 15000 that came in", wallet, now.Balance.Minor(), fees)
		}
		if e := w.exceptions(); len(e) != 0 {
			rt.Fatalf("exceptions: %+v", e)
		}
	})
}

// forgive ends what failOnce began, should nothing have failed.
func (b *flakyBooks) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = nil
}

func (w *world) misbehave(rt *rapid.T, label string) {
	switch rapid.SampledFrom([]string{"", "", "decline", "not sent", "before", "after", "booked", "not booked"}).Draw(rt, label) {
	case "decline":
		w.provider.behave(answers(&virtualcard.DeclinedError{Reason: "no"}), nil)
	case "not sent":
		w.provider.behave(answers(virtualcard.ErrNotSent), nil)
	case "before":
		w.provider.behave(answers(virtualcard.ErrUnknown), nil)
	case "after":
		w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	case "booked", "not booked":
		flows := []string{ledger.FlowCardLoad, ledger.FlowCardLoadSettle, ledger.FlowCardUnload}
		w.books.failOnce(rapid.SampledFrom(flows).Draw(rt, label+" flow"), rapid.Bool().Draw(rt, label+" posted"))
	}
}

func (w *world) step(rt *rapid.T, u enduser.User, id, label string) {
	amount := virtualcard.Literal(rapid.SampledFrom([]string{"5.00", "7.13", "20", "60", "100.01"}).Draw(rt, label+" amount"))
	ctx := w.t.Context()
	switch rapid.SampledFrom([]string{"topup", "topup", "withdraw", "withdraw", "freeze", "unfreeze", "close"}).Draw(rt, label) {
	case "topup":
		_, _ = w.TopUp(ctx, u, id, amount, noKey())
	case "withdraw":
		_, _ = w.Withdraw(ctx, u, id, amount, noKey())
	case "freeze":
		_, _ = w.Freeze(ctx, u, id)
	case "unfreeze":
		_, _ = w.Unfreeze(ctx, u, id)
	case "close":
		_, _ = w.Close(ctx, u, id)
	}
}
