package cardorder

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
)

// DeskByID reads any order for an operator. Its card is in clear for the actor
// of ctx who holds the claim, and that it was looked at is recorded; for others
// it is masked. Faults: ORDER_NOT_FOUND.
func (s *Service) DeskByID(ctx context.Context, id int64) (Order, error) {
	o, err := s.byID(ctx, id)
	if err != nil || o.ClaimedBy == "" || o.ClaimedBy != Claimant(ctx) || o.card.Key == "" {
		return o, err
	}
	if err := audit.Write(ctx, s.d.DB, s.record(ctx, "card_order.card_shown", id)); err != nil {
		return Order{}, err
	}
	return s.opened(o)
}

// record starts the audit record of what the actor of ctx does to an order.
func (s *Service) record(ctx context.Context, action string, id int64) audit.Record {
	return audit.Of(ctx, s.now(), action, "card_order", strconv.FormatInt(id, 10))
}

// Claim gives the actor of ctx an order to work on, with its card in clear.
// Claiming what one holds renews the lease; a claim whose lease is over is
// taken over. Faults: ORDER_NOT_FOUND, INVALID_STATE, claimed_by_other,
// unavailable.
func (s *Service) Claim(ctx context.Context, id int64) (Order, error) {
	by := Claimant(ctx)
	for range attempts {
		before, err := s.byID(ctx, id)
		if err != nil {
			return Order{}, err
		}
		now := s.now()
		if err := before.refuseOperator(by, now); err != nil {
			return Order{}, err
		}
		o, err := s.hold(ctx, "claim", before, claimOrder, id, by, now, now.Add(Lease))
		if err == nil {
			return s.opened(o)
		}
		if !errors.Is(err, ErrNotFound) {
			return Order{}, err
		}
	}
	return Order{}, ErrBusy
}

// Release gives the actor's claim back, so that the user may cancel and others
// may claim. Faults: ORDER_NOT_FOUND, INVALID_STATE, claim_required,
// unavailable.
func (s *Service) Release(ctx context.Context, id int64) (Order, error) {
	by := Claimant(ctx)
	before, err := s.byID(ctx, id)
	if err != nil {
		return Order{}, err
	}
	o, err := s.hold(ctx, "release", before, releaseOrder, id, by)
	if !errors.Is(err, ErrNotFound) {
		return o, err
	}
	if before, err = s.byID(ctx, id); err != nil {
		return Order{}, err
	}
	if before.Status.Final() {
		return Order{}, before.invalidState()
	}
	return Order{}, ErrClaimRequired
}

// hold runs a guarded change of the claim with its audit record. ErrNotFound:
// the guard did not let it.
func (s *Service) hold(ctx context.Context, action string, before Order, sql string, args ...any) (Order, error) {
	var after Order
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) (err error) {
		if after, err = selectOrder(ctx, tx, sql, args...); err != nil {
			return err
		}
		record := s.record(ctx, "card_order."+action, before.ID)
		record.Before, record.After = before.claim(), after.claim()
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return Order{}, fmt.Errorf("cardorder: %s: %w", action, err)
	}
	return after, nil
}

// claim is the claim as the audit trail has it.
func (o Order) claim() map[string]any {
	return map[string]any{"claimed_by": orNull(o.ClaimedBy), "lease_expires_at": timestampOrNull(o.LeaseUntil)}
}

// Complete ends an order as done by the actor of ctx: a withdrawal was paid to
// the user's card, a deposit has arrived. An order that nobody holds is claimed
// by that. Repeating it answers the same. Faults: ORDER_NOT_FOUND,
// INVALID_STATE, claimed_by_other, unavailable.
func (s *Service) Complete(ctx context.Context, id int64) (Order, error) {
	return s.decide(ctx, "complete", id, Completed, "")
}

// CancelByOperator ends an order undone, with a reason for the user, and gives
// a withdrawal's money back. Faults as of Complete, and invalid_request.
func (s *Service) CancelByOperator(ctx context.Context, id int64, reason string) (Order, error) {
	var bad faults
	if bad.text("reason", reason, maxReason); len(bad) > 0 {
		return Order{}, fault.Invalid(bad...)
	}
	return s.decide(ctx, "cancel", id, Cancelled, chat.Mask(reason))
}

// Refusal reads an order and tells what would stand against the actor of ctx
// ending it so, for dry runs: Complete and CancelByOperator ask the same of the
// row when it happens. Faults as theirs.
func (s *Service) Refusal(ctx context.Context, id int64, to Status) (Order, error) {
	o, err := s.byID(ctx, id)
	if err != nil {
		return Order{}, err
	}
	e := end{to: to, by: Claimant(ctx), at: s.now()}
	if e.same(o) {
		return o, nil
	}
	return o, e.refuse(o)
}

// decide ends an order by the actor of ctx.
func (s *Service) decide(ctx context.Context, action string, id int64, to Status, reason string) (Order, error) {
	o, err := s.byID(ctx, id)
	if err != nil {
		return Order{}, err
	}
	record := s.record(ctx, "card_order."+action, id)
	record.Before = map[string]any{"status": o.Status, "claimed_by": orNull(o.ClaimedBy)}
	record.After = map[string]any{"status": to, "type": o.Type, "user_id": o.UserID, "amount_kopecks": o.Amount, "reason": orNull(reason)}
	after, err := s.finish(ctx, o, end{to: to, by: Claimant(ctx), at: record.At, reason: reason, audit: &record})
	if err != nil {
		return Order{}, err
	}
	return after, nil
}
