package cardorder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// end is one of the ways to end, with who does it.
type end struct {
	to     Status
	by     string // byUser or a claimant
	at     time.Time
	reason string        // of an operator's cancel, for the user
	audit  *audit.Record // of an operator
}

func (e end) guard() string {
	if e.by == byUser {
		return endByUser
	}
	return endByOperator
}

// refuse says why this end is not possible for the order as it stands. The
// guard asks the same of the row.
func (e end) refuse(o Order) error {
	if e.by == byUser {
		return o.refuseUserCancel()
	}
	return o.refuseOperator(e.by, e.at)
}

// same reports an end that an operator gave the order before, so that asking
// for it again is answered with success. A user's repeated cancel is refused,
// as published.
func (e end) same(o Order) bool { return e.by != byUser && o.Status == e.to && o.EndedBy == e.by }

// Cancel ends an order of the user that nobody works on and gives a
// withdrawal's money back. Faults: ORDER_NOT_FOUND, INVALID_STATE, unavailable.
func (s *Service) Cancel(ctx context.Context, u enduser.User, id int64) error {
	o, err := s.owned(ctx, u.ID, id)
	if err != nil {
		return err
	}
	_, err = s.finish(ctx, o, end{to: Cancelled, by: byUser, at: s.now()})
	return err
}

// ConfirmPaid notes that the user has paid a deposit. Faults: ORDER_NOT_FOUND,
// INVALID_STATE, unavailable.
func (s *Service) ConfirmPaid(ctx context.Context, u enduser.User, id int64) error {
	o, err := s.owned(ctx, u.ID, id)
	if err != nil {
		return err
	}
	for range attempts {
		if err := o.refuseConfirm(); err != nil {
			return err
		}
		done := false
		err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, confirmPaid, id, u.ID, s.now())
			done = tag.RowsAffected() == 1
			return err
		})
		if err != nil {
			return fmt.Errorf("cardorder: confirm paid: %w", err)
		}
		if done {
			return nil
		}
		if o, err = s.owned(ctx, u.ID, id); err != nil {
			return err
		}
	}
	return ErrBusy
}

// finish ends an order and returns it as it then stands. Whoever else changes
// it at the same time, one wins; the loser learns how the order stands. An end
// that stood against nothing but a claim that has gone since is tried again.
func (s *Service) finish(ctx context.Context, o Order, e end) (Order, error) {
	for range attempts {
		if e.same(o) {
			return o, nil
		}
		if err := e.refuse(o); err != nil {
			return o, err
		}
		done, err := s.end(ctx, o, e)
		if err != nil {
			return o, err
		}
		if o, err = selectOrder(ctx, s.d.DB, selectByID, o.ID); err != nil {
			return o, fmt.Errorf("cardorder: read back: %w", err)
		}
		if done {
			if s.d.Observe.Ended != nil {
				s.d.Observe.Ended(o.Type, o.Status, o.EndedAt.Sub(o.CreatedAt))
			}
			return o, nil
		}
	}
	return o, ErrBusy
}

// end tries it once. done is false when the guard or another end stood against
// it.
func (s *Service) end(ctx context.Context, o Order, e end) (done bool, err error) {
	entry, moves := o.endEntry(e.to)
	if !moves {
		return s.endStill(ctx, o, e)
	}
	receipt, err := s.d.Ledger.Post(ctx, entry, o.endRiders(e)...)
	var rider *ledger.RiderError
	switch {
	case err == nil:
		return !receipt.Replayed, nil
	case errors.Is(err, ledger.ErrReferenceReused), errors.As(err, &rider) && rider.Missed():
		return false, nil
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return false, ErrBusy.With(err)
	default:
		return false, fmt.Errorf("cardorder: end %d: %w", o.ID, err)
	}
}

// endRiders are the rows that stand or fall with an end that moves money: the
// guarded change, the user's sums, the audit record.
func (o Order) endRiders(e end) []ledger.Rider {
	riders := []ledger.Rider{{SQL: e.guard(), Row: []any{o.ID, string(e.to), e.at, e.by, orNull(e.reason)}}}
	if o.Type == Withdraw {
		riders = append(riders, ledger.Rider(enduser.End(o.reference(), e.to == Completed, e.at)))
	} else {
		riders = append(riders, ledger.Rider(enduser.CountDeposit(o.reference(), o.UserID, o.Amount, e.at)))
	}
	if e.audit != nil {
		riders = append(riders, ledger.Rider(audit.Row(*e.audit)))
	}
	return riders
}

// endStill is the end that moves nothing: a deposit is cancelled.
func (s *Service) endStill(ctx context.Context, o Order, e end) (done bool, err error) {
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, e.guard(), []int64{o.ID}, []string{string(e.to)}, []time.Time{e.at}, []string{e.by}, []*string{orNull(e.reason)})
		if done = tag.RowsAffected() == 1; err != nil || !done || e.audit == nil {
			return err
		}
		return audit.Write(ctx, tx, *e.audit)
	})
	if err != nil {
		return false, fmt.Errorf("cardorder: end %d: %w", o.ID, err)
	}
	return done, nil
}
