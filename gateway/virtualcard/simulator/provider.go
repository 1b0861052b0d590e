package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"disburse/gateway/virtualcard"
)

var _ virtualcard.Provider = (*Simulator)(nil)

// Create issues a card.
func (s *Simulator) Create(ctx context.Context, o virtualcard.CreateOrder) (virtualcard.Account, error) {
	out, err := s.order(ctx, o.Key, o.NotAfter, content{
		Operation: Create, BIN: o.BIN, Name: o.Name, Amount: o.Initial.Minor(), Currency: o.Initial.Currency(),
	})
	return out.Account, err
}

// TopUp puts money on a card.
func (s *Simulator) TopUp(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return s.move(ctx, o, TopUp)
}

// Withdraw takes money off a card.
func (s *Simulator) Withdraw(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return s.move(ctx, o, Withdraw)
}

// Freeze stops a card.
func (s *Simulator) Freeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	out, err := s.order(ctx, o.Key, o.NotAfter, content{Operation: Freeze, CardID: o.CardID})
	return out.Account, err
}

// Unfreeze lets a card go on.
func (s *Simulator) Unfreeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	out, err := s.order(ctx, o.Key, o.NotAfter, content{Operation: Unfreeze, CardID: o.CardID})
	return out.Account, err
}

// Close ends a card and takes its money off.
func (s *Simulator) Close(ctx context.Context, o virtualcard.Change) (virtualcard.Closed, error) {
	out, err := s.order(ctx, o.Key, o.NotAfter, content{Operation: Close, CardID: o.CardID})
	return virtualcard.Closed{Account: out.Account, Moved: out.Moved}, err
}

// Card tells how a card is now.
func (s *Simulator) Card(ctx context.Context, cardID string) (virtualcard.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, virtualcard.CallTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return virtualcard.Account{}, fmt.Errorf("%w: %w", virtualcard.ErrNotSent, err)
	}
	account, ok, how, err := s.read(cardID)
	if err == nil {
		_, err = s.await(ctx, reply{how: how.ofReading()})
	}
	switch {
	case err != nil:
		return virtualcard.Account{}, unknown(err)
	case !ok:
		return virtualcard.Account{}, virtualcard.ErrNoCard
	}
	return account, nil
}

// Lookup tells what became of an order.
func (s *Simulator) Lookup(ctx context.Context, key string) (virtualcard.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, virtualcard.CallTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return virtualcard.Outcome{}, fmt.Errorf("%w: %w", virtualcard.ErrNotSent, err)
	}
	r, err := s.lookUp(key)
	if err != nil {
		return virtualcard.Outcome{}, unknown(err)
	}
	out, err := s.await(ctx, r)
	if err != nil {
		return virtualcard.Outcome{}, unknown(err)
	}
	return out, nil
}

func (s *Simulator) move(ctx context.Context, o virtualcard.Move, operation Operation) (virtualcard.Account, error) {
	out, err := s.order(ctx, o.Key, o.NotAfter, content{
		Operation: operation, CardID: o.CardID, Amount: o.Amount.Minor(), Currency: o.Amount.Currency(),
	})
	return out.Account, err
}

// order is a call with an order, made in this process.
func (s *Simulator) order(ctx context.Context, key string, notAfter time.Time, ask content) (none virtualcard.Outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, virtualcard.CallTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%w: %w", virtualcard.ErrNotSent, err)
	}
	r, err := s.take(key, ask, notAfter)
	if errors.Is(err, virtualcard.ErrKeyReused) {
		return none, err
	}
	if err != nil {
		return none, unknown(err)
	}
	out, err := s.await(ctx, r)
	switch {
	case err != nil:
		return none, unknown(err)
	case out.State == virtualcard.OrderDeclined:
		return none, &virtualcard.DeclinedError{Reason: out.Reason}
	case out.State != virtualcard.OrderDone:
		return none, unknown(fmt.Errorf("the order is %s", out.State))
	}
	return out, nil
}

// What becomes of an answer that does not arrive whole.
var (
	errSilent  = errors.New("it never came")
	errBroken  = errors.New("it broke off")
	errFailure = errors.New("it was a failure")
)

// await waits as a behaviour says and gives the outcome to be answered. The error
// is what is to go wrong instead, or the end of ctx.
func (s *Simulator) await(ctx context.Context, r reply) (virtualcard.Outcome, error) {
	switch r.how.Outcome {
	case NoAnswer, DoneNoAnswer:
		if r.how.DelayMS == 0 {
			<-ctx.Done()
			return r.outcome, ctx.Err()
		}
		return r.outcome, errors.Join(hold(ctx, r.how.delay()), errSilent)
	case Late:
		return s.awaitLate(ctx, r)
	case Garbled:
		return r.outcome, errors.Join(hold(ctx, r.how.delay()), errBroken)
	case Error:
		return r.outcome, errors.Join(hold(ctx, r.how.delay()), errFailure)
	default:
		return r.outcome, hold(ctx, r.how.delay())
	}
}

// awaitLate answers once the order is no longer pending. A reading operation is
// late by its delay alone, and tells what was so when it was asked.
func (s *Simulator) awaitLate(ctx context.Context, r reply) (out virtualcard.Outcome, err error) {
	out = r.outcome
	err = hold(ctx, r.how.lateness())
	for err == nil && r.how.Operation.orders() && out.State == virtualcard.OrderPending {
		if out, err = s.find(r.key); err == nil && out.State == virtualcard.OrderPending {
			err = hold(ctx, time.Millisecond) // this clock and the timer need not agree
		}
	}
	return out, err
}

// hold waits; it fails when ctx ends first.
func hold(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func unknown(err error) error { return fmt.Errorf("%w: %w", virtualcard.ErrUnknown, err) }
