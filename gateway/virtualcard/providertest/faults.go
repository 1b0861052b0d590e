package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"disburse/gateway/virtualcard"
)

// cut is how long a connection stays open on which no answer comes.
const cut = 20 * time.Millisecond

func toldToDecline(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	for operation, do := range map[string]func(context.Context, virtualcard.Move) (virtualcard.Account, error){"topup": s.TopUp, "withdraw": s.Withdraw} {
		s.control.Misbehave(t, operation, Decline, 0)
		_, err := do(t.Context(), move("no-"+operation, a.CardID, 100))
		declined(t, operation, err)
		s.found(t, "no-"+operation, virtualcard.OrderDeclined)
		_, err = do(t.Context(), move("no-"+operation, a.CardID, 100))
		declined(t, operation+" again", err)
	}
	s.holds(t, a.CardID, 5000)
}

func doneNoAnswer(t *testing.T, s subject) {
	for operation, send := range s.orders(t) {
		key := "silent-" + operation
		s.control.Misbehave(t, operation, DoneNoAnswer, cut)
		_, err := send(key, soon())
		unknown(t, operation, err)
		out := s.found(t, key, virtualcard.OrderDone)
		if out.Moved != usd(moved[operation]) {
			t.Errorf("%s moved %s, want %d", operation, out.Moved, moved[operation])
		}
		// Whoever sends it again learns what happened and moves nothing.
		again, err := send(key, soon())
		if err != nil || again != out.Account {
			t.Errorf("%s sent again = %+v, %v; want %+v", operation, again, err, out.Account)
		}
		s.holds(t, again.CardID, out.Account.Balance.Minor())
	}
}

func noAnswer(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	type doer func(context.Context, virtualcard.Move) (virtualcard.Account, error)
	orders := map[string]doer{"topup": s.TopUp, "withdraw": s.Withdraw}
	notAfter := time.Now().Add(3 * time.Second) // more than a slow machine needs to send them
	for operation, do := range orders {
		s.control.Misbehave(t, operation, NoAnswer, cut)
		o := move("lost-"+operation, a.CardID, 100)
		o.NotAfter = notAfter
		_, err := do(t.Context(), o)
		unknown(t, operation, err)
	}
	for operation, do := range orders {
		o := move("lost-"+operation, a.CardID, 100)
		o.NotAfter = notAfter
		if out := s.ends(t, o.Key, notAfter); out.State != virtualcard.OrderNotFound {
			t.Fatalf("the order is %s", out.State)
		}
		// It has been given up, so whatever still carries it must come to nothing.
		if _, err := do(t.Context(), o); err == nil {
			t.Errorf("%s was begun after its end", operation)
		}
	}
	s.holds(t, a.CardID, 5000)
}

func late(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	s.control.Misbehave(t, "withdraw", Late, 300*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	o := move("late", a.CardID, 1000)
	go func() {
		_, err := s.Withdraw(ctx, o)
		answered <- err
	}()
	if pending := s.reaches(t, "late"); pending {
		s.holds(t, a.CardID, 5000)
		if _, err := s.Withdraw(t.Context(), o); err != nil {
			unknown(t, "the same order while it is pending", err)
		}
		cancel()
	}
	if err := <-answered; err != nil {
		unknown(t, "a late order", err)
	}
	if out := s.ends(t, "late", o.NotAfter); out.State != virtualcard.OrderDone || out.Moved != usd(1000) {
		t.Errorf("the order ended as %s, moving %s", out.State, out.Moved)
	}
	s.holds(t, a.CardID, 4000)
}

// reaches waits until the provider has an order and tells whether it was still
// pending then.
func (s subject) reaches(t *testing.T, key string) (pending bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for {
		out, err := s.Lookup(ctx, key)
		if err != nil {
			t.Fatalf("Lookup: %v", err)
		}
		if out.State != virtualcard.OrderNotFound {
			return out.State == virtualcard.OrderPending
		}
		<-pace.C
	}
}

func spoiltAnswers(t *testing.T, s subject) {
	for fault, wantState := range map[Fault]virtualcard.OrderState{
		Twice: virtualcard.OrderDone, Garbled: virtualcard.OrderDone, Error: virtualcard.OrderNotFound,
	} {
		a := s.card(t, "card-"+string(fault), 5000)
		s.control.Misbehave(t, "withdraw", fault, 0)
		_, err := s.Withdraw(t.Context(), move(string(fault), a.CardID, 1000))
		if fault != Twice || err != nil {
			unknown(t, string(fault), err)
		}
		s.found(t, string(fault), wantState)
		left := int64(5000)
		if wantState == virtualcard.OrderDone {
			left = 4000
		}
		// What follows gets its own answer and none that was left over.
		s.holds(t, a.CardID, left)
		s.found(t, "card-"+string(fault), virtualcard.OrderDone)
	}
}

func failedLookup(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	if _, err := s.Withdraw(t.Context(), move("done", a.CardID, 1000)); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []Fault{NoAnswer, Error, Garbled} {
		s.control.Misbehave(t, "lookup", fault, cut)
		out, err := s.Lookup(t.Context(), "done")
		unknown(t, string(fault), err)
		if out.Final(time.Time{}) {
			t.Errorf("a lookup that failed by %s gives an outcome", fault)
		}
	}
	s.control.Misbehave(t, "lookup", Twice, 0)
	if _, err := s.Lookup(t.Context(), "done"); err != nil {
		unknown(t, string(Twice), err)
	}
	s.found(t, "done", virtualcard.OrderDone)
}

func restart(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	first, err := s.Withdraw(t.Context(), move("before", a.CardID, 1000))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Withdraw(t.Context(), move("refused", a.CardID, 9000))
	refusal := reason(t, "Withdraw of more than there is", err)
	s.control.Misbehave(t, "topup", DoneNoAnswer, cut)
	_, err = s.TopUp(t.Context(), move("silent", a.CardID, 100))
	unknown(t, "TopUp", err)

	s.control.Restart(t)

	s.holds(t, a.CardID, 4100)
	again, err := s.Withdraw(t.Context(), move("before", a.CardID, 1000))
	if err != nil || again != first {
		t.Errorf("the order sent again = %+v, %v; want %+v", again, err, first)
	}
	if out := s.found(t, "refused", virtualcard.OrderDeclined); out.Reason != refusal {
		t.Errorf("declined for %q and then for %q", refusal, out.Reason)
	}
	s.found(t, "silent", virtualcard.OrderDone)
	if _, err := s.TopUp(t.Context(), move("before", a.CardID, 1000)); !errors.Is(err, virtualcard.ErrKeyReused) {
		t.Errorf("a key of before the restart: %v; want ErrKeyReused", err)
	}
	s.holds(t, a.CardID, 4100)
}

func pendingSurvives(t *testing.T, s subject) {
	a := s.card(t, "card", 5000)
	s.control.Misbehave(t, "topup", Late, 300*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	o := move("late", a.CardID, 1000)
	go func() {
		_, err := s.TopUp(ctx, o)
		answered <- err
	}()
	s.reaches(t, "late")
	s.control.Restart(t)
	cancel()
	if err := <-answered; err != nil {
		unknown(t, "a late order", err)
	}
	if out := s.ends(t, "late", o.NotAfter); out.State != virtualcard.OrderDone {
		t.Errorf("the order ended as %s", out.State)
	}
	s.holds(t, a.CardID, 6000)
}
