package virtualcard

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// recoverWidth is how many operations are looked up at the same time.
const recoverWidth = 8

// lookLease keeps other processes away from what one is looking up: longer than
// a lookup and the end take.
const lookLease = 2 * CallTimeout

// Recover looks up at the provider, by our key, up to limit operations whose own
// call has not ended them, and returns how many it ended. Those that people have
// ended are looked up too, until the provider has agreed or contradicted. Any number of
// processes may do so at once; each takes others. What cannot be ended is tried
// again later, and never given to the provider a second time.
func (s *Service) Recover(ctx context.Context, limit int) (int, error) {
	now := s.now()
	due, err := collect(ctx, s.d.DB, toOperation, takeDue, now, limit, now.Add(lookLease))
	if err != nil {
		return 0, fmt.Errorf("virtualcard: recover: %w", err)
	}
	var ended atomic.Int64
	var group errgroup.Group
	group.SetLimit(recoverWidth)
	for _, o := range due {
		group.Go(func() error {
			if s.recoverOne(ctx, o) {
				ended.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // no member returns an error
	return int(ended.Load()), nil
}

// recoverOne looks one operation up and reports whether it has ended.
func (s *Service) recoverOne(ctx context.Context, o operation) bool {
	outcome, err := s.lookUp(ctx, o)
	if err != nil {
		s.later(ctx, o, err.Error())
		return false
	}
	e := ending{at: s.now()}
	switch {
	case !outcome.Final(o.NotAfter):
		s.later(ctx, o, "the provider says: "+string(outcome.State))
		return false
	case outcome.State == OrderDone:
		e.state, e.moved, e.account = Done, outcome.Moved, outcome.Account
		if o.Kind == KindFreeze || o.Kind == KindUnfreeze {
			e.moved = usd(0)
		}
	case outcome.State == OrderDeclined:
		e.state, e.cause, e.reason = Declined, byProvider, clip(outcome.Reason)
	default:
		e.state, e.cause = Declined, notBegun
	}
	if o.State != Pending {
		s.heard(ctx, o, e)
		return false
	}
	after, err := s.conclude(ctx, o, e, true)
	if err != nil {
		s.later(ctx, o, err.Error())
		return false
	}
	if after.State == Pending {
		s.later(ctx, o, "the provider's answer does not fit")
		return false
	}
	return true
}

// heard takes what the provider says of an operation that people have ended
// before: it agrees, or that is for people again. Nothing moves.
func (s *Service) heard(ctx context.Context, o operation, e ending) {
	var err error
	if why := o.mismatch(e); why != "" {
		err = s.contradicted(ctx, o, why)
	} else {
		err = s.compare(ctx, o, e)
	}
	if err == nil {
		_, err = s.d.DB.Exec(context.WithoutCancel(ctx), markHeard, o.ID)
	}
	if err != nil {
		s.later(ctx, o, err.Error())
	}
}

func (s *Service) lookUp(ctx context.Context, o operation) (outcome Outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("%w: the adapter panicked", ErrUnknown)
		}
	}()
	return s.d.Provider.Lookup(ctx, o.TransactionID)
}

// later puts the next look off. If that cannot be stored, the lease ends.
func (s *Service) later(ctx context.Context, o operation, note string) {
	now := s.now()
	if o.State != Pending { // ended by people: nobody waits for it
		if _, err := s.d.DB.Exec(context.WithoutCancel(ctx), putOff, o.ID, now.Add(time.Hour)); err != nil {
			s.d.Log.Warn("the next look at a card operation could not be stored", "operation", o.TransactionID, "error", err)
		}
		return
	}
	age := now.Sub(o.CreatedAt)
	next := now.Add(lookPause(age))
	// An order that did not arrive is known to be lost soon after its time.
	if lost := o.NotAfter.Add(time.Second); now.Before(lost) && next.After(lost) {
		next = lost
	}
	s.d.Log.Warn("a card operation is not ended", "operation", o.TransactionID, "kind", o.Kind, "age", age, "note", note, "again", next)
	if _, err := s.d.DB.Exec(context.WithoutCancel(ctx), markUnanswered, o.ID, clip(note), next); err != nil {
		s.d.Log.Warn("the next look at a card operation could not be stored", "operation", o.TransactionID, "error", err)
	}
}
