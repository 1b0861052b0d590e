package exchange

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/page"
	"disburse/gateway/transact"
)

// Whom a dispute can be resolved to.
const (
	ToBuyer  = "buyer"
	ToSeller = "seller"
)

// maxNote bounds the note of a resolution.
const maxNote = 2000

// DisputeFilter narrows the list of open disputes.
type DisputeFilter struct {
	Cursor string
	Limit  int // 1 to 100, default 50
}

// Disputes lists the open disputes, the oldest order first. Faults:
// invalid_request.
func (s *Service) Disputes(ctx context.Context, f DisputeFilter) (page.Page[DisputeView], error) {
	var bad faults
	after, ok := page.ID(f.Cursor)
	if !ok {
		bad.add("cursor", "is not one that was handed out")
	}
	pageBounds(&bad, &f.Limit, 0, defaultMessages)
	if err := bad.err(); err != nil {
		return page.Page[DisputeView]{}, err
	}
	orders, err := selectOrders(ctx, s.d.DB, selectDisputes, after, f.Limit+1)
	if err != nil {
		return page.Page[DisputeView]{}, fmt.Errorf("exchange: disputes: %w", err)
	}
	return page.ByID(orders, f.Limit, func(o Order) int64 { return o.ID }, Order.disputeView), nil
}

// disputed reads an order that is or was in dispute.
func (s *Service) disputed(ctx context.Context, id int64) (Order, error) {
	o, err := selectOneOrder(ctx, s.d.DB, selectOrder, id)
	if err == nil && o.DisputedAt.IsZero() {
		err = ErrOrderNotFound
	}
	return o, named(err, "dispute")
}

// DisputeByID reads an order that is or was in dispute, for operators. Whoever
// holds the claim sees the payment details in full, which is audited. Faults:
// ORDER_NOT_FOUND.
func (s *Service) DisputeByID(ctx context.Context, id int64) (DisputeView, error) {
	o, err := s.disputed(ctx, id)
	if err != nil {
		return DisputeView{}, err
	}
	if o.refuseClaimant(claimant(ctx), s.now()) != nil {
		return o.disputeView(), nil
	}
	if err := audit.Write(ctx, s.d.DB, disputeRecord(ctx, s.now(), "p2p_dispute.details", id)); err != nil {
		return DisputeView{}, err
	}
	return s.clearView(o)
}

// clearView is the view of who holds the claim.
func (s *Service) clearView(o Order) (v DisputeView, err error) {
	v = o.disputeView()
	v.PaymentDetails, err = s.open(orderAAD(o.ID), o.details)
	return v, err
}

// ClaimDispute gives the dispute to the actor of ctx, for DisputeLease; claiming
// again renews it. Faults: ORDER_NOT_FOUND, INVALID_STATE, claimed_by_other,
// unavailable.
func (s *Service) ClaimDispute(ctx context.Context, id int64) (DisputeView, error) {
	var after Order
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		before, err := selectOneOrder(ctx, tx, lockOrder, id)
		if err != nil {
			return err
		}
		now, by := s.now(), claimant(ctx)
		switch {
		case before.Status != Disputed:
			return invalidState(before.Status)
		case before.leased(now) && before.ClaimedBy != by:
			return ErrClaimedByOther
		}
		after = before
		after.ClaimedBy, after.LeaseExpiresAt = by, now.Add(DisputeLease)
		if _, err := tx.Exec(ctx, claimDispute, id, by, after.LeaseExpiresAt); err != nil {
			return err
		}
		record := disputeRecord(ctx, now, "p2p_dispute.claim", id)
		record.Before = map[string]any{"claimed_by": before.ClaimedBy}
		record.After = map[string]any{"claimed_by": by, "lease_expires_at": after.LeaseExpiresAt}
		return audit.Write(ctx, tx, record)
	})
	if err != nil {
		return DisputeView{}, named(err, "claim dispute")
	}
	return s.clearView(after)
}

// ReleaseDispute gives the claim back. Faults: ORDER_NOT_FOUND, INVALID_STATE,
// claim_required, claimed_by_other, unavailable.
func (s *Service) ReleaseDispute(ctx context.Context, id int64) error {
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		before, err := selectOneOrder(ctx, tx, lockOrder, id)
		if err != nil {
			return err
		}
		now := s.now()
		if err := before.refuseClaimant(claimant(ctx), now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, releaseDispute, id); err != nil {
			return err
		}
		record := disputeRecord(ctx, now, "p2p_dispute.release", id)
		record.Before = map[string]any{"claimed_by": before.ClaimedBy}
		return audit.Write(ctx, tx, record)
	})
	return named(err, "release dispute")
}

// Resolve ends a dispute that the actor of ctx has claimed: to the buyer it is
// completed, to the seller it is cancelled. Repeating it answers the same. Faults:
// invalid_request, ORDER_NOT_FOUND, INVALID_STATE, claim_required,
// claimed_by_other, unavailable.
func (s *Service) Resolve(ctx context.Context, id int64, to, note string) (DisputeView, error) {
	var f faults
	if to != ToBuyer && to != ToSeller {
		f.add("to", "must be %s or %s", ToBuyer, ToSeller)
	}
	if !prose(note, maxNote) {
		f.add("note", "must have at most %d characters, none of them a control character", maxNote)
	}
	if err := f.err(); err != nil {
		return DisputeView{}, err
	}
	o, err := selectOneOrder(ctx, s.d.DB, selectOrder, id)
	if err != nil {
		return DisputeView{}, named(err, "dispute")
	}
	e := end{kind: forTheSeller, by: claimant(ctx), at: s.now(), note: chat.Mask(note)}
	if to == ToBuyer {
		e.kind = forTheBuyer
	}
	record := disputeRecord(ctx, e.at, "p2p_dispute.resolve", id)
	record.Before = map[string]any{"status": o.Status, "claimed_by": o.ClaimedBy}
	record.After = map[string]any{"status": e.kind.status(), "to": to, "note": e.note}
	e.audit = &record
	if err := s.end(ctx, o, e); err != nil {
		return DisputeView{}, err
	}
	if o, err = selectOneOrder(ctx, s.d.DB, selectOrder, id); err != nil {
		return DisputeView{}, named(err, "dispute")
	}
	return o.disputeView(), nil
}

// DisputeMessages lists the messages of an order that is or was in dispute.
// Faults: invalid_request, ORDER_NOT_FOUND.
func (s *Service) DisputeMessages(ctx context.Context, id int64, limit, offset int) ([]chat.Message, error) {
	if _, err := s.disputed(ctx, id); err != nil {
		return nil, err
	}
	return s.messages(ctx, id, limit, offset)
}

// SayInDispute posts a message of the actor of ctx, an operator. Faults:
// ORDER_NOT_FOUND, INVALID_STATE, INVALID_MESSAGE, unavailable.
func (s *Service) SayInDispute(ctx context.Context, id int64, text string) (int64, error) {
	o, err := s.disputed(ctx, id)
	switch {
	case err != nil:
		return 0, err
	case o.Status != Disputed:
		return 0, invalidState(o.Status)
	}
	message, err := s.d.Chat.Post(ctx, chat.Draft{Subject: chat.P2P, OrderID: id, Text: text})
	return message, named(err, "say")
}

// claimant is the actor of ctx as a claim has it.
func claimant(ctx context.Context) string {
	a := audit.ActorFrom(ctx)
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

func disputeRecord(ctx context.Context, at time.Time, action string, id int64) audit.Record {
	return audit.Of(ctx, at, action, "p2p_order", strconv.FormatInt(id, 10))
}
