package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
	"disburse/ledger/money"
)

// clock is a clock that tests set, and that notices when it is read.
type clock struct {
	now  time.Time
	read func()
}

func (c *clock) tell() time.Time {
	if c.read != nil {
		c.read()
	}
	return c.now
}

// leaving is the context of a caller who goes away as soon as the simulator has
// turned to the order, which is when it reads its clock.
func (c *clock) leaving() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	c.read = func() {
		c.read = nil
		cancel()
	}
	return ctx
}

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func usd(cents int64) money.Money { return money.New(cents, "USD") }

func open(t rapid.TB, o simulator.Options) *simulator.Simulator {
	t.Helper()
	s, err := simulator.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func behave(t rapid.TB, s *simulator.Simulator, b simulator.Behaviour) {
	t.Helper()
	if err := s.Behave(b); err != nil {
		t.Fatal(err)
	}
}

func issue(t *testing.T, s *simulator.Simulator, key string, cents int64) virtualcard.Account {
	t.Helper()
	account, err := s.Create(t.Context(), virtualcard.CreateOrder{Key: key, NotAfter: start.Add(time.Hour), BIN: "555555", Name: "Card", Initial: usd(cents)})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func order(key, cardID string, cents int64) virtualcard.Move {
	return virtualcard.Move{Key: key, NotAfter: start.Add(time.Hour), CardID: cardID, Amount: usd(cents)}
}

func holds(t *testing.T, s *simulator.Simulator, cardID string, cents int64) {
	t.Helper()
	if a, err := s.Card(t.Context(), cardID); err != nil || a.Balance != usd(cents) {
		t.Errorf("the card holds %s, %v; want %s", a.Balance, err, usd(cents))
	}
}

func TestABehaviourLastsForItsTimes(t *testing.T) {
	t.Parallel()
	c := &clock{now: start}
	s := open(t, simulator.Options{Now: c.tell})
	card := issue(t, s, "card", 10_000)
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Decline, Times: 2})
	var refusal *virtualcard.DeclinedError
	for i, declined := range []bool{true, true, false} {
		_, err := s.Withdraw(t.Context(), order(fmt.Sprintf("w-%d", i), card.CardID, 100))
		if errors.As(err, &refusal) != declined {
			t.Errorf("withdrawal %d: %v", i, err)
		}
		// Neither a repetition nor another operation uses a behaviour up.
		_, _ = s.Withdraw(t.Context(), order(fmt.Sprintf("w-%d", i), card.CardID, 100))
		if _, err := s.TopUp(t.Context(), order(fmt.Sprintf("t-%d", i), card.CardID, 100)); err != nil {
			t.Errorf("top-up %d: %v", i, err)
		}
	}
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Decline, Times: 5})
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw})
	if _, err := s.Withdraw(t.Context(), order("cleared", card.CardID, 100)); err != nil {
		t.Errorf("after it was cleared: %v", err)
	}
	holds(t, s, card.CardID, 10_100)
}

func TestACloseThatTakesMoneyOffFollowsWithdraw(t *testing.T) {
	t.Parallel()
	s := open(t, simulator.Options{Now: (&clock{now: start}).tell})
	full, empty := issue(t, s, "full", 500), issue(t, s, "empty", 0)
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Decline, Times: 1})
	if _, err := s.Close(t.Context(), virtualcard.Change{Key: "close-empty", NotAfter: start.Add(time.Hour), CardID: empty.CardID}); err != nil {
		t.Errorf("a close that moves nothing: %v", err)
	}
	var refusal *virtualcard.DeclinedError
	if _, err := s.Close(t.Context(), virtualcard.Change{Key: "close-full", NotAfter: start.Add(time.Hour), CardID: full.CardID}); !errors.As(err, &refusal) {
		t.Errorf("a close that takes money off: %v; want it declined", err)
	}
	holds(t, s, full.CardID, 500)
}

func TestALateOrderIsCarriedOutWhenItIsDue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		delayMS int64
		due     time.Duration
	}{{"AfterItsDelay", 3000, 3 * time.Second}, {"AfterTheUsualOne", 0, 12 * time.Second}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &clock{now: start}
			path := filepath.Join(t.TempDir(), "cards.json")
			s := open(t, simulator.Options{Path: path, Now: c.tell})
			card := issue(t, s, "card", 1000)
			behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Late, Times: 1, DelayMS: tc.delayMS})
			take(t, s, c, order("late", card.CardID, 1000))
			for _, step := range []struct {
				at    time.Duration
				state virtualcard.OrderState
				left  int64
			}{{0, virtualcard.OrderPending, 1000}, {tc.due - time.Millisecond, virtualcard.OrderPending, 1000}, {tc.due, virtualcard.OrderDone, 0}} {
				c.now = start.Add(step.at)
				s = open(t, simulator.Options{Path: path, Now: c.tell}) // it was killed in between
				out, err := s.Lookup(t.Context(), "late")
				if err != nil || out.State != step.state {
					t.Errorf("after %s the order is %s, %v; want %s", step.at, out.State, err, step.state)
				}
				holds(t, s, card.CardID, step.left)
			}
		})
	}
}

// take sends a withdrawal whose caller has no time to wait for the answer.
func take(t *testing.T, s *simulator.Simulator, c *clock, o virtualcard.Move) {
	t.Helper()
	if _, err := s.Withdraw(c.leaving(), o); !errors.Is(err, virtualcard.ErrUnknown) {
		t.Fatalf("a caller that leaves: %v; want ErrUnknown", err)
	}
}

func TestALateOrderMayBeDeclinedInTheEnd(t *testing.T) {
	t.Parallel()
	c := &clock{now: start}
	s := open(t, simulator.Options{Now: c.tell})
	card := issue(t, s, "card", 1000)
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Late, Times: 1, DelayMS: 3000})
	take(t, s, c, order("late", card.CardID, 1000))
	if _, err := s.Withdraw(t.Context(), order("first", card.CardID, 600)); err != nil {
		t.Fatal(err)
	}
	c.now = start.Add(3 * time.Second)
	if out, err := s.Lookup(t.Context(), "late"); err != nil || out.State != virtualcard.OrderDeclined {
		t.Errorf("the order is %s, %v; want it declined", out.State, err)
	}
	holds(t, s, card.CardID, 400)
}

func TestALookupToldToDeclineEndsWhatIsNotDone(t *testing.T) {
	t.Parallel()
	c := &clock{now: start}
	s := open(t, simulator.Options{Now: c.tell})
	card := issue(t, s, "card", 1000)
	behave(t, s, simulator.Behaviour{Operation: simulator.Withdraw, Outcome: simulator.Late, Times: 1})
	take(t, s, c, order("pending", card.CardID, 100))
	if _, err := s.Withdraw(t.Context(), order("done", card.CardID, 100)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]virtualcard.OrderState{
		"pending": virtualcard.OrderDeclined, "never-came": virtualcard.OrderDeclined, "done": virtualcard.OrderDone,
	} {
		behave(t, s, simulator.Behaviour{Operation: simulator.Lookup, Outcome: simulator.Decline, Times: 1})
		for range 2 {
			if out, err := s.Lookup(t.Context(), key); err != nil || out.State != want {
				t.Errorf("%s: the order is %s, %v; want %s", key, out.State, err, want)
			}
		}
	}
	var refusal *virtualcard.DeclinedError
	if _, err := s.Withdraw(t.Context(), order("never-came", card.CardID, 100)); !errors.As(err, &refusal) {
		t.Errorf("an order that was declined before it came: %v", err)
	}
	holds(t, s, card.CardID, 900)
}

func TestWhatCannotBeKeptDoesNotHappen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, simulator.Options{Path: filepath.Join(dir, "cards.json"), Now: (&clock{now: start}).tell})
	card := issue(t, s, "card", 1000)
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Withdraw(t.Context(), order("lost", card.CardID, 100)); !errors.Is(err, virtualcard.ErrUnknown) {
		t.Errorf("got %v; want ErrUnknown", err)
	}
	if err := os.Rename(dir+"-gone", dir); err != nil {
		t.Fatal(err)
	}
	if out, err := s.Lookup(t.Context(), "lost"); err != nil || out.State != virtualcard.OrderNotFound {
		t.Errorf("the order is %s, %v; want that there is none", out.State, err)
	}
	holds(t, s, card.CardID, 1000)
}

func TestTheFileIsPrivateAndMustBeReadable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cards.json")
	open(t, simulator.Options{Path: path})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	// A torn write leaves the file beside it and is forgotten.
	if err := os.WriteFile(path+".new", []byte(`{"cards":{"x`), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, simulator.Options{Path: path})
	if err := os.WriteFile(path, []byte("not a state"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := simulator.Open(simulator.Options{Path: path}); err == nil {
		t.Error("a file that is no state is begun anew in silence")
	}
}

func TestABehaviourMustMakeSense(t *testing.T) {
	t.Parallel()
	s := open(t, simulator.Options{})
	for name, tc := range map[string]struct {
		b    simulator.Behaviour
		want string
	}{
		"Operation": {simulator.Behaviour{Operation: "spend", Outcome: simulator.Approve, Times: 1}, "operation must be"},
		"Outcome":   {simulator.Behaviour{Operation: simulator.TopUp, Outcome: "maybe", Times: 1}, "outcome must be"},
		"NoOutcome": {simulator.Behaviour{Operation: simulator.TopUp, Times: 1}, "outcome must be"},
		"Times":     {simulator.Behaviour{Operation: simulator.TopUp, Outcome: simulator.Approve, Times: -1}, "times must be"},
		"Delay":     {simulator.Behaviour{Operation: simulator.TopUp, Outcome: simulator.Approve, Times: 1, DelayMS: -1}, "delay_ms must be"},
		"LongDelay": {simulator.Behaviour{Operation: simulator.TopUp, Outcome: simulator.Approve, Times: 1, DelayMS: 600_001}, "delay_ms must be"},
	} {
		if err := s.Behave(tc.b); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
