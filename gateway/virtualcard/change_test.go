package virtualcard_test

import (
	"testing"

	"disburse/gateway/fault"
	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

func TestFreezeAndUnfreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, other := w.user(0), w.user(0)
	c := w.issued(u, 700)
	_, err := w.Freeze(t.Context(), other, c.ID)
	wantCode(t, err, "CARD_NOT_FOUND")
	_, err = w.Unfreeze(t.Context(), u, c.ID)
	if f := fault.From(err); f.Message != "Only frozen cards can be unfrozen" || f.Kind != fault.Rule {
		t.Errorf("got %v", err)
	}
	got, err := w.Freeze(t.Context(), u, c.ID)
	if err != nil || got.Status != virtualcard.StatusFrozen {
		t.Errorf("got %s, %v", got.Status, err)
	}
	_, err = w.Freeze(t.Context(), u, c.ID)
	if f := fault.From(err); f.Message != "Card is already frozen" || f.Kind != fault.Rule {
		t.Errorf("got %v", err)
	}
	if got, err = w.Unfreeze(t.Context(), u, c.ID); err != nil || got.Status != virtualcard.StatusActive {
		t.Errorf("got %s, %v", got.Status, err)
	}
	w.wantCard(u, c.ID, virtualcard.StatusActive, 700)
}

// A change whose end is unknown keeps others out, and nothing else; then it ends.
func TestFreezeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(5000)
	c := w.issued(u, 700)
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	_, err := w.Freeze(t.Context(), u, c.ID)
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.behave(nil, nil)
	_, err = w.Freeze(t.Context(), u, c.ID)
	wantCode(t, err, "CARD_NOT_READY")
	_, err = w.TopUp(t.Context(), u, c.ID, "10", noKey())
	wantCode(t, err, "DECLINED") // the provider knows better
	w.settle()
	w.wantCard(u, c.ID, virtualcard.StatusFrozen, 700)
	w.wantWallet(u, 5000)
}

func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(100)
	c, empty := w.issued(u, 700), w.issued(u, 0)
	must(w.Withdraw(t.Context(), u, c.ID, "1.00", noKey()))
	must(w.Freeze(t.Context(), u, c.ID))
	got, err := w.Close(t.Context(), u, c.ID) // in the cooldown, and frozen
	if err != nil || got.BalanceWithdrawn != usd(600) || got.NewWalletBalance != usd(800) || got.TransactionID == nil || got.InvoiceID == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	w.wantCard(u, c.ID, virtualcard.StatusClosed, 0)
	_, err = w.Close(t.Context(), u, c.ID)
	wantCode(t, err, "CARD_ALREADY_CLOSED")
	_, err = w.Freeze(t.Context(), u, c.ID)
	wantCode(t, err, "CARD_NOT_READY")

	got, err = w.Close(t.Context(), u, empty.ID)
	if err != nil || !got.BalanceWithdrawn.IsZero() || got.NewWalletBalance != usd(800) || got.TransactionID != nil || got.InvoiceID != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCloseWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after error
		lost          bool
		code          string
		wallet, card  int64
		status        virtualcard.Status
	}{
		"Declined":     {before: &virtualcard.DeclinedError{Reason: "no"}, code: "DECLINED", card: 700, status: virtualcard.StatusActive},
		"NotSent":      {before: virtualcard.ErrNotSent, code: "PROVIDER_UNAVAILABLE", card: 700, status: virtualcard.StatusActive},
		"DiesBefore":   {before: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", card: 700, status: virtualcard.StatusActive},
		"DiesAfter":    {after: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", wallet: 700, status: virtualcard.StatusClosed},
		"CreditIsLost": {lost: true, code: "unavailable", wallet: 700, status: virtualcard.StatusClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(0)
			c := w.issued(u, 700)
			w.provider.behave(answers(tc.before), answers(tc.after))
			if tc.lost {
				w.books.failOnce(ledger.FlowCardUnload, false)
			}
			_, err := w.Close(t.Context(), u, c.ID)
			wantCode(t, err, tc.code)
			w.provider.behave(nil, nil)
			w.settle()
			w.wantWallet(u, tc.wallet)
			w.wantCard(u, c.ID, tc.status, tc.card)
		})
	}
}

// Closing races topping up: whatever the provider took in it gave back, or it
// never took it.
func TestCloseRacesTopUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 20 {
		u := w.user(2020)
		c := w.issued(u, 0)
		closed := racetest.Run(3, func(i int) error {
			if i == 0 {
				_, err := w.Close(t.Context(), u, c.ID)
				return err
			}
			_, err := w.second.TopUp(t.Context(), u, c.ID, "10.00", noKey())
			return err
		})[0]
		wantCode(t, closed, "")
		w.wantCard(u, c.ID, virtualcard.StatusClosed, 0)
		wallet := must(w.Wallet(t.Context(), u.ID)).Balance.Minor()
		// Only fees are gone.
		if wallet != 2020 && wallet != 2010 && wallet != 2000 {
			t.Errorf("wallet holds %d", wallet)
		}
	}
}
