package providertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// Fault is a way in which a provider is made to misbehave.
type Fault string

// The faults.
const (
	Decline      Fault = "decline"        // refuses for good
	DoneNoAnswer Fault = "done_no_answer" // does it and never answers
	NoAnswer     Fault = "no_answer"      // does nothing and never answers
	Late         Fault = "late"           // takes it at once, does it and answers later
	Twice        Fault = "twice"          // does it and answers two times
	Garbled      Fault = "garbled"        // does it and answers half
	Error        Fault = "error"          // does nothing and says that it failed
)

// Control is the other side of a provider under test.
type Control interface {
	// Misbehave makes the next order of an operation (create, topup, withdraw,
	// freeze, unfreeze, close) or the next lookup go wrong. after is how late a
	// late one is, and when a connection is cut on which no answer comes.
	Misbehave(t testing.TB, operation string, f Fault, after time.Duration)
	// Restart ends the provider as a crash would and starts it again on what it
	// had kept.
	Restart(t testing.TB)
}

// BIN is one that providers under test must have cards of.
const BIN = "555555"

// Run tests the rules, each as a subtest of t. newProvider is called for each.
func Run(t *testing.T, newProvider func(t *testing.T) (virtualcard.Provider, Control)) {
	for name, rule := range map[string]func(*testing.T, subject){
		"CreateGivesACard":              createGivesACard,
		"MovesAddUp":                    movesAddUp,
		"FreezeStopsAndUnfreezeLetsGo":  freezing,
		"CloseTakesTheMoneyOff":         closing,
		"RepeatedOrderHasOneEffect":     repeated,
		"SimultaneousTwinsHaveOne":      twins,
		"KeyOfAnotherOrderIsRefused":    keyReused,
		"DeclinesAreFinal":              declines,
		"FundsForOneLetOnePass":         fundsForOne,
		"LookupAgreesWithTheOrder":      lookupAgrees,
		"NeverSentIsNotFound":           neverSent,
		"TooLateIsNotBegun":             tooLate,
		"EndedContextIsNoRefusal":       endedContext,
		"UnknownCardIsToldApart":        unknownCard,
		"ToldToDeclineMovesNothing":     toldToDecline,
		"DoneAndNeverAnswered":          doneNoAnswer,
		"NeverDoneAndNeverAnswered":     noAnswer,
		"LateIsPendingThenDone":         late,
		"SpoiltAnswersAreNeverRefusals": spoiltAnswers,
		"FailedLookupSaysNothing":       failedLookup,
		"RestartForgetsNothing":         restart,
		"PendingSurvivesARestart":       pendingSurvives,
		"ErrorsAreOneOfThePromised":     errorsAreKnown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, c := newProvider(t)
			rule(t, subject{Provider: p, control: c})
		})
	}
}

// subject is a provider under test.
type subject struct {
	virtualcard.Provider
	control Control
}

// patience is how long anything may take before a test gives up.
const patience = 30 * time.Second

// soon is an end for orders that are to be begun.
func soon() time.Time { return time.Now().Add(time.Minute) }

func usd(cents int64) money.Money { return money.New(cents, "USD") }

func move(key, cardID string, cents int64) virtualcard.Move {
	return virtualcard.Move{Key: key, NotAfter: soon(), CardID: cardID, Amount: usd(cents)}
}

func change(key, cardID string) virtualcard.Change {
	return virtualcard.Change{Key: key, NotAfter: soon(), CardID: cardID}
}

// card issues a card with this much on it.
func (s subject) card(t *testing.T, key string, cents int64) virtualcard.Account {
	t.Helper()
	account, err := s.Create(t.Context(), virtualcard.CreateOrder{
		Key: key, NotAfter: soon(), BIN: BIN, Name: "Test card", Initial: usd(cents),
	})
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return account
}

// holds checks what is on a card.
func (s subject) holds(t *testing.T, cardID string, cents int64) {
	t.Helper()
	account, err := s.Card(t.Context(), cardID)
	if err != nil {
		t.Fatalf("Card: %v", err)
	}
	if account.Balance != usd(cents) {
		t.Errorf("the card holds %s, want %s", account.Balance, usd(cents))
	}
}

// found checks what a lookup says.
func (s subject) found(t *testing.T, key string, want virtualcard.OrderState) virtualcard.Outcome {
	t.Helper()
	out, err := s.Lookup(t.Context(), key)
	if err != nil {
		t.Fatalf("Lookup: %v", err)
	}
	if out.State != want {
		t.Fatalf("Lookup says %s, want %s", out.State, want)
	}
	if out.At.IsZero() {
		t.Error("the lookup does not say when it looked")
	}
	return out
}

// ends looks an order up until it has ended.
func (s subject) ends(t *testing.T, key string, notAfter time.Time) virtualcard.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for pace := time.NewTicker(5 * time.Millisecond); ; {
		out, err := s.Lookup(ctx, key)
		if err != nil {
			t.Fatalf("Lookup: %v", err)
		}
		if out.Final(notAfter) {
			pace.Stop()
			return out
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the order is %s after %s", out.State, patience)
		case <-pace.C:
		}
	}
}

// declined checks that an error is a refusal.
func declined(t *testing.T, what string, err error) {
	t.Helper()
	_ = reason(t, what, err) // is checked itself
}

// reason checks that an error is a refusal and gives its reason, which can be
// shown.
func reason(t *testing.T, what string, err error) string {
	t.Helper()
	var refusal *virtualcard.DeclinedError
	if !errors.As(err, &refusal) {
		t.Fatalf("%s: %v; want a DeclinedError", what, err)
	}
	if refusal.Reason == "" || strings.ContainsAny(refusal.Reason, "\r\n") || len(refusal.Reason) > 1000 {
		t.Errorf("%s: the reason %q cannot be shown", what, refusal.Reason)
	}
	return refusal.Reason
}

// unknown checks that an error leaves the order open.
func unknown(t *testing.T, what string, err error) {
	t.Helper()
	var refusal *virtualcard.DeclinedError
	if !errors.Is(err, virtualcard.ErrUnknown) || errors.Is(err, virtualcard.ErrNotSent) || errors.As(err, &refusal) {
		t.Errorf("%s: %v; want ErrUnknown alone", what, err)
	}
}

// orders are all kinds of orders, each one possible on the card it is given.
func (s subject) orders(t *testing.T) map[string]func(key string, notAfter time.Time) (virtualcard.Account, error) {
	cards := map[string]virtualcard.Account{}
	for _, operation := range []string{"topup", "withdraw", "freeze", "unfreeze", "close"} {
		cards[operation] = s.card(t, "for-"+operation, 5000)
	}
	if _, err := s.Freeze(t.Context(), change("freeze-first", cards["unfreeze"].CardID)); err != nil {
		t.Fatalf("Freeze: %v", err)
	}
	moves := func(operation string, do func(context.Context, virtualcard.Move) (virtualcard.Account, error)) func(string, time.Time) (virtualcard.Account, error) {
		return func(key string, notAfter time.Time) (virtualcard.Account, error) {
			return do(t.Context(), virtualcard.Move{Key: key, NotAfter: notAfter, CardID: cards[operation].CardID, Amount: usd(1234)})
		}
	}
	changes := func(operation string, do func(context.Context, virtualcard.Change) (virtualcard.Account, error)) func(string, time.Time) (virtualcard.Account, error) {
		return func(key string, notAfter time.Time) (virtualcard.Account, error) {
			return do(t.Context(), virtualcard.Change{Key: key, NotAfter: notAfter, CardID: cards[operation].CardID})
		}
	}
	return map[string]func(string, time.Time) (virtualcard.Account, error){
		"create": func(key string, notAfter time.Time) (virtualcard.Account, error) {
			return s.Create(t.Context(), virtualcard.CreateOrder{Key: key, NotAfter: notAfter, BIN: BIN, Name: "One more", Initial: usd(1234)})
		},
		"topup": moves("topup", s.TopUp), "withdraw": moves("withdraw", s.Withdraw),
		"freeze": changes("freeze", s.Freeze), "unfreeze": changes("unfreeze", s.Unfreeze),
		"close": changes("close", func(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
			closed, err := s.Close(ctx, o)
			return closed.Account, err
		}),
	}
}

// moved is what each of orders moves.
var moved = map[string]int64{"create": 1234, "topup": 1234, "withdraw": 1234, "freeze": 0, "unfreeze": 0, "close": 5000}
