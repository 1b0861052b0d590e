package gateway_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
)

// Every action here is some round trips to a database. A command line may ask
// for more: -rapid.checks=500.
func init() {
	for name, value := range map[string]string{"rapid.checks": "10", "rapid.steps": "70"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// play is one run: users of its own on the common database, and their napkin.
type play struct {
	*rapid.T
	ctx      context.Context
	w        *wallet
	n        *napkin
	run      int
	requests []request
	seen     map[string]int // code by action, over all runs
}

// TestWalletAgreesWithModel plays random sequences of what users and operators
// do: every answer, and all balances and states after it, are those of the
// napkin.
func TestWalletAgreesWithModel(t *testing.T) {
	t.Parallel()
	w, run, seen := newWallet(t), 0, map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		run++
		p := &play{T: rt, ctx: context.Background(), w: w, run: run, seen: seen,
			n: &napkin{enabled: true, references: map[string]string{}, made: map[string]thing{}}}
		p.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"":     func(*rapid.T) { p.compare() },
			"step": func(rt *rapid.T) { p.T = rt; p.step() },
		})
		p.finish()
	})
	var answers []string
	for answer, times := range seen {
		answers = append(answers, fmt.Sprintf("%s: %d", answer, times))
	}
	slices.Sort(answers)
	for _, answer := range answers {
		t.Log(answer)
	}
}

// action is something that somebody does, with how often compared to others.
type action struct {
	weight int
	do     func(p *play, name string)
}

// step lets one action happen.
func (p *play) step() {
	var names []string
	all := map[string]action{}
	for _, group := range []map[string]action{accountActions, cardActions, tradeActions} {
		for name, a := range group {
			all[name] = a
			names = append(names, slices.Repeat([]string{name}, a.weight)...)
		}
	}
	slices.Sort(names)
	name := pick(p, "action", names...)
	all[name].do(p, name)
}

// pick picks one of a few, each as often as the others: what rapid samples is
// mostly the first.
func pick[T any](p *play, label string, from ...T) T {
	return rapid.Custom(func(t *rapid.T) T {
		at := 0
		for range 10 {
			at *= 2
			if rapid.Bool().Draw(t, "bit") {
				at++
			}
		}
		return from[at%len(from)]
	}).Draw(p.T, label)
}

func (p *play) person() *person { return pick(p, "person", p.n.people...) }

// chance is true one time of so many.
func (p *play) chance(label string, of int) bool {
	return pick(p, label, append(make([]bool, of-1), true)...)
}

// user is a person as authentication finds him.
func (p *play) user(who *person) enduser.User {
	u, err := p.w.users.ByID(p.ctx, who.id)
	if err != nil {
		p.Fatal(err)
	}
	return u
}

func (p *play) as(operator string) context.Context { return asOperator(p.ctx, operator) }

// expect compares an answer.
func (p *play) expect(doing, want string, err error) {
	got := fault.Code(err)
	if got != want {
		p.Fatalf("%s: got %q, want %q (%v)", doing, got, want, err)
	}
	p.seen[doing+" "+want]++
}

// begin makes the people, once what earlier runs left open is out of time.
func (p *play) begin() {
	p.w.pass(48 * time.Hour)
	if _, err := p.w.trade.Sweep(p.ctx); err != nil {
		p.Fatal(err)
	}
	p.setCards(true)
	for _, deposit := range []int64{300_000, 150_000, 120_000, 60_000} {
		name := fmt.Sprintf("user %d of run %d", len(p.n.people), p.run)
		u, err := p.w.users.Create(p.ctx, enduser.Spec{Name: name})
		if err != nil {
			p.Fatal(err)
		}
		p.expect("first deposit", "", p.w.users.Deposit(p.ctx, u.ID, rub(deposit), "first"))
		who := &person{id: u.ID, name: name}
		who.payIn(deposit)
		p.n.people = append(p.n.people, who)
	}
	// One has won, and is held to what was deposited.
	who := p.n.people[2]
	p.expect("bonus", "", p.w.users.GrantBonus(p.ctx, who.id, enduser.Cashback, 1_000, 20_000, "first"))
	p.expect("adjust", "", p.w.win(p.ctx, "win of "+who.name, who.id, 200_000))
	who.cashback, who.bonus, who.required = true, 1_000, 20_000
	who.available += 200_000
}

// request makes something, and may be sent again with its key.
type request struct {
	doing  string
	who    *person
	key    string
	body   string
	before func() string // refuses whatever key there is
	judge  func() string
	send   func(enduser.User, idempotency.Key) (int64, error)
	made   func(id int64)
}

// ask sends a request for the first time.
func (p *play) ask(r request) {
	if r.key = pick(p, "key", "", "", "a", "b", "c"); r.key != "" {
		p.requests = append(p.requests, r)
	}
	p.send(r)
}

func (p *play) send(r request) {
	name := fmt.Sprint(r.who.id, r.doing, r.key)
	key, err := idempotency.Of(r.who.id, r.doing, r.key, r.body)
	if err != nil {
		p.Fatal(err)
	}
	want := r.before()
	earlier, replay := p.n.made[name]
	replay = replay && want == ""
	switch {
	case replay && earlier.body != r.body:
		want, replay = "IDEMPOTENCY_KEY_REUSED", false
	case !replay && want == "":
		want = r.judge()
	}
	id, err := r.send(p.user(r.who), key)
	p.expect(r.doing, want, err)
	switch {
	case replay && id != earlier.id:
		p.Fatalf("%s: replayed as %d, was %d", r.doing, id, earlier.id)
	case replay:
		p.seen[r.doing+" replayed"]++
	case want == "":
		r.made(id)
		if r.key != "" {
			p.n.made[name] = thing{r.body, id}
		}
	}
}
