package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// ClaimNextDispute gives the actor of ctx the dispute of the oldest order that
// nobody holds, its details masked. found is false when there is none. Faults:
// unavailable.
func (s *Service) ClaimNextDispute(ctx context.Context) (v DisputeView, found bool, err error) {
	now, by := s.now(), claimant(ctx)
	var o Order
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		free, err := selectOrders(ctx, tx, lockNextDispute, now)
		if err != nil || len(free) == 0 {
			return err
		}
		o, found = free[0], true
		o.ClaimedBy, o.LeaseExpiresAt = by, now.Add(DisputeLease)
		if _, err := tx.Exec(ctx, claimDispute, o.ID, by, o.LeaseExpiresAt); err != nil {
			return err
		}
		record := disputeRecord(ctx, now, "p2p_dispute.claim", o.ID)
		record.Before = map[string]any{"claimed_by": free[0].ClaimedBy}
		record.After = map[string]any{"claimed_by": by, "lease_expires_at": o.LeaseExpiresAt}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return DisputeView{}, false, named(err, "claim dispute")
	}
	return o.disputeView(), found, nil
}

// ReleaseDisputeSaying is ReleaseDispute with a note for whoever takes it next.
// Faults as of ReleaseDispute, and invalid_request.
func (s *Service) ReleaseDisputeSaying(ctx context.Context, id int64, note string) error {
	return s.passDispute(ctx, id, "", note)
}

// HandOverDispute gives the actor's claim to another claimant, such as
// "operator:opr_...", with a lease that begins anew and a note. Whether the
// other one may resolve disputes is for the caller to know. Faults as of
// ReleaseDispute, and invalid_request.
func (s *Service) HandOverDispute(ctx context.Context, id int64, to, note string) error {
	if to == "" || to == claimant(ctx) {
		var f faults
		f.add("to", "must be somebody else")
		return f.err()
	}
	return s.passDispute(ctx, id, to, note)
}

// passDispute ends the actor's claim, in favour of another claimant when there
// is one.
func (s *Service) passDispute(ctx context.Context, id int64, to, note string) error {
	if !prose(note, maxNote) {
		var f faults
		f.add("note", "must have at most %d characters, none of them a control character", maxNote)
		return f.err()
	}
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		before, err := selectOneOrder(ctx, tx, lockOrder, id)
		if err != nil {
			return err
		}
		now, by := s.now(), claimant(ctx)
		if err := before.refuseClaimant(by, now); err != nil {
			return err
		}
		action, after := "p2p_dispute.release", map[string]any{"note": chat.Mask(note)}
		if to == "" {
			_, err = tx.Exec(ctx, releaseDispute, id)
		} else {
			until := now.Add(DisputeLease)
			action, after["claimed_by"], after["lease_expires_at"] = "p2p_dispute.hand_over", to, until
			_, err = tx.Exec(ctx, claimDispute, id, to, until)
		}
		if err != nil {
			return err
		}
		record := disputeRecord(ctx, now, action, id)
		record.Before, record.After = map[string]any{"claimed_by": by}, after
		return audit.Write(ctx, tx, record)
	})
	return named(err, "pass on dispute")
}

// LookAtDispute reads an order that is or was in dispute, its details masked for
// everybody. Faults: ORDER_NOT_FOUND.
func (s *Service) LookAtDispute(ctx context.Context, id int64) (DisputeView, error) {
	o, err := s.disputed(ctx, id)
	if err != nil {
		return DisputeView{}, err
	}
	return o.disputeView(), nil
}

// Detail is one of the payment details of an order.
type Detail struct{ Name, Value string }

// Details are payment details in the order of their names.
func Details(of map[string]string) []Detail {
	details := make([]Detail, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		details = append(details, Detail{Name: name, Value: of[name]})
	}
	return details
}

// DisputeDetails are the payment details of a dispute that the actor of ctx
// holds; that they were looked at is recorded. Faults: ORDER_NOT_FOUND,
// INVALID_STATE, claim_required, claimed_by_other.
func (s *Service) DisputeDetails(ctx context.Context, id int64) ([]Detail, error) {
	o, err := s.disputed(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := o.refuseClaimant(claimant(ctx), s.now()); err != nil {
		return nil, err
	}
	v, err := s.DisputeByID(ctx, id)
	return Details(v.PaymentDetails), err
}

// DisputeHistory is what operators did to a dispute, the latest first.
func (s *Service) DisputeHistory(ctx context.Context, id int64) ([]audit.Item, error) {
	found, err := audit.List(ctx, s.d.DB, audit.Filter{Subject: disputeRecord(ctx, s.now(), "", id).Subject, SubjectID: strconv.FormatInt(id, 10)})
	return found.Items, err
}

// Transfers is what an order moved in the books.
func (s *Service) Transfers(ctx context.Context, id int64) ([]ledger.TransferRow, error) {
	reference := Order{ID: id}.reference()
	rows, err := s.d.Ledger.TransfersByReference(ctx, reference+":lock", reference+":end")
	if err != nil {
		return nil, fmt.Errorf("exchange: transfers: %w", err)
	}
	return rows, nil
}

// HeldDisputes lists the disputes that a claimant holds, the oldest order
// first.
func (s *Service) HeldDisputes(ctx context.Context, by string) ([]DisputeView, error) {
	orders, err := selectOrders(ctx, s.d.DB, selectHeldDisputes, by)
	if err != nil {
		return nil, fmt.Errorf("exchange: held disputes: %w", err)
	}
	views := make([]DisputeView, len(orders))
	for i, o := range orders {
		views[i] = o.disputeView()
	}
	return views, nil
}
