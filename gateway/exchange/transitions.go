package exchange

import (
	"context"

	"disburse/gateway/enduser"
)

// ConfirmPaid is the buyer's word that he paid: pending becomes paid_by_buyer.
// Faults: ORDER_NOT_FOUND, FORBIDDEN, INVALID_STATE, unavailable.
func (s *Service) ConfirmPaid(ctx context.Context, u enduser.User, id int64) error { return errNotYet }

// ConfirmReceived is the seller's word that the payment arrived: a paid or
// disputed order is completed, and the escrow is the buyer's. Faults as of
// ConfirmPaid.
func (s *Service) ConfirmReceived(ctx context.Context, u enduser.User, id int64) error {
	return errNotYet
}

// Cancel ends a pending order, by either side. Of a disputed order it records
// that this side agrees to cancel; when both have agreed, the order is
// cancelled. Faults as of ConfirmPaid.
func (s *Service) Cancel(ctx context.Context, u enduser.User, id int64) error { return errNotYet }

// CallOperator makes a dispute of a paid order, by either side. Faults as of
// ConfirmPaid.
func (s *Service) CallOperator(ctx context.Context, u enduser.User, id int64) error {
	return errNotYet
}
