package virtualcard_test

import (
	"testing"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

func TestTopUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	c := w.issued(u, 0)
	got, err := w.TopUp(t.Context(), u, c.ID, "50.00", noKey())
	if err != nil {
		t.Fatal(err)
	}
	if got.TotalCharged != usd(5050) || got.PlatformFee != usd(50) || got.NewCardBalance != usd(5000) || got.WalletBalance != usd(4950) {
		t.Errorf("got %+v", got)
	}
	w.wantWallet(u, 4950)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 5000)
	// A part of a cent is a cent.
	got, err = w.TopUp(t.Context(), u, c.ID, "5.01", noKey())
	if err != nil || got.PlatformFee != usd(6) || got.NewCardBalance != usd(5501) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTopUpRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(600)
	c, frozen := w.issued(u, 0), w.issued(u, 0)
	must(w.Freeze(t.Context(), u, frozen.ID))
	for name, tc := range map[string]struct {
		card, amount, code, message string
	}{
		"ErrNoSuchCard":   {"b0a2e0a0-0000-4000-8000-000000000000", "10", "CARD_NOT_FOUND", "Card not found or access denied"},
		"ErrFrozen":       {frozen.ID, "10", "CARD_NOT_READY", "Card is not ready for top-ups"},
		"ErrFundsWithFee": {c.ID, "6.00", "INSUFFICIENT_BALANCE", "Insufficient balance. Required: 6.06"},
	} {
		_, err := w.TopUp(t.Context(), u, tc.card, virtualcard.Literal(tc.amount), noKey())
		if f := fault.From(err); f.Code != tc.code || f.Message != tc.message {
			t.Errorf("%s: got %s %q", name, f.Code, f.Message)
		}
	}
	blocked := w.user(5000)
	own := w.issued(blocked, 0)
	blocked.Blocked = true
	_, err := w.TopUp(t.Context(), blocked, own.ID, "10", noKey())
	wantCode(t, err, enduser.ErrBlocked.Code)
	if n := w.provider.count(virtualcard.KindTopUp); n != 0 {
		t.Errorf("%d orders at the provider", n)
	}
	w.wantWallet(u, 600)
}

func TestTopUpBeyondTheLimitOfThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(300000)
	c, err := w.Create(t.Context(), u, card(plainBIN, `"Standard"`, "1"), noKey())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.TopUp(t.Context(), u, c.ID, "1000.01", noKey())
	if f := fault.From(err); f.Code != "CARD_LIMIT_EXCEEDED" || f.Message != "Card limit exceeded. Limit: 1000.00" {
		t.Errorf("got %v", err)
	}
	if _, err = w.TopUp(t.Context(), u, c.ID, "1000.00", noKey()); err != nil {
		t.Error(err)
	}
}

// Ten at once, with money for two.
func TestTopUpsAtOnceSpendNoMoreThanThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(2030)
	c := w.issued(u, 0)
	codes := map[string]int{}
	for _, err := range racetest.Run(10, func(i int) error {
		s := w.Service
		if i%2 == 1 {
			s = w.second
		}
		_, err := s.TopUp(t.Context(), u, c.ID, "10.00", noKey())
		return err
	}) {
		codes[fault.Code(err)]++
	}
	if codes[""] != 2 || codes["INSUFFICIENT_BALANCE"] != 8 {
		t.Errorf("answers %v", codes)
	}
	w.wantWallet(u, 10)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 2000) // whatever order the answers came in
}

func TestTopUpWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after error
		code          string
		held          int64 // while it is not known
		wallet, card  int64 // in the end
	}{
		"OK":         {wallet: 3990, card: 1000},
		"Declined":   {before: &virtualcard.DeclinedError{Reason: "no"}, code: "DECLINED", wallet: 5000},
		"NotSent":    {before: virtualcard.ErrNotSent, code: "PROVIDER_UNAVAILABLE", wallet: 5000},
		"DiesBefore": {before: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", held: 1010, wallet: 5000},
		"DiesAfter":  {after: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", held: 1010, wallet: 3990, card: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(5000)
			c := w.issued(u, 0)
			w.provider.behave(answers(tc.before), answers(tc.after))
			_, err := w.TopUp(t.Context(), u, c.ID, "10.00", noKey())
			wantCode(t, err, tc.code)
			w.provider.behave(nil, nil)
			if tc.held > 0 {
				w.wantWallet(u, 5000-tc.held)
			}
			w.settle()
			w.wantWallet(u, tc.wallet)
			w.wantCard(u, c.ID, virtualcard.StatusActive, tc.card)
		})
	}
}

// The process dies between the answer and the books.
func TestTopUpWhoseEndIsLost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		flow   string
		posted bool
		before error
		wallet int64
		card   int64
	}{
		"BeforeItWasReserved": {ledger.FlowCardLoad, false, nil, 5000, 0},
		"AfterItWasReserved":  {ledger.FlowCardLoad, true, nil, 5000, 0}, // and so never sent
		"BeforeItWasSettled":  {ledger.FlowCardLoadSettle, false, nil, 3990, 1000},
		"AfterItWasSettled":   {ledger.FlowCardLoadSettle, true, nil, 3990, 1000},
		"BeforeItWasReturned": {ledger.FlowCardLoadReturn, false, &virtualcard.DeclinedError{Reason: "no"}, 5000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(5000)
			c := w.issued(u, 0)
			w.books.failOnce(tc.flow, tc.posted)
			if tc.before != nil {
				// Declined for good: also what the lookup tells.
				w.provider.behave(answers(tc.before), nil)
			}
			_, _ = w.TopUp(t.Context(), u, c.ID, "10.00", noKey())
			w.provider.behave(nil, nil)
			w.settle()
			w.wantWallet(u, tc.wallet)
			w.wantCard(u, c.ID, virtualcard.StatusActive, tc.card)
		})
	}
}

// A provider that says "pending" is asked again; what it says in the end counts.
func TestTopUpThatIsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(5000)
	c := w.issued(u, 0)
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	_, err := w.TopUp(t.Context(), u, c.ID, "10.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.onLookup(func(string) (virtualcard.Outcome, error) {
		return virtualcard.Outcome{State: virtualcard.OrderPending, At: w.now()}, nil
	})
	w.advance(time.Hour) // far beyond the order's time: pending is not lost
	if n := must(w.Recover(t.Context(), 10)); n != 0 {
		t.Errorf("%d ended", n)
	}
	w.wantWallet(u, 3990)
	w.provider.onLookup(nil)
	w.advance(10 * time.Minute)
	if n := must(w.Recover(t.Context(), 10)); n != 1 {
		t.Errorf("%d ended, want 1", n)
	}
	w.wantWallet(u, 3990)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 1000)
}
