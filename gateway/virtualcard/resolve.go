package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Resolved is an operation that was ended by people, or is to be.
type Resolved struct {
	Kind    Kind
	ID      string // the transaction's
	CardID  string
	UserID  int64
	State   State // now
	As      string
	Amount  money.Money
	Fee     money.Money
	Since   time.Time
	Note    string             // what the provider said last, or against the end
	Waiting *approval.Approval // nil when it is ended
	// Replayed: the same person asked for the same before.
	Replayed bool
}

// Faults of resolving, for operators.
var (
	ErrNoOperation = fault.New(fault.NotFound, "not_found", "there is no such operation of a card")
	ErrUnderWay    = fault.New(fault.Conflict, "under_way", "the card provider still has time to answer")
	ErrEnded       = fault.New(fault.Conflict, "already_ended", "the operation has ended, and its money has moved as it ended")
	ErrNoAnswer    = fault.New(fault.Unavailable, "provider_unavailable", "the card provider does not tell of the card now")
)

// found is an operation as people resolve it.
type found struct {
	operation
	exceptional bool    // its call has had its time
	said        string  // what the provider contradicted it by
	note        string  // what the provider said last that told nothing
	account     Account // of a card that was made
}

// open reports an operation that is not ended, as the provider has not said.
func (f found) open() bool { return f.State == Pending }

// load reads an operation that is an exception now.
func (s *Service) load(ctx context.Context, id string) (found, error) {
	if !validUUID(id) {
		return found{}, ErrNoOperation
	}
	f, err := one(ctx, s.d.DB, exceptionalRow.found, selectExceptional, id, s.now().Add(-answerTime))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return found{}, ErrNoOperation
	case err != nil:
		return found{}, fmt.Errorf("virtualcard: load %s: %w", id, err)
	case f.open() && !f.exceptional && f.said == "":
		return found{}, ErrUnderWay
	case !f.open() && f.said == "":
		return found{}, ErrEnded
	default:
		return f, nil
	}
}

// find reads the operation, and fails unless people may end it so.
func (s *Service) find(ctx context.Context, r Resolution) (found, error) {
	if err := r.judge(); err != nil {
		return found{}, err
	}
	f, err := s.load(ctx, r.ID)
	if err != nil {
		return found{}, err
	}
	if !f.open() && f.State != r.state() {
		return found{}, ErrEnded
	}
	if err := r.fits(f.operation); err != nil {
		return found{}, err
	}
	if r.ProviderCard != "" {
		f.account, err = s.tells(ctx, r.ProviderCard)
	}
	return f, err
}

// tells asks the provider how a card is.
func (s *Service) tells(ctx context.Context, providerCard string) (a Account, err error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	a, err = s.d.Provider.Card(ctx, providerCard)
	switch {
	case errors.Is(err, ErrNoCard):
		return a, fault.Invalid(fault.Field{Name: "provider_card", Why: "is no card of the provider"})
	case err != nil:
		return a, ErrNoAnswer.With(err)
	case a.CardID != providerCard || a.Balance.Currency() != USD:
		return a, ErrNoAnswer
	default:
		return a, nil
	}
}

// ending is how a resolution ends the operation: as the provider's answer would.
func (r Resolution) ending(f found, at time.Time) ending {
	e := ending{state: r.state(), account: f.account, blind: f.account.CardID == "", at: at}
	switch {
	case e.state == Declined:
		e.cause = byHand
	case r.Moved != nil:
		e.moved = *r.Moved
	case f.Kind == KindFreeze || f.Kind == KindUnfreeze:
		e.moved = usd(0)
	default:
		e.moved = f.Amount
	}
	return e
}

func (f found) resolved(r Resolution) Resolved {
	out := Resolved{
		Kind: f.Kind, ID: f.TransactionID, CardID: f.CardID, UserID: f.UserID, State: f.State, As: r.As,
		Amount: f.Amount, Fee: f.Fee, Since: f.CreatedAt, Note: f.note,
	}
	if f.said != "" {
		out.Note = f.said
	}
	return out
}

// Exceptional reads an operation that people may end, with what waits about it.
// It fails with not_found, under_way and already_ended.
func (s *Service) Exceptional(ctx context.Context, id string) (Resolved, error) {
	f, err := s.load(ctx, id)
	if err != nil {
		return Resolved{}, err
	}
	out := f.resolved(Resolution{})
	waiting, waits, err := approval.Open(ctx, s.d.DB, approval.VirtualCard, f.TransactionID, "")
	if waits && waiting.Standing(s.now()) == approval.Waiting {
		out.Waiting = &waiting
	}
	return out, err
}

// PreviewResolve is the operation as it stands that Resolve would end. It changes
// nothing, and refuses what Resolve refuses before it writes.
func (s *Service) PreviewResolve(ctx context.Context, r Resolution) (Resolved, error) {
	f, err := s.find(ctx, r)
	if err != nil {
		return Resolved{}, err
	}
	return f.resolved(r), nil
}

// Resolve ends an operation that the provider does not end, by what people found
// out, and moves the money as the provider's answer would. One that has ended and
// was contradicted keeps its end: the exception is settled, and nothing moves. It
// asks nobody, so it is for whoever has the machine; operators come by
// AskToResolve. Faults: invalid_request, not_found, under_way, already_ended,
// provider_unavailable, unavailable.
func (s *Service) Resolve(ctx context.Context, r Resolution) (Resolved, error) {
	f, err := s.find(ctx, r)
	if err != nil {
		return Resolved{}, err
	}
	at := s.now()
	record := r.record(ctx, f, at)
	if err := s.settle(ctx, r, f, at, ledger.Rider(audit.Row(record))); err != nil {
		return Resolved{}, err
	}
	out := f.resolved(r)
	out.State = r.state()
	return out, nil
}

// record is the audit row of a resolution.
func (r Resolution) record(ctx context.Context, f found, at time.Time) audit.Record {
	record := audit.Of(ctx, at, "virtual-card.resolve", "virtual_card", f.CardID)
	before := map[string]any{"transaction_id": f.TransactionID, "kind": f.Kind, "state": f.State, "amount": f.Amount.String(), "fee": f.Fee.String()}
	if f.said != "" {
		before["contradiction"] = f.said
	}
	after := map[string]any{"transaction_id": f.TransactionID, "state": r.state(), "reason": r.Reason}
	if r.ProviderCard != "" {
		after["provider_card"] = r.ProviderCard
	}
	if r.Moved != nil {
		after["moved"] = r.Moved.String()
	}
	record.Before, record.After = before, after
	return record
}

// settle ends an operation by hand, with more that must stand or fall with it.
func (s *Service) settle(ctx context.Context, r Resolution, f found, at time.Time, more ...ledger.Rider) error {
	by, _ := approval.By(ctx)
	riders := append([]ledger.Rider{{SQL: markResolved, Row: []any{f.ID, string(r.state()), by, at, f.said, f.open() && f.said == ""}}}, more...)
	var err error
	if f.open() {
		err = s.end(ctx, f.operation, r.ending(f, at), riders...)
	} else {
		err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error { return allAlone(ctx, tx, riders) })
	}
	switch {
	case err == nil:
		if s.d.Observe.Ended != nil && f.open() {
			s.d.Observe.Ended(f.Kind, r.state(), true, at.Sub(f.CreatedAt))
		}
		return nil
	case missed(err), errors.Is(err, errReplayed), errors.Is(err, ledger.ErrReferenceReused):
		return errOvertaken
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return ErrBusy.With(err)
	case broken(err, providerCardConstraint):
		return fault.Invalid(fault.Field{Name: "provider_card", Why: "belongs to another card here"})
	default:
		return named("resolve", err)
	}
}

// errOvertaken is the end of a resolution that came after another end.
var errOvertaken = fault.New(fault.Conflict, "already_ended", "the operation has changed meanwhile, look at it again")
