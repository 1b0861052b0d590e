package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// What a call is known by in metrics.
const (
	outcomeDone     = "done"
	outcomeDeclined = "declined"
	outcomeNotSent  = "not_sent"
	outcomeUnknown  = "unknown"
)

// order asks the provider for what an operation is.
type order func(ctx context.Context, p Provider) (ending, error)

// perform asks the provider, once and outside of any transaction, and ends the
// operation by what it answers. It returns the operation as it then stands,
// which is processing when nothing is known.
//
// It goes on when the caller has gone: what was begun is better ended than
// looked up.
func (s *Service) perform(ctx context.Context, o operation, ask order) (operation, error) {
	ctx = context.WithoutCancel(ctx)
	began := s.now()
	e, err := s.ask(ctx, o, ask)
	e.at = s.now()
	outcome := outcomeDone
	var declined *DeclinedError
	switch {
	case err == nil:
		e.state = Done
	case errors.As(err, &declined):
		outcome = outcomeDeclined
		e = ending{state: Declined, cause: byProvider, reason: clip(declined.Reason), at: e.at}
	case errors.Is(err, ErrNotSent):
		outcome = outcomeNotSent
		e = ending{state: Declined, cause: notSent, at: e.at}
	default:
		outcome = outcomeUnknown
	}
	if s.d.Observe.Called != nil {
		s.d.Observe.Called(o.Kind, outcome, e.at.Sub(began))
	}
	if outcome == outcomeUnknown {
		s.d.Log.Warn("the card provider's answer is unknown", "operation", o.TransactionID, "kind", o.Kind, "error", err)
		return s.unanswered(ctx, o, clip(err.Error()))
	}
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	after, err := s.conclude(ctx, o, e, false)
	if err != nil {
		// The provider has answered, and what it said is to be had again.
		_, _ = s.unanswered(context.WithoutCancel(ctx), o, clip(err.Error()))
		return after, ErrBusy.With(err)
	}
	return after, nil
}

// endTime is how long storing an answer may take before it is left to recovery.
const endTime = 10 * time.Second

// ask makes the call. A provider that panics has told nothing, and one that does
// not return in its time is left.
func (s *Service) ask(ctx context.Context, o operation, ask order) (e ending, err error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	defer func() {
		if caught := recover(); caught != nil {
			s.d.Log.Error("the card provider's adapter panicked", "operation", o.TransactionID, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: the adapter panicked", ErrUnknown)
		}
	}()
	e, err = ask(ctx, s.d.Provider)
	if err == nil && (o.Kind == KindCreate || o.Kind == KindIssue) && e.account.CardID == "" {
		err = fmt.Errorf("%w: a card without an id", ErrUnknown)
	}
	return e, err
}

// unanswered notes that the call is over without an answer, so that recovery
// begins at once.
func (s *Service) unanswered(ctx context.Context, o operation, note string) (operation, error) {
	if _, err := s.d.DB.Exec(ctx, markUnanswered, o.ID, note, s.now()); err != nil {
		// It is looked up all the same, when its time is over.
		s.d.Log.Warn("a card operation without an answer could not be marked", "operation", o.TransactionID, "error", err)
	}
	return o, nil
}

// conclude ends an operation: the money, its row and its card's row in one
// transaction, whoever else tries the same. An answer that contradicts the end
// that it had is kept for people.
func (s *Service) conclude(ctx context.Context, o operation, e ending, recovered bool) (operation, error) {
	if why := o.mismatch(e); why != "" {
		return o, s.contradicted(ctx, o, why)
	}
	var more []ledger.Rider
	if recovered {
		// People may be about to end it; what they found out is void now.
		matter := approval.Matter{Kind: approval.VirtualCard, Subject: o.TransactionID}
		more = append(more, ledger.Rider(matter.Void(ctx, changedNote, e.at)))
	}
	err := s.end(ctx, o, e, more...)
	now, readErr := one(ctx, s.d.DB, toOperation, selectOperation, o.ID)
	if readErr != nil {
		return o, fmt.Errorf("virtualcard: read back %s: %w", o.TransactionID, errors.Join(err, readErr))
	}
	switch {
	case err == nil:
		if s.d.Observe.Ended != nil {
			s.d.Observe.Ended(now.Kind, now.State, recovered, now.EndedAt.Sub(now.CreatedAt))
		}
		return now, nil
	case now.State == Pending:
		// The provider's answer stands, and the lookup gives it again.
		return now, fmt.Errorf("virtualcard: end %s: %w", o.TransactionID, err)
	default:
		return now, s.compare(ctx, now, e)
	}
}

// compare holds what the provider says against how the operation has ended.
func (s *Service) compare(ctx context.Context, o operation, e ending) error {
	why := ""
	switch {
	case o.State != e.state:
		why = fmt.Sprintf("ended %s, the provider said later: %s %s", o.State, e.state, e.reason)
	case o.State == Done && o.Kind == KindClose && !e.moved.Equal(o.Amount):
		why = fmt.Sprintf("ended with %s taken off, the provider said later: %s", o.Amount, e.moved)
	case o.State == Done && (o.Kind == KindCreate || o.Kind == KindIssue):
		var made string
		if err := s.d.DB.QueryRow(ctx, selectProviderCard, o.CardID).Scan(&made); err != nil {
			return fmt.Errorf("virtualcard: compare %s: %w", o.TransactionID, err)
		}
		if made != e.account.CardID {
			why = "ended with another card than the provider said later"
		}
	}
	if why == "" {
		return nil // another ended it the same way
	}
	return s.contradicted(ctx, o, why)
}

// mismatch says why what was done is not what was asked for. The sum of a close
// is the provider's to say.
func (o operation) mismatch(e ending) string {
	switch {
	case e.state != Done:
		return ""
	case e.moved.Currency() != USD, e.account.Balance.Currency() != USD, e.moved.Minor() < 0:
		return "the provider's answer is not in " + string(USD)
	case o.Kind != KindClose && o.Kind != KindFreeze && o.Kind != KindUnfreeze && !e.moved.Equal(o.Amount):
		return fmt.Sprintf("asked for %s, the provider moved %s", o.Amount, e.moved)
	default:
		return ""
	}
}

// end tries it once, in one transaction, with more that must stand or fall with
// it.
func (s *Service) end(ctx context.Context, o operation, e ending, more ...ledger.Rider) error {
	riders := []ledger.Rider{{SQL: endOperations, Row: o.ended(e), Certain: true}}
	if e.state == Done && (o.Kind == KindCreate || o.Kind == KindIssue) {
		row, err := o.opening(e.account)
		if err != nil {
			return err
		}
		riders = append(riders, ledger.Rider{SQL: openCards, Row: row})
	}
	riders = append(riders, more...)
	if entry, moves := o.endEntry(e); moves {
		receipt, err := s.d.Ledger.Post(ctx, entry, riders...)
		if err == nil && receipt.Replayed {
			return errReplayed
		}
		return err
	}
	return transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		if o.Kind == KindWithdraw && e.cause == notSent {
			if _, err := tx.Exec(ctx, endCooldown, o.CardID, o.CreatedAt.Add(cooldown)); err != nil {
				return err
			}
		}
		return allAlone(ctx, tx, riders)
	})
}

// errReplayed says that the same end was posted before, and nothing now.
var errReplayed = errors.New("virtualcard: ended the same way before")

// contradicted keeps for people what cannot be true together.
func (s *Service) contradicted(ctx context.Context, o operation, why string) error {
	s.d.Log.Error("the card provider contradicts itself or us", "operation", o.TransactionID, "kind", o.Kind, "why", why)
	if _, err := s.d.DB.Exec(ctx, markContradicted, o.ID, clip(why)); err != nil {
		return fmt.Errorf("virtualcard: contradiction of %s: %w", o.TransactionID, err)
	}
	return nil
}

// outcome is what the caller of an operation is told, nil when it is done.
func (o operation) outcome() error {
	switch {
	case o.State == Done:
		return nil
	case o.State == Declined && o.Cause == byProvider:
		e := *ErrDeclined
		if o.Reason != "" {
			e.Message = o.Reason
		}
		return &e
	default:
		return ErrProvider
	}
}

// maxNote bounds what is kept of a text from outside, in characters.
const maxNote = 500

func clip(note string) string {
	out := make([]rune, 0, min(len(note), maxNote))
	for _, r := range note {
		if len(out) == maxNote {
			break
		}
		if r == 0 || r == '\uFFFD' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// lookPause is how long an operation that is still not ended is left alone: the
// longer it lasts, the longer.
func lookPause(age time.Duration) time.Duration {
	const soonest, latest = time.Second, 5 * time.Minute
	return min(max(age/8, soonest), latest)
}
