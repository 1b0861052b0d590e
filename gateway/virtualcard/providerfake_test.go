package virtualcard_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"disburse/gateway/virtualcard"
)

// provider is a card provider in memory, that fails where it is told to.
type provider struct {
	now func() time.Time

	mu     sync.Mutex
	cards  map[string]*virtualcard.Account
	orders map[string]virtualcard.Outcome
	sent   map[string]int // by key
	kinds  map[virtualcard.Kind]int
	// before is asked before an order has its effect, and an error is its answer;
	// after is asked when it has had it. lookup is asked before a lookup.
	before, after func(kind virtualcard.Kind, key string) error
	lookup        func(key string) (virtualcard.Outcome, error)
	reading       func() error
}

var _ virtualcard.Provider = (*provider)(nil)

func newProvider(now func() time.Time) *provider {
	return &provider{
		now: now, cards: map[string]*virtualcard.Account{}, orders: map[string]virtualcard.Outcome{},
		sent: map[string]int{}, kinds: map[virtualcard.Kind]int{},
	}
}

// behave sets what is asked; nil is a provider that works.
func (p *provider) behave(before, after func(kind virtualcard.Kind, key string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

func (p *provider) onLookup(f func(key string) (virtualcard.Outcome, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lookup = f
}

func (p *provider) onCard(f func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = f
}

func (p *provider) total() (sum int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cards {
		sum += c.Balance.Minor()
	}
	return sum
}

// count is how many orders of a kind arrived.
func (p *provider) count(kind virtualcard.Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kinds[kind]
}

// spend is a payment with a card that we are not told of.
func (p *provider) spend(cents int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cards {
		c.Balance = usd(c.Balance.Minor() - cents)
	}
}

type effect func(p *provider) (c *virtualcard.Account, moved int64, why string)

func (p *provider) order(kind virtualcard.Kind, key string, notAfter time.Time, do effect) (virtualcard.Outcome, error) {
	p.mu.Lock()
	before, after := p.before, p.after
	p.sent[key]++
	p.kinds[kind]++
	p.mu.Unlock()
	if before != nil {
		if err := before(kind, key); err != nil {
			return virtualcard.Outcome{}, err
		}
	}
	o := p.carryOut(key, notAfter, do)
	if after != nil {
		if err := after(kind, key); err != nil {
			return virtualcard.Outcome{}, err
		}
	}
	if o.State == virtualcard.OrderDeclined {
		return o, &virtualcard.DeclinedError{Reason: o.Reason}
	}
	return o, nil
}

// carryOut gives an order its effect, once.
func (p *provider) carryOut(key string, notAfter time.Time, do effect) virtualcard.Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o, known := p.orders[key]; known {
		return o
	}
	o := virtualcard.Outcome{State: virtualcard.OrderDeclined, Reason: "too late"}
	if !p.now().After(notAfter) {
		c, moved, why := do(p)
		if o.Reason = why; why == "" {
			o = virtualcard.Outcome{State: virtualcard.OrderDone, Account: *c, Moved: usd(moved)}
		}
	}
	p.orders[key] = o
	return o
}

func (p *provider) Create(_ context.Context, o virtualcard.CreateOrder) (virtualcard.Account, error) {
	out, err := p.order(virtualcard.KindCreate, o.Key, o.NotAfter, func(p *provider) (*virtualcard.Account, int64, string) {
		c := &virtualcard.Account{
			CardID: fmt.Sprintf("card-%d", len(p.cards)+1), Status: virtualcard.AccountActive, Balance: o.Initial,
			LastFour: "1249", Category: "online", Address: virtualcard.Address{City: "Austin", Country: "US"},
		}
		p.cards[c.CardID] = c
		return c, o.Initial.Minor(), ""
	})
	return out.Account, err
}

func (p *provider) onlyActive(id string, f func(c *virtualcard.Account) (int64, string)) effect {
	return func(p *provider) (*virtualcard.Account, int64, string) {
		c, ok := p.cards[id]
		if !ok || c.Status != virtualcard.AccountActive {
			return nil, 0, "card is not active"
		}
		moved, why := f(c)
		return c, moved, why
	}
}

func (p *provider) TopUp(_ context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	out, err := p.order(virtualcard.KindTopUp, o.Key, o.NotAfter, p.onlyActive(o.CardID, func(c *virtualcard.Account) (int64, string) {
		c.Balance = must(c.Balance.Add(o.Amount))
		return o.Amount.Minor(), ""
	}))
	return out.Account, err
}

func (p *provider) Withdraw(_ context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	out, err := p.order(virtualcard.KindWithdraw, o.Key, o.NotAfter, p.onlyActive(o.CardID, func(c *virtualcard.Account) (int64, string) {
		if c.Balance.Cmp(o.Amount) < 0 {
			return 0, "not enough on the card"
		}
		c.Balance = must(c.Balance.Sub(o.Amount))
		return o.Amount.Minor(), ""
	}))
	return out.Account, err
}

func (p *provider) status(kind virtualcard.Kind, o virtualcard.Change, from, to virtualcard.AccountStatus) (virtualcard.Account, error) {
	out, err := p.order(kind, o.Key, o.NotAfter, func(p *provider) (*virtualcard.Account, int64, string) {
		c, ok := p.cards[o.CardID]
		if !ok || c.Status != from {
			return nil, 0, "card is not " + string(from)
		}
		c.Status = to
		return c, 0, ""
	})
	return out.Account, err
}

func (p *provider) Freeze(_ context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	return p.status(virtualcard.KindFreeze, o, virtualcard.AccountActive, virtualcard.AccountFrozen)
}

func (p *provider) Unfreeze(_ context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	return p.status(virtualcard.KindUnfreeze, o, virtualcard.AccountFrozen, virtualcard.AccountActive)
}

func (p *provider) Close(_ context.Context, o virtualcard.Change) (virtualcard.Closed, error) {
	out, err := p.order(virtualcard.KindClose, o.Key, o.NotAfter, func(p *provider) (*virtualcard.Account, int64, string) {
		c, ok := p.cards[o.CardID]
		if !ok || c.Status == virtualcard.AccountClosed {
			return nil, 0, "card is closed"
		}
		moved := c.Balance.Minor()
		c.Status, c.Balance = virtualcard.AccountClosed, usd(0)
		return c, moved, ""
	})
	return virtualcard.Closed{Account: out.Account, Moved: out.Moved}, err
}

func (p *provider) Card(_ context.Context, id string) (virtualcard.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reading != nil {
		if err := p.reading(); err != nil {
			return virtualcard.Account{}, err
		}
	}
	c, ok := p.cards[id]
	if !ok {
		return virtualcard.Account{}, virtualcard.ErrNoCard
	}
	return *c, nil
}

func (p *provider) Lookup(_ context.Context, key string) (virtualcard.Outcome, error) {
	p.mu.Lock()
	lookup := p.lookup
	p.mu.Unlock()
	if lookup != nil {
		if o, err := lookup(key); err != nil || o.State != "" {
			return o, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o, ok := p.orders[key]
	if !ok {
		o.State = virtualcard.OrderNotFound
	}
	o.At = p.now()
	return o, nil
}

// Faults of a provider, as before and after.
func answers(err error) func(virtualcard.Kind, string) error {
	return func(virtualcard.Kind, string) error { return err }
}
