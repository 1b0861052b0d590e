package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"disburse/gateway/virtualcard"
)

// Options is what a simulator may be told.
type Options struct {
	Path string           // the file that holds all it knows; empty: memory alone
	Key  string           // the bearer key that its Handler asks for; empty: none
	Now  func() time.Time // default time.Now
}

// Simulator is a card provider. It holds nothing open.
type Simulator struct {
	o Options

	mu    sync.Mutex
	state state
	kept  []byte // state as it was last stored
}

// Open goes on with what the file holds, or begins anew.
func Open(o Options) (*Simulator, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Simulator{o: o}
	var err error
	if s.state, err = load(o.Path); err != nil {
		return nil, err
	}
	return s, s.change(func(time.Time) {})
}

// Behave sets how an operation goes from now on.
func (s *Simulator) Behave(b Behaviour) error {
	if why := b.check(); why != "" {
		return fmt.Errorf("card simulator: %s", why)
	}
	return s.change(func(time.Time) { s.state.Behaviours.set(b) })
}

// change does f with everything that is due carried out, and keeps what came of
// it. When it cannot be kept, nothing has happened.
func (s *Simulator) change(f func(now time.Time)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	s.state.settle(now)
	f(now)
	if s.o.Path == "" {
		return nil
	}
	encoded, err := json.Marshal(s.state)
	if err == nil && !bytes.Equal(encoded, s.kept) {
		err = store(s.o.Path, encoded)
	}
	if err != nil {
		s.state = newState()
		if s.kept != nil {
			err = errors.Join(err, json.Unmarshal(s.kept, &s.state))
		}
		return fmt.Errorf("card simulator: %w", err)
	}
	s.kept = encoded
	return nil
}

// reply is what a call comes to: an outcome, and how it is to be answered.
type reply struct {
	key     string
	outcome virtualcard.Outcome
	how     Behaviour
}

// take takes an order, unless its key is known: then the first answer stands.
func (s *Simulator) take(key string, ask content, notAfter time.Time) (r reply, err error) {
	var reused bool
	err = s.change(func(now time.Time) {
		o, known := s.state.Orders[key]
		r = reply{key: key, how: Behaviour{Operation: ask.Operation, Outcome: Approve}}
		switch {
		case known && o.Operation != "" && o.content != ask:
			reused = true
			return
		case known: // one without an operation was declined before it came
		case notAfter.IsZero() || now.After(notAfter):
			o = order{content: ask, Key: key, At: now, State: virtualcard.OrderDeclined, Reason: reasonTooLate}
		default:
			r.how = s.state.Behaviours.next(s.state.behavesAs(ask)...)
			if !r.how.effect() {
				return
			}
			o = order{content: ask, Key: key, At: now}
			s.state.begin(&o, r.how, now)
		}
		s.state.Orders[key] = o
		r.outcome = o.outcome(now)
	})
	if err == nil && reused {
		err = virtualcard.ErrKeyReused
	}
	return r, err
}

// behavesAs lists the operations whose behaviour an order follows.
func (s *state) behavesAs(o content) []Operation {
	if o.Operation == Close && s.Cards[o.CardID].Balance > 0 {
		return []Operation{Close, Withdraw}
	}
	return []Operation{o.Operation}
}

// begin starts an order that comes about.
func (s *state) begin(o *order, how Behaviour, now time.Time) {
	switch how.Outcome {
	case Decline:
		o.State, o.Reason = virtualcard.OrderDeclined, reasonTold
	case Late:
		o.State, o.DueAt = virtualcard.OrderPending, now.Add(how.lateness())
	default:
		s.carryOut(o, now)
	}
}

// find looks an order up, as often as asked.
func (s *Simulator) find(key string) (out virtualcard.Outcome, err error) {
	err = s.change(func(now time.Time) { out = s.state.find(key, now) })
	return out, err
}

func (s *state) find(key string, now time.Time) virtualcard.Outcome {
	o, ok := s.Orders[key]
	if !ok {
		o.State = virtualcard.OrderNotFound
	}
	return o.outcome(now)
}

// lookUp looks an order up as lookups are told to behave.
func (s *Simulator) lookUp(key string) (r reply, err error) {
	err = s.change(func(now time.Time) {
		r = reply{key: key, how: s.state.Behaviours.next(Lookup)}
		if o := s.state.Orders[key]; r.how.Outcome == Decline && o.State != virtualcard.OrderDone {
			o.Key, o.State, o.Reason, o.DueAt = key, virtualcard.OrderDeclined, reasonTold, time.Time{}
			s.state.Orders[key] = o
		}
		r.outcome = s.state.find(key, now)
	})
	return r, err
}

// read reads a card.
func (s *Simulator) read(id string) (a virtualcard.Account, ok bool, how Behaviour, err error) {
	err = s.change(func(time.Time) {
		how = s.state.Behaviours.next(ReadCard)
		var c card
		if c, ok = s.state.Cards[id]; ok {
			a = c.account()
		}
	})
	return a, ok, how, err
}
