package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/simulator"
)

// book is a naive account of what a card must hold: a sum over the orders whose
// lookup says that they are done.
type book struct {
	t     *rapid.T
	path  string // empty: there is nothing to restart from
	clock *clock
	s     *simulator.Simulator
	card  string
	sent  map[string]virtualcard.Move
	signs map[string]int64
	final map[string]virtualcard.Outcome
}

// TestMoneyIsTheSumOfWhatIsDone sends orders, some again, some late, under all
// kinds of faults and with kills in between.
func TestMoneyIsTheSumOfWhatIsDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		b := &book{
			t: t, clock: &clock{now: start},
			sent: map[string]virtualcard.Move{}, signs: map[string]int64{}, final: map[string]virtualcard.Outcome{},
		}
		// Waiting for the disk is what takes the time, so most runs do without.
		if round++; round%8 == 0 {
			b.path = filepath.Join(dir, fmt.Sprint(round))
		}
		b.s = b.opened()
		made, err := b.s.Create(context.Background(), virtualcard.CreateOrder{Key: "card", NotAfter: start.Add(time.Hour), BIN: "555555", Initial: usd(1000)})
		if err != nil {
			t.Fatal(err)
		}
		b.card = made.CardID
		t.Repeat(map[string]func(*rapid.T){
			"":        func(*rapid.T) { b.check() },
			"send":    b.send,
			"again":   b.again,
			"fault":   b.fault,
			"restart": func(*rapid.T) { b.restart() },
			"wait": func(t *rapid.T) {
				b.clock.now = b.clock.now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond)
			},
		})
	})
}

func (b *book) opened() *simulator.Simulator {
	return open(b.t, simulator.Options{Path: b.path, Now: b.clock.tell})
}

func (b *book) restart() {
	if b.path != "" {
		b.s = b.opened()
	}
}

func (b *book) fault(t *rapid.T) {
	behave(b.t, b.s, simulator.Behaviour{
		Operation: rapid.SampledFrom([]simulator.Operation{simulator.TopUp, simulator.Withdraw}).Draw(t, "operation"),
		Outcome: rapid.SampledFrom([]simulator.Outcome{
			simulator.Approve, simulator.Decline, simulator.DoneNoAnswer, simulator.NoAnswer, simulator.Late, simulator.Garbled, simulator.Error,
		}).Draw(t, "outcome"),
		Times: rapid.IntRange(0, 2).Draw(t, "times"), DelayMS: rapid.Int64Range(0, 3000).Draw(t, "delay"),
	})
}

func (b *book) send(t *rapid.T) {
	key := fmt.Sprintf("o-%d", len(b.sent))
	b.signs[key] = rapid.SampledFrom([]int64{1, -1}).Draw(t, "sign")
	b.sent[key] = virtualcard.Move{
		Key: key, CardID: b.card, Amount: usd(rapid.Int64Range(1, 1500).Draw(t, "cents")),
		NotAfter: b.clock.now.Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "seconds")) * time.Second),
	}
	b.ask(key)
}

// again sends an order once more, some of them when they have ended.
func (b *book) again(t *rapid.T) {
	if len(b.sent) > 0 {
		b.ask(fmt.Sprintf("o-%d", rapid.IntRange(0, len(b.sent)-1).Draw(t, "order")))
	}
}

func (b *book) ask(key string) {
	do := b.s.TopUp
	if b.signs[key] < 0 {
		do = b.s.Withdraw
	}
	_, err := do(b.clock.leaving(), b.sent[key])
	out := b.lookUp(key)
	var refusal *virtualcard.DeclinedError
	if err == nil && out.State != virtualcard.OrderDone || errors.As(err, &refusal) && out.State != virtualcard.OrderDeclined {
		b.t.Fatalf("the order said %v, its lookup %s", err, out.State)
	}
}

func (b *book) lookUp(key string) virtualcard.Outcome {
	out, err := b.s.Lookup(context.Background(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// check adds up what is done, and holds what has ended to its end.
func (b *book) check() {
	want := int64(1000)
	for key, o := range b.sent {
		out := b.lookUp(key)
		if out.State == virtualcard.OrderDone {
			if out.Moved != o.Amount {
				b.t.Fatalf("%s moved %s, want %s", key, out.Moved, o.Amount)
			}
			want += b.signs[key] * o.Amount.Minor()
		}
		before, ended := b.final[key]
		out.At = time.Time{}
		// An order that was given up may come late and be declined, but not done.
		if ended && before != out && (before.State != virtualcard.OrderNotFound || out.State != virtualcard.OrderDeclined) {
			b.t.Fatalf("%s had ended as %+v and is now %+v", key, before, out)
		}
		if b.lookUp(key).Final(o.NotAfter) {
			b.final[key] = out
		}
	}
	account, err := b.s.Card(context.Background(), b.card)
	if err != nil || account.Balance != usd(want) {
		b.t.Fatalf("the card holds %s, %v; the orders add up to %s", account.Balance, err, usd(want))
	}
}
