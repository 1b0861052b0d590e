package enduser_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"disburse/gateway/enduser"
	"disburse/ledger"
)

// twin is a user as the rules are written down, without a database: it says
// what every step must answer.
type twin struct {
	id                                       int64
	available, held                          int64
	deposited, withdrawn, turnover, required int64
	signup, cashback, blocked                bool
	open                                     map[string]int64
}

func (m *twin) withdrawing() (sum int64) {
	for _, amount := range m.open {
		sum += amount
	}
	return sum
}

func (m *twin) refusal(kind enduser.Kind, amount int64) error {
	if m.blocked {
		return enduser.ErrBlocked
	}
	if m.deposited < 1000_00 && (kind == enduser.P2P || m.signup) {
		return enduser.ErrMinDeposit
	}
	if m.cashback && m.turnover < m.required && amount > m.deposited-m.withdrawn-m.withdrawing() {
		return enduser.ErrWagering
	}
	return nil
}

// play is one run of random steps over one user.
type play struct {
	*wallet
	ctx context.Context
	m   *twin
	n   *int // names what is new
}

func (p *play) name(what string) string {
	*p.n++
	return fmt.Sprintf("%s%d", what, *p.n)
}

func (p *play) steps() map[string]func(*rapid.T) {
	kopecks := rapid.Int64Range(1, 150_000)
	must := func(t *rapid.T, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(*rapid.T){
		"deposit": func(t *rapid.T) {
			amount := kopecks.Draw(t, "amount")
			must(t, p.Deposit(p.ctx, p.m.id, rub(amount), p.name("d")))
			p.m.deposited, p.m.available = p.m.deposited+amount, p.m.available+amount
		},
		"win": func(t *rapid.T) {
			amount := kopecks.Draw(t, "amount")
			_, err := p.ledger.Post(p.ctx, ledger.Adjustment(p.name("w"), ledger.UserAvailable(enduser.Owner(p.m.id), enduser.RUB), rub(amount)))
			must(t, err)
			p.m.available += amount
		},
		"bonus": func(t *rapid.T) {
			kind := rapid.SampledFrom([]enduser.BonusKind{enduser.Signup, enduser.Cashback}).Draw(t, "kind")
			wagering := rapid.Int64Range(0, 100_000).Draw(t, "wagering")
			must(t, p.GrantBonus(p.ctx, p.m.id, kind, 1, wagering, p.name("b")))
			p.m.signup, p.m.cashback = p.m.signup || kind == enduser.Signup, p.m.cashback || kind == enduser.Cashback
			p.m.required += wagering
		},
		"bet": func(t *rapid.T) {
			amount := kopecks.Draw(t, "amount")
			_, err := p.db.Exec(p.ctx, `update users set turnover = turnover + $2 where id = $1`, p.m.id, amount)
			must(t, err)
			p.m.turnover += amount
		},
		"block": func(t *rapid.T) {
			p.m.blocked = rapid.Bool().Draw(t, "blocked")
			if p.m.blocked {
				must(t, p.Block(p.ctx, p.m.id))
			} else {
				must(t, p.Unblock(p.ctx, p.m.id))
			}
		},
		"withdraw": p.withdraw,
		"end":      p.endOne,
	}
}

func (p *play) withdraw(t *rapid.T) {
	kind := enduser.Card
	if rapid.Bool().Draw(t, "p2p") {
		kind = enduser.P2P
	}
	amount := rapid.Int64Range(1, 250_000).Draw(t, "amount")
	want := p.m.refusal(kind, amount)
	if got := p.Refusal(p.ctx, p.m.id, kind, amount); !errors.Is(got, want) || (got == nil) != (want == nil) {
		t.Fatalf("Refusal = %v, want %v", got, want)
	}
	name := p.name(string(kind) + ":")
	err := p.reserve(p.ctx, name, p.m.id, kind, amount)
	switch {
	case amount > p.m.available: // money is looked at first
		if !errors.Is(err, ledger.ErrInsufficientFunds) {
			t.Fatalf("%d of %d: %v", amount, p.m.available, err)
		}
	case want != nil:
		if !missed(err) {
			t.Fatalf("reserving: %v, want a refusal for %v", err, want)
		}
	case err != nil:
		t.Fatal(err)
	default:
		p.m.open[name] = amount
		p.m.available, p.m.held = p.m.available-amount, p.m.held+amount
	}
}

func (p *play) endOne(t *rapid.T) {
	if len(p.m.open) == 0 {
		return
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(p.m.open))).Draw(t, "name")
	completed := rapid.Bool().Draw(t, "completed")
	amount, owner := p.m.open[name], enduser.Owner(p.m.id)
	entry := ledger.CardOrderReturn(name+":end", owner, rub(amount))
	switch p2p := name[0] == 'p'; {
	case p2p && completed:
		entry = ledger.EscrowRelease(name+":end", owner, "somebody", rub(amount))
	case p2p:
		entry = ledger.EscrowReturn(name+":end", owner, rub(amount))
	case completed:
		entry = ledger.CardOrderSettle(name+":end", owner, rub(amount))
	}
	if _, err := p.ledger.Post(p.ctx, entry, ledger.Rider(enduser.End(name, completed, p.now()))); err != nil {
		t.Fatal(err)
	}
	delete(p.m.open, name)
	p.m.held -= amount
	if completed {
		p.m.withdrawn += amount
	} else {
		p.m.available += amount
	}
}

func (p *play) compare(t *rapid.T) {
	b, err := p.Balance(p.ctx, p.m.id)
	if err != nil {
		t.Fatal(err)
	}
	want := enduser.Balance{
		Available: p.m.available, Held: p.m.held, Balance: p.m.available + p.m.held, Bonus: b.Bonus,
		DepositedTotal: p.m.deposited, WithdrawnTotal: p.m.withdrawn,
		WageringRequired: p.m.required, Turnover: p.m.turnover, WageringRemaining: max(0, p.m.required-p.m.turnover),
	}
	if b != want {
		t.Fatalf("balance %+v, want %+v", b, want)
	}
}

// TestUsersFollowTheModel plays random lives of users. The books and the sums
// are checked when all are over.
func TestUsersFollowTheModel(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		u := w.make(t, "u", 0)
		p := &play{wallet: w, ctx: context.Background(), m: &twin{id: u.ID, open: map[string]int64{}}, n: &n}
		steps := p.steps()
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			steps[rapid.SampledFrom(slices.Sorted(maps.Keys(steps))).Draw(rt, "step")](rt)
		}
		p.compare(rt)
	})
}
