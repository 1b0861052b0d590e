package exchange

import (
	"context"
	"errors"
	"fmt"

	"disburse/gateway/enduser"
)

// ConfirmPaid is the buyer's word that he paid: pending becomes paid_by_buyer.
// Faults: ORDER_NOT_FOUND, FORBIDDEN, INVALID_STATE, unavailable.
func (s *Service) ConfirmPaid(ctx context.Context, u enduser.User, id int64) error {
	o, err := s.mine(ctx, u.ID, id)
	switch {
	case err != nil:
		return err
	case o.BuyerID != u.ID:
		return ErrNotYours
	}
	now := s.now()
	return s.change(ctx, id, markPaid, id, now, now.Add(disputeWindow))
}

// CallOperator makes a dispute of a paid order, by either side. Faults as of
// ConfirmPaid.
func (s *Service) CallOperator(ctx context.Context, u enduser.User, id int64) error {
	if _, err := s.mine(ctx, u.ID, id); err != nil {
		return err
	}
	return s.change(ctx, id, markDisputed, id, s.now())
}

// change runs a guarded update of one order. An update that found another
// state than it wants tells which.
func (s *Service) change(ctx context.Context, id int64, sql string, args ...any) error {
	tag, err := s.d.DB.Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("exchange: change order: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return nil
	}
	o, err := selectOneOrder(ctx, s.d.DB, selectOrder, id)
	if err != nil {
		return named(err, "order")
	}
	return invalidState(o.Status)
}

// ConfirmReceived is the seller's word that the payment arrived: a paid or
// disputed order is completed, and the escrow is the buyer's. Faults as of
// ConfirmPaid.
func (s *Service) ConfirmReceived(ctx context.Context, u enduser.User, id int64) error {
	o, err := s.mine(ctx, u.ID, id)
	switch {
	case err != nil:
		return err
	case o.SellerID != u.ID:
		return ErrNotYours
	}
	return s.end(ctx, o, end{kind: byReceipt, by: user(u.ID), at: s.now()})
}

// Cancel ends a pending order, by either side. Of a disputed order it records
// that this side agrees to cancel; when both have agreed, the order is
// cancelled. Faults as of ConfirmPaid.
func (s *Service) Cancel(ctx context.Context, u enduser.User, id int64) error {
	o, err := s.mine(ctx, u.ID, id)
	if err != nil {
		return err
	}
	if o.Status != Disputed {
		return s.end(ctx, o, end{kind: byCancel, by: user(u.ID), at: s.now()})
	}
	if err := s.change(ctx, id, agreeToCancel, id, u.ID, s.now()); err != nil {
		return err
	}
	// Both may read here that both have agreed: one of them ends the order, and
	// for the other that is what was asked for.
	o, err = selectOneOrder(ctx, s.d.DB, selectOrder, id)
	switch {
	case err != nil:
		return named(err, "order")
	case o.Status == Cancelled && o.EndedBy == byAgreementOf:
		return nil
	case o.Status != Disputed:
		return invalidState(o.Status)
	case !o.BuyerCancels || !o.SellerCancels:
		return nil
	}
	err = s.end(ctx, o, end{kind: byAgreement, by: byAgreementOf, at: s.now()})
	if !errors.Is(err, ErrState) {
		return err
	}
	if now, look := selectOneOrder(ctx, s.d.DB, selectOrder, id); look == nil && now.Status == Cancelled && now.EndedBy == byAgreementOf {
		return nil
	}
	return err
}

// Who ends what no single person does.
const (
	byAgreementOf = "system:agreement"
	byWindowOf    = "system:window"
)
