package payout

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
)

// The lines of a timeline that tell of a claim that changed hands.
const (
	eventHandedOver = "handed_over"
	eventReceived   = "received"
	eventReleased   = "released"
)

// ReleaseSaying is Release with a note for whoever takes the payout next.
// Faults as of Renew, and invalid_request.
func (s *Service) ReleaseSaying(ctx context.Context, id, note string) (Payout, error) {
	return s.pass(ctx, id, "", note)
}

// HandOver gives the actor's claim to another claimant, such as
// "operator:opr_...", with a lease that begins anew and a note. Whether the
// other one may execute payouts is for the caller to know. Faults as of Renew,
// and invalid_request.
func (s *Service) HandOver(ctx context.Context, id, to, note string) (Payout, error) {
	if to == "" || to == Claimant(ctx) {
		return Payout{}, fault.Invalid(fault.Field{Name: "to", Why: "must be somebody else"})
	}
	return s.pass(ctx, id, to, note)
}

// pass ends the actor's claim, in favour of another claimant when there is one.
func (s *Service) pass(ctx context.Context, id, to, note string) (Payout, error) {
	var bad faults
	if bad.text("note", note, maxNote); len(bad) > 0 {
		return Payout{}, fault.Invalid(bad...)
	}
	p, err := s.byID(ctx, id)
	if err != nil {
		return Payout{}, err
	}
	now, by := s.now(), Claimant(ctx)
	if err := p.refuseClaimant(by, now); err != nil {
		return Payout{}, err
	}
	requisite, err := s.requisite(p)
	if err != nil {
		return Payout{}, err
	}
	note = redact(note, requisite, p.Masked())
	sql, args, kind := releaseClaim, []any{id, by, now}, eventReleased
	if to != "" {
		sql, args, kind = handOver, append(args, to, now.Add(Lease)), eventHandedOver
	}
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		if p, err = selectPayout(ctx, tx, sql, args...); err != nil {
			return err
		}
		lines := []event{{id, now, kind, by, note}}
		if to != "" {
			lines = append(lines, event{id, now, eventReceived, to, ""})
		}
		if err := writeEvents(ctx, tx, lines...); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "payout."+kind, "payout", id)
		record.Before = map[string]any{"claimed_by": by}
		record.After = map[string]any{"claimed_by": p.ClaimedBy, "lease_expires_at": orNull(p.LeaseExpiresAt), "note": note}
		return audit.Write(ctx, tx, record)
	})
	switch {
	case isNotFound(err):
		return Payout{}, ErrLeaseExpired // between the look and the change
	case err != nil:
		return Payout{}, fmt.Errorf("payout: %s: %w", kind, err)
	default:
		return p, nil
	}
}
