package virtualcard_test

import (
	"errors"
	"testing"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

func TestWithdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	c := w.issued(u, 1500)
	got, err := w.Withdraw(t.Context(), u, c.ID, "10", noKey())
	if err != nil {
		t.Fatal(err)
	}
	if got.CardID != c.ID || got.AmountWithdrawn != usd(1000) || got.NewCardBalance != usd(500) || got.WalletBalance != usd(11000) {
		t.Errorf("got %+v", got)
	}
	if got.InvoiceID <= 0 || len(got.TransactionID) != 36 {
		t.Errorf("invoice %d, transaction %q", got.InvoiceID, got.TransactionID)
	}
	w.wantWallet(u, 11000)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 500)
}

// The provider says yes and the process dies before the credit, or dies without
// knowing whether it was posted: the recovery credits once.
func TestPG67ProviderSaysYesAndTheCreditIsLost(t *testing.T) {
	t.Parallel()
	for name, posted := range map[string]bool{"BeforeItWasPosted": false, "AfterItWasPosted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(0)
			c := w.issued(u, 1500)
			w.books.failOnce(ledger.FlowCardUnload, posted)
			_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
			if !posted {
				wantCode(t, err, "unavailable")
				w.wantWallet(u, 0)
			}
			for range 3 {
				w.advance(2 * time.Second)
				must(w.Recover(t.Context(), 10))
				must(w.second.Recover(t.Context(), 10))
			}
			w.wantWallet(u, 1000)
			w.wantCard(u, c.ID, virtualcard.StatusActive, 500)
			if n := w.credits(u); n != 1 {
				t.Errorf("credited %d times", n)
			}
			if n := w.provider.count(virtualcard.KindWithdraw); n != 1 {
				t.Errorf("sent %d times", n)
			}
			if e := w.exceptions(); len(e) != 0 {
				t.Errorf("exceptions: %+v", e)
			}
		})
	}
}

// Nothing is known: no credit, the cooldown holds, it stands among the
// exceptions with its age, and it ends once the provider tells.
func TestPG68ProviderUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 1500)
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.wantWallet(u, 0)
	w.provider.behave(nil, nil)

	_, err = w.Withdraw(t.Context(), u, c.ID, "1.00", noKey())
	wantCode(t, err, "COOLDOWN")
	if f := fault.From(err); f.RetryAfter != 15*time.Minute || f.Message != "Please wait 15 minutes between withdrawals" {
		t.Errorf("retry after %v: %s", f.RetryAfter, f.Message)
	}

	w.provider.onLookup(func(string) (virtualcard.Outcome, error) { return virtualcard.Outcome{}, virtualcard.ErrUnknown })
	w.advance(16 * time.Minute)
	if n := must(w.Recover(t.Context(), 10)); n != 0 {
		t.Errorf("%d ended, of which nothing is known", n)
	}
	w.wantWallet(u, 0)
	_, err = w.Withdraw(t.Context(), u, c.ID, "1.00", noKey())
	wantCode(t, err, "CARD_NOT_READY") // never a second one while the first is unknown
	e := w.exceptions()
	if len(e) != 1 || e[0].Kind != virtualcard.KindWithdraw || e[0].CardID != c.ID || e[0].State != "processing" || e[0].AgeSeconds != 16*60 {
		t.Errorf("exceptions: %+v", e)
	}
	if n, oldest, err := w.Unresolved(t.Context()); n != 1 || oldest != 16*time.Minute || err != nil {
		t.Errorf("%d unresolved, the oldest %v, %v", n, oldest, err)
	}

	w.provider.onLookup(nil)
	w.advance(10 * time.Minute)
	if n := must(w.Recover(t.Context(), 10)); n != 1 {
		t.Errorf("%d ended, want 1", n)
	}
	w.wantWallet(u, 1000)
	if len(w.exceptions()) != 0 {
		t.Errorf("exceptions: %+v", w.exceptions())
	}
}

func TestPG69TwoWithdrawalsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 {
		u := w.user(0)
		c := w.issued(u, 10000)
		before := w.provider.count(virtualcard.KindWithdraw)
		codes := map[string]int{}
		for _, err := range racetest.Run(8, func(i int) error {
			s := w.Service
			if i%2 == 1 {
				s = w.second
			}
			_, err := s.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
			return err
		}) {
			codes[fault.Code(err)]++
		}
		if codes[""] != 1 || codes["COOLDOWN"] != 7 {
			t.Errorf("answers %v, want one that passes", codes)
		}
		if n := w.provider.count(virtualcard.KindWithdraw) - before; n != 1 {
			t.Errorf("%d orders at the provider", n)
		}
		w.wantWallet(u, 1000)
	}
}

func TestWithdrawRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, other := w.user(0), w.user(0)
	c := w.issued(u, 500)
	frozen, closed := w.issued(u, 500), w.issued(u, 500)
	must(w.Freeze(t.Context(), u, frozen.ID))
	must(w.Close(t.Context(), u, closed.ID))
	for name, tc := range map[string]struct {
		card, amount, code, message string
	}{
		"ErrNoSuchCard":  {"b0a2e0a0-0000-4000-8000-000000000000", "10", "CARD_NOT_FOUND", "Card not found or access denied"},
		"ErrNoUUID":      {"1 or 1=1", "10", "CARD_NOT_FOUND", "Card not found or access denied"},
		"ErrFrozen":      {frozen.ID, "10", "CARD_NOT_READY", "Card is not ready for withdrawals"},
		"ErrClosed":      {closed.ID, "10", "CARD_NOT_READY", "Card is not ready for withdrawals"},
		"ErrCardBalance": {c.ID, "10", "INSUFFICIENT_CARD_BALANCE", "Insufficient card balance. Available: 5.00, Requested: 10.00"},
	} {
		_, err := w.Withdraw(t.Context(), u, tc.card, virtualcard.Literal(tc.amount), noKey())
		if f := fault.From(err); f.Code != tc.code || f.Message != tc.message {
			t.Errorf("%s: got %s %q", name, f.Code, f.Message)
		}
	}
	_, err := w.Withdraw(t.Context(), other, c.ID, "1", noKey())
	wantCode(t, err, "CARD_NOT_FOUND")
	if n := w.provider.count(virtualcard.KindWithdraw); n != 0 {
		t.Errorf("%d orders at the provider", n)
	}
	// None of them began a cooldown.
	if _, err := w.Withdraw(t.Context(), u, c.ID, "5.00", noKey()); err != nil {
		t.Error(err)
	}
}

func TestWithdrawJudgesWhatIsOnTheCardNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 1000)
	w.provider.spend(900)
	_, err := w.Withdraw(t.Context(), u, c.ID, "5.00", noKey())
	wantCode(t, err, "INSUFFICIENT_CARD_BALANCE")
	w.wantCard(u, c.ID, virtualcard.StatusActive, 100) // the answer is kept

	w.provider.onCard(func() error { return virtualcard.ErrUnknown })
	_, err = w.Withdraw(t.Context(), u, c.ID, "1.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.onCard(nil)
	// Neither went to the provider, so neither began a cooldown.
	if _, err := w.Withdraw(t.Context(), u, c.ID, "1.00", noKey()); err != nil {
		t.Error(err)
	}
	w.provider.spend(-900) // so that the books and the provider agree again
}

// The provider dies before, during and after it moved the money.
func TestWithdrawWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	declined := &virtualcard.DeclinedError{Reason: "the card is under review"}
	for name, tc := range map[string]struct {
		before, after error
		code          string
		wallet        int64
		card          int64
		cooling       bool
	}{
		"OK":                  {wallet: 1000, card: 500, cooling: true},
		"Declined":            {before: declined, code: "DECLINED", card: 1500, cooling: true},
		"NotSent":             {before: virtualcard.ErrNotSent, code: "PROVIDER_UNAVAILABLE", card: 1500},
		"DiesBefore":          {before: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", card: 1500, cooling: true},
		"DiesAfter":           {after: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", wallet: 1000, card: 500, cooling: true},
		"AnswersNonsense":     {after: errors.New("what"), code: "PROVIDER_UNAVAILABLE", wallet: 1000, card: 500, cooling: true},
		"KnowsTheKey":         {before: virtualcard.ErrKeyReused, code: "PROVIDER_UNAVAILABLE", card: 1500, cooling: true},
		"DiesWithContextDone": {after: t.Context().Err(), wallet: 1000, card: 500, cooling: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(0)
			c := w.issued(u, 1500)
			w.provider.behave(answers(tc.before), answers(tc.after))
			_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
			wantCode(t, err, tc.code)
			if tc.code == "DECLINED" && fault.From(err).Message != declined.Reason {
				t.Errorf("told %q", fault.From(err).Message)
			}
			w.provider.behave(nil, nil)
			_, err = w.Withdraw(t.Context(), u, c.ID, "100.00", noKey()) // more than is there: refused behind the cooldown
			if cooling := fault.Code(err) == "COOLDOWN"; cooling != tc.cooling {
				t.Errorf("cooldown is %v (%v), want %v", cooling, err, tc.cooling)
			}
			w.settle()
			w.wantWallet(u, tc.wallet)
			w.wantCard(u, c.ID, virtualcard.StatusActive, tc.card)
			if e := w.exceptions(); len(e) != 0 {
				t.Errorf("exceptions: %+v", e)
			}
		})
	}
}

func TestProviderThatPanicsIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 1500)
	w.provider.behave(nil, func(virtualcard.Kind, string) error { panic("adapter") })
	_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.behave(nil, nil)
	w.settle()
	w.wantWallet(u, 1000)
}
