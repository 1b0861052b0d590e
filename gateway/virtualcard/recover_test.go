package virtualcard_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
)

// Recovery looks the withdrawal up while its own call still waits: whoever is
// first, it is credited once.
func TestRecoveryRacesTheAnswerOfTheCall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lookInside bool // recovery ends it before the call has its answer
		declined   bool
	}{
		"RecoveryIsFirst":         {lookInside: true},
		"AtTheSameTime":           {},
		"RecoveryIsFirstDeclined": {lookInside: true, declined: true},
		"AtTheSameTimeDeclined":   {declined: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(0)
			c := w.issued(u, 100000)
			wallet := int64(0)
			for range 30 {
				amount := virtualcard.Literal("10.00")
				w.provider.behave(func(virtualcard.Kind, string) error {
					if tc.declined {
						w.provider.spend(100000) // gone before the order is carried out
					}
					return nil
				}, func(virtualcard.Kind, string) error {
					if tc.declined {
						w.provider.spend(-100000)
					}
					w.advance(13 * time.Second)
					if tc.lookInside {
						must(w.second.Recover(t.Context(), 10))
					}
					return nil
				})
				var other chan struct{}
				if !tc.lookInside {
					other = make(chan struct{})
					go func() {
						defer close(other)
						for range 20 {
							_, _ = w.second.Recover(t.Context(), 10)
						}
					}()
				}
				got, err := w.Withdraw(t.Context(), u, c.ID, amount, noKey())
				if other != nil {
					<-other
				}
				if tc.declined {
					wantCode(t, err, "DECLINED")
				} else if wallet += 1000; err != nil || got.WalletBalance.Minor() != wallet {
					t.Fatalf("got %+v, %v", got, err)
				}
				w.provider.behave(nil, nil)
				w.advance(15 * time.Minute)
			}
			w.wantWallet(u, wallet)
			if n := w.credits(u); n != int(wallet/1000) {
				t.Errorf("%d credits", n)
			}
			w.wantCard(u, c.ID, virtualcard.StatusActive, 100000-wallet)
			if e := w.exceptions(); len(e) != 0 {
				t.Errorf("exceptions: %+v", e)
			}
		})
	}
}

// Every process takes others, and nothing is looked up before its call had its
// time.
func TestRecoverersShareTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	const cards = 30
	for range cards {
		_, err := w.Issue(t.Context(), u.ID, usd(100))
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
	}
	var looked atomic.Int64
	w.provider.behave(nil, nil)
	w.provider.onLookup(func(string) (virtualcard.Outcome, error) {
		looked.Add(1)
		return virtualcard.Outcome{}, nil
	})
	ended := racetest.Run(6, func(i int) int {
		s, n := w.Service, 0
		if i%2 == 1 {
			s = w.second
		}
		for range 10 {
			n += must(s.Recover(t.Context(), 4))
		}
		return n
	})
	sum := 0
	for _, n := range ended {
		sum += n
	}
	if sum != cards || looked.Load() != cards {
		t.Errorf("%d ended by %d lookups, want %d each", sum, looked.Load(), cards)
	}
	if there := w.provider.total(); there != cards*100 {
		t.Errorf("%d at the provider", there)
	}
}

func TestRecoveryLeavesACallItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 1000)
	w.provider.behave(nil, func(virtualcard.Kind, string) error {
		w.advance(11 * time.Second)
		if n := must(w.second.Recover(t.Context(), 10)); n != 0 {
			t.Errorf("%d ended while the call had time", n)
		}
		if len(w.exceptions()) != 0 {
			t.Errorf("exceptions: %+v", w.exceptions())
		}
		return nil
	})
	if _, err := w.Withdraw(t.Context(), u, c.ID, "1.00", noKey()); err != nil {
		t.Error(err)
	}
}

// "Not found" is no end while the provider may still begin the order.
func TestNotFoundIsFinalOnlyAfterTheOrdersTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(5000)
	c := w.issued(u, 0)
	w.provider.behave(answers(virtualcard.ErrUnknown), nil)
	_, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.advance(19 * time.Second)
	if n := must(w.Recover(t.Context(), 10)); n != 0 {
		t.Error("ended in the order's time")
	}
	w.wantWallet(u, 3990)
	w.advance(3 * time.Second)
	if n := must(w.Recover(t.Context(), 10)); n != 1 {
		t.Error("not ended after the order's time")
	}
	w.wantWallet(u, 5000)
}

// What the provider takes back is for people: nothing moves by itself.
func TestContradictionsAreExceptions(t *testing.T) {
	t.Parallel()
	t.Run("DoneAfterNotFound", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		u := w.user(0)
		c := w.issued(u, 1000)
		w.provider.onLookup(func(string) (virtualcard.Outcome, error) {
			return virtualcard.Outcome{State: virtualcard.OrderNotFound, At: w.now().Add(time.Hour)}, nil
		})
		w.provider.behave(nil, func(virtualcard.Kind, string) error {
			w.advance(13 * time.Second)
			if n := must(w.second.Recover(t.Context(), 10)); n != 1 {
				t.Error("recovery did not believe the provider")
			}
			return nil
		})
		_, err := w.Withdraw(t.Context(), u, c.ID, "10", noKey())
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
		w.wantWallet(u, 0)
		e := w.exceptions()
		if len(e) != 1 || e[0].State != "contradicted" || e[0].Amount != "10.00" || e[0].Note == "" {
			t.Errorf("exceptions: %+v", e)
		}
	})
	t.Run("AnotherAmount", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		u := w.user(0)
		c := w.issued(u, 1000)
		w.provider.behave(nil, answers(virtualcard.ErrUnknown))
		_, err := w.Withdraw(t.Context(), u, c.ID, "10", noKey())
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
		w.provider.onLookup(func(string) (virtualcard.Outcome, error) {
			return virtualcard.Outcome{State: virtualcard.OrderDone, Moved: usd(999999), Account: virtualcard.Account{Balance: usd(0)}, At: w.now()}, nil
		})
		w.advance(time.Minute)
		if n := must(w.Recover(t.Context(), 10)); n != 0 {
			t.Error("credited by an answer that does not fit")
		}
		w.wantWallet(u, 0)
		if e := w.exceptions(); len(e) != 1 || e[0].State != "contradicted" {
			t.Errorf("exceptions: %+v", e)
		}
	})
}

func TestExceptionsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	for range 5 {
		_, err := w.Issue(t.Context(), u.ID, usd(100))
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
	}
	seen, cursor := map[string]bool{}, ""
	for range 3 {
		p, err := w.Exceptions(t.Context(), cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Items {
			seen[e.ID] = true
		}
		if p.NextCursor != nil {
			cursor = *p.NextCursor
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d of 5 seen", len(seen))
	}
	_, err := w.Exceptions(t.Context(), "!", 2)
	wantCode(t, err, "invalid_request")
	w.provider.behave(nil, nil)
	w.settle()
	if w.provider.total() != 500 {
		t.Error(fmt.Sprint("at the provider: ", w.provider.total()))
	}
}
