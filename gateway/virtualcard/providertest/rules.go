package providertest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

func createGivesACard(t *testing.T, s subject) {
	for _, cents := range []int64{0, 10000} {
		a := s.card(t, fmt.Sprintf("create-%d", cents), cents)
		if a.Status != virtualcard.AccountActive || a.Balance != usd(cents) {
			t.Errorf("a new card is %s with %s", a.Status, a.Balance)
		}
		if !regexp.MustCompile(`^[0-9]{4}$`).MatchString(a.LastFour) || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(a.CardID) {
			t.Errorf("bad last four %q or id %q", a.LastFour, a.CardID)
		}
		if a.Category != "wallet" && a.Category != "online" {
			t.Errorf("category %q", a.Category)
		}
		if a.Address.Country == "" || a.Address.Line1 == "" || a.Address.City == "" {
			t.Errorf("address %+v", a.Address)
		}
		got, err := s.Card(t.Context(), a.CardID)
		if err != nil || got != a {
			t.Errorf("Card = %+v, %v; want %+v", got, err, a)
		}
	}
}

func movesAddUp(t *testing.T, s subject) {
	a := s.card(t, "card", 10000)
	b := s.card(t, "other", 700)
	for i, step := range []struct {
		do   func(context.Context, virtualcard.Move) (virtualcard.Account, error)
		by   int64
		left int64
	}{{s.TopUp, 1, 10001}, {s.Withdraw, 10000, 1}, {s.TopUp, 999_999, 1_000_000}, {s.Withdraw, 1_000_000, 0}} {
		got, err := step.do(t.Context(), move(fmt.Sprintf("step-%d", i), a.CardID, step.by))
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if got.CardID != a.CardID || got.Balance != usd(step.left) || got.LastFour != a.LastFour {
			t.Errorf("step %d: %+v, want %s on %s", i, got, usd(step.left), a.CardID)
		}
		s.holds(t, a.CardID, step.left)
	}
	s.holds(t, b.CardID, 700)
}

func freezing(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	got, err := s.Freeze(t.Context(), change("freeze", a.CardID))
	if err != nil || got.Status != virtualcard.AccountFrozen || got.Balance != usd(5000) {
		t.Fatalf("Freeze = %+v, %v", got, err)
	}
	_, err = s.TopUp(t.Context(), move("topup", a.CardID, 100))
	declined(t, "TopUp of a frozen card", err)
	_, err = s.Withdraw(t.Context(), move("withdraw", a.CardID, 100))
	declined(t, "Withdraw from a frozen card", err)
	_, err = s.Freeze(t.Context(), change("freeze-again", a.CardID))
	declined(t, "Freeze of a frozen card", err)
	if got, err = s.Unfreeze(t.Context(), change("unfreeze", a.CardID)); err != nil || got.Status != virtualcard.AccountActive {
		t.Fatalf("Unfreeze = %+v, %v", got, err)
	}
	_, err = s.Unfreeze(t.Context(), change("unfreeze-again", a.CardID))
	declined(t, "Unfreeze of an active card", err)
	if _, err = s.Withdraw(t.Context(), move("withdraw-now", a.CardID, 100)); err != nil {
		t.Errorf("Withdraw from a card that goes on: %v", err)
	}
	s.holds(t, a.CardID, 4900)
}

func closing(t *testing.T, s subject) {
	for name, tc := range map[string]struct {
		cents  int64
		frozen bool
	}{"full": {5000, false}, "empty": {0, false}, "frozen": {300, true}} {
		a := s.card(t, name, tc.cents)
		if tc.frozen {
			if _, err := s.Freeze(t.Context(), change(name+"-freeze", a.CardID)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Close(t.Context(), change(name+"-close", a.CardID))
		if err != nil || got.Status != virtualcard.AccountClosed || !got.Balance.IsZero() || got.Moved != usd(tc.cents) {
			t.Fatalf("Close of a card that is %s = %+v, %v", name, got, err)
		}
		s.holds(t, a.CardID, 0)
		for what, do := range map[string]func(context.Context, virtualcard.Change) (virtualcard.Account, error){"freeze": s.Freeze, "unfreeze": s.Unfreeze} {
			_, err = do(t.Context(), change(name+"-"+what+"-closed", a.CardID))
			declined(t, what+" of a closed card", err)
		}
		_, err = s.TopUp(t.Context(), move(name+"-topup-closed", a.CardID, 100))
		declined(t, "TopUp of a closed card", err)
		_, err = s.Close(t.Context(), change(name+"-close-again", a.CardID))
		declined(t, "Close of a closed card", err)
	}
}

func repeated(t *testing.T, s subject) {
	for operation, send := range s.orders(t) {
		first, err := send("again-"+operation, soon())
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		if operation == "topup" { // the card goes on, the answer does not
			if _, err := s.TopUp(t.Context(), move("between", first.CardID, 1)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			// The end of an order is no part of what it is: it may be later.
			again, err := send("again-"+operation, soon().Add(time.Hour))
			if err != nil || again != first {
				t.Errorf("%s sent again = %+v, %v; want the first answer %+v", operation, again, err, first)
			}
		}
		want := first.Balance
		if operation == "topup" {
			want = usd(first.Balance.Minor() + 1)
		}
		s.holds(t, first.CardID, want.Minor())
	}
}

func twins(t *testing.T, s subject) {
	a := s.card(t, "card", 10000)
	cards := make([]string, 8)
	var group sync.WaitGroup
	for i := range cards {
		group.Go(func() {
			_, errUp := s.TopUp(t.Context(), move("up", a.CardID, 1000))
			_, errDown := s.Withdraw(t.Context(), move("down", a.CardID, 300))
			made, errNew := s.Create(t.Context(), virtualcard.CreateOrder{Key: "new", NotAfter: soon(), BIN: BIN, Name: "Twin", Initial: usd(5)})
			cards[i] = made.CardID
			// A twin may be told to come back later, but never that it was refused.
			for _, err := range []error{errUp, errDown, errNew} {
				if err != nil && !errors.Is(err, virtualcard.ErrUnknown) {
					t.Errorf("a twin: %v", err)
				}
			}
		})
	}
	group.Wait()
	issued := s.ends(t, "new", soon()).Account.CardID
	for _, id := range cards {
		if id != "" && id != issued {
			t.Error("twins were issued two cards")
		}
	}
	s.ends(t, "up", soon())
	s.ends(t, "down", soon())
	s.holds(t, a.CardID, 10700)
}

func keyReused(t *testing.T, s subject) {
	a, b := s.card(t, "a", 10000), s.card(t, "b", 10000)
	if _, err := s.TopUp(t.Context(), move("key", a.CardID, 1000)); err != nil {
		t.Fatal(err)
	}
	_, otherAmount := s.TopUp(t.Context(), move("key", a.CardID, 1001))
	_, otherCard := s.TopUp(t.Context(), move("key", b.CardID, 1000))
	_, otherKind := s.Withdraw(t.Context(), move("key", a.CardID, 1000))
	_, otherChange := s.Close(t.Context(), change("key", a.CardID))
	_, otherNew := s.Create(t.Context(), virtualcard.CreateOrder{Key: "a", NotAfter: soon(), BIN: BIN, Name: "Test card", Initial: usd(1)})
	for name, err := range map[string]error{"amount": otherAmount, "card": otherCard, "kind": otherKind, "change": otherChange, "initial": otherNew} {
		if !errors.Is(err, virtualcard.ErrKeyReused) {
			t.Errorf("the same key with another %s: %v; want ErrKeyReused", name, err)
		}
	}
	s.holds(t, a.CardID, 11000)
	s.holds(t, b.CardID, 10000)
	if out := s.found(t, "key", virtualcard.OrderDone); out.Moved != usd(1000) {
		t.Errorf("the key's own order moved %s", out.Moved)
	}
}

func declines(t *testing.T, s subject) {
	a := s.card(t, "card", 1000)
	_, err := s.Withdraw(t.Context(), move("too-much", a.CardID, 1001))
	first := reason(t, "Withdraw of more than there is", err)
	if out := s.found(t, "too-much", virtualcard.OrderDeclined); out.Reason != first || !out.Final(soon()) {
		t.Errorf("the lookup gives the reason %q, the order %q", out.Reason, first)
	}
	if _, err := s.TopUp(t.Context(), move("topup", a.CardID, 5000)); err != nil {
		t.Fatal(err)
	}
	// It would be possible now, and must not be.
	_, err = s.Withdraw(t.Context(), move("too-much", a.CardID, 1001))
	if again := reason(t, "the same order again", err); again != first {
		t.Errorf("declined for %q and then for %q", first, again)
	}
	_, err = s.TopUp(t.Context(), move("nobody", "card-of-nobody", 100))
	declined(t, "TopUp of a card that is not there", err)
	s.holds(t, a.CardID, 6000)
}

func fundsForOne(t *testing.T, s subject) {
	a := s.card(t, "card", 1500)
	var done, refused atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := s.Withdraw(t.Context(), move(fmt.Sprintf("one-of-%d", i), a.CardID, 1000))
			var refusal *virtualcard.DeclinedError
			switch {
			case err == nil:
				done.Add(1)
			case errors.As(err, &refusal):
				refused.Add(1)
			default:
				t.Errorf("Withdraw among others: %v", err)
			}
		})
	}
	group.Wait()
	if done.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d passed and %d were declined, want 1 and 7", done.Load(), refused.Load())
	}
	s.holds(t, a.CardID, 500)
}

func lookupAgrees(t *testing.T, s subject) {
	for operation, send := range s.orders(t) {
		account, err := send("look-"+operation, soon())
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		for range 2 {
			out := s.found(t, "look-"+operation, virtualcard.OrderDone)
			if out.Account != account || out.Moved != usd(moved[operation]) {
				t.Errorf("the lookup of %s says %+v and %s; the order said %+v and moved %d", operation, out.Account, out.Moved, account, moved[operation])
			}
			if !out.Final(soon()) {
				t.Errorf("a %s that is done is not final", operation)
			}
		}
	}
}

func neverSent(t *testing.T, s subject) {
	a := s.card(t, "card", 1000)
	out := s.found(t, "never", virtualcard.OrderNotFound)
	if out.Final(soon()) {
		t.Error("an order that may still come is given up")
	}
	if !out.Final(out.At.Add(-time.Millisecond)) {
		t.Error("an order that can no longer come is not given up")
	}
	// Asking did not use the key up.
	if _, err := s.Withdraw(t.Context(), move("never", a.CardID, 1000)); err != nil {
		t.Errorf("an order that was looked for before it came: %v", err)
	}
}

func unknownCard(t *testing.T, s subject) {
	if _, err := s.Card(t.Context(), "card-of-nobody"); !errors.Is(err, virtualcard.ErrNoCard) {
		t.Errorf("Card: %v; want ErrNoCard", err)
	}
}

func tooLate(t *testing.T, s subject) {
	past := time.Now().Add(-time.Hour)
	for operation, send := range s.orders(t) {
		_, err := send("late-"+operation, past)
		var refusal *virtualcard.DeclinedError
		if !errors.Is(err, virtualcard.ErrNotSent) && !errors.As(err, &refusal) {
			t.Errorf("%s after its end: %v; want ErrNotSent or a DeclinedError", operation, err)
		}
		out, err := s.Lookup(t.Context(), "late-"+operation)
		if err != nil || out.State == virtualcard.OrderDone || out.State == virtualcard.OrderPending || !out.Final(past) {
			t.Errorf("the lookup of a %s that came too late: %+v, %v", operation, out, err)
		}
	}
}

func endedContext(t *testing.T, s subject) {
	a := s.card(t, "card", 1000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Withdraw(ctx, move("ended", a.CardID, 100))
	var refusal *virtualcard.DeclinedError
	if errors.As(err, &refusal) {
		t.Error("the end of the context is taken for a refusal")
	}
	out, lookupErr := s.Lookup(t.Context(), "ended")
	if lookupErr != nil {
		t.Fatal(lookupErr)
	}
	if errors.Is(err, virtualcard.ErrNotSent) && out.State != virtualcard.OrderNotFound {
		t.Errorf("an order that was not sent is %s", out.State)
	}
	if _, err := s.Lookup(ctx, "ended"); err == nil {
		t.Error("Lookup answers although its context had ended")
	}
}

// errorsAreKnown sends what is impossible in itself.
func errorsAreKnown(t *testing.T, s subject) {
	a := s.card(t, "card", 1000)
	_, zero := s.Withdraw(t.Context(), move("zero", a.CardID, 0))
	_, negative := s.TopUp(t.Context(), move("negative", a.CardID, -100))
	_, currency := s.TopUp(t.Context(), virtualcard.Move{Key: "euro", NotAfter: soon(), CardID: a.CardID, Amount: money.New(100, "EUR")})
	_, endless := s.Withdraw(t.Context(), virtualcard.Move{Key: "endless", CardID: a.CardID, Amount: usd(100)})
	_, noBIN := s.Create(t.Context(), virtualcard.CreateOrder{Key: "no-bin", NotAfter: soon(), BIN: "no", Name: "x", Initial: usd(0)})
	for name, err := range map[string]error{"zero": zero, "negative": negative, "currency": currency, "no end": endless, "no BIN": noBIN} {
		var refusal *virtualcard.DeclinedError
		if !errors.Is(err, virtualcard.ErrNotSent) && !errors.As(err, &refusal) {
			t.Errorf("%s: %v; want ErrNotSent or a DeclinedError", name, err)
		}
	}
	s.holds(t, a.CardID, 1000)
}
