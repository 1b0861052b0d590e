package virtualcard_test

import (
	"testing"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
)

const (
	withdrawRoute = "POST /api/v1/cards/{id}/withdraw"
	topUpRoute    = "POST /api/v1/cards/{id}/topup"
	createRoute   = "POST /api/v1/cards"
)

func TestRepeatedWithdrawal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c, other := w.issued(u, 1500), w.issued(u, 1500)
	key := keyOf(u, withdrawRoute, "k", "10.00")
	first, err := w.Withdraw(t.Context(), u, c.ID, "10.00", key)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(16 * time.Minute)
	must(w.Withdraw(t.Context(), u, c.ID, "1.00", noKey())) // so that balances are others now
	again, err := w.second.Withdraw(t.Context(), u, c.ID, "10.00", key)
	if err != nil || again != first {
		t.Errorf("got %+v, %v, want %+v", again, err, first)
	}
	_, err = w.Withdraw(t.Context(), u, c.ID, "11.00", keyOf(u, withdrawRoute, "k", "11.00"))
	wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
	_, err = w.Withdraw(t.Context(), u, other.ID, "10.00", key)
	wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
	w.wantWallet(u, 1100)
}

// Twins wait for the one that is at it, in whatever process they are.
func TestTwinsAreDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(20000)
	c := w.issued(u, 1500)
	release := make(chan struct{})
	w.provider.behave(func(virtualcard.Kind, string) error { <-release; return nil }, nil)
	time.AfterFunc(200*time.Millisecond, func() { close(release) })
	type answer struct {
		id  string
		err error
	}
	for name, do := range map[string]func(s *virtualcard.Service, key idempotency.Key) (string, error){
		withdrawRoute: func(s *virtualcard.Service, key idempotency.Key) (string, error) {
			r, err := s.Withdraw(t.Context(), u, c.ID, "10.00", key)
			return r.TransactionID, err
		},
		topUpRoute: func(s *virtualcard.Service, key idempotency.Key) (string, error) {
			r, err := s.TopUp(t.Context(), u, c.ID, "10.00", key)
			return r.TransactionID, err
		},
		createRoute: func(s *virtualcard.Service, key idempotency.Key) (string, error) {
			r, err := s.Create(t.Context(), u, card(plainBIN, `"a"`, "1"), key)
			return r.ID, err
		},
	} {
		key := keyOf(u, name, "k", "10.00")
		answers := racetest.Run(8, func(i int) answer {
			s := w.Service
			if i%2 == 1 {
				s = w.second
			}
			id, err := do(s, key)
			return answer{id, err}
		})
		for _, a := range answers {
			if a != answers[0] || a.err != nil {
				t.Errorf("%s: got %+v beside %+v", name, a, answers[0])
			}
		}
	}
	w.wantWallet(u, 20000+1000-1010-500)
}

// meantime are users of whom something happens between the look for the key and
// the look at the card.
type meantime struct {
	virtualcard.Users
	do func()
}

func (m meantime) CheckActive(u enduser.User) error {
	m.do()
	return m.Users.CheckActive(u)
}

// A twin that is faster leaves a cooldown behind, which is no answer to this
// one: it is the same request.
func TestTwinDoesNotMeetItsOwnCooldown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 1500)
	key := keyOf(u, withdrawRoute, "k", "10.00")
	var first virtualcard.WithdrawResult
	slow := must(virtualcard.NewService(virtualcard.Deps{
		DB: w.db, Ledger: w.books, Provider: w.provider, Now: w.now,
		Users: meantime{w.users, func() { first = must(w.second.Withdraw(t.Context(), u, c.ID, "10.00", key)) }},
	}))
	got, err := slow.Withdraw(t.Context(), u, c.ID, "10.00", key)
	if err != nil || got != first {
		t.Errorf("got %+v, %v, want %+v", got, err, first)
	}
	w.wantWallet(u, 1000)
}

// What was declined has moved nothing, and may be asked for again.
func TestDeclinedRequestMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(5000)
	c := w.issued(u, 0)
	key := keyOf(u, topUpRoute, "k", "10.00")
	w.provider.behave(answers(virtualcard.ErrNotSent), nil)
	_, err := w.TopUp(t.Context(), u, c.ID, "10.00", key)
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.behave(nil, nil)
	if _, err = w.TopUp(t.Context(), u, c.ID, "10.00", key); err != nil {
		t.Error(err)
	}
	w.wantWallet(u, 3990)
}

// What is unknown is never sent again, under this key or another.
func TestUnknownRequestIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(5000)
	c := w.issued(u, 0)
	key := keyOf(u, topUpRoute, "k", "10.00")
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	_, err := w.TopUp(t.Context(), u, c.ID, "10.00", key)
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.advance(13 * time.Second)
	_, err = w.TopUp(t.Context(), u, c.ID, "10.00", key)
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	if n := w.provider.count(virtualcard.KindTopUp); n != 1 {
		t.Errorf("sent %d times", n)
	}
	w.provider.behave(nil, nil)
	w.settle()
	if _, err = w.TopUp(t.Context(), u, c.ID, "10.00", key); err != nil {
		t.Error(err)
	}
	w.wantWallet(u, 3990)
}
