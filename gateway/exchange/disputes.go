package exchange

import (
	"context"

	"disburse/gateway/chat"
	"disburse/gateway/page"
)

// Whom a dispute can be resolved to.
const (
	ToBuyer  = "buyer"
	ToSeller = "seller"
)

// DisputeFilter narrows the list of open disputes.
type DisputeFilter struct {
	Cursor string
	Limit  int // 1 to 100, default 50
}

// Disputes lists the open disputes, the oldest order first. Faults:
// invalid_request.
func (s *Service) Disputes(ctx context.Context, f DisputeFilter) (page.Page[DisputeView], error) {
	return page.Page[DisputeView]{}, errNotYet
}

// DisputeByID reads an order that is or was in dispute, for operators. Whoever
// holds the claim sees the payment details in full, which is audited. Faults:
// ORDER_NOT_FOUND.
func (s *Service) DisputeByID(ctx context.Context, id int64) (DisputeView, error) {
	return DisputeView{}, errNotYet
}

// ClaimDispute gives the dispute to the actor of ctx, for DisputeLease; claiming
// again renews it. Faults: ORDER_NOT_FOUND, INVALID_STATE, claimed_by_other,
// unavailable.
func (s *Service) ClaimDispute(ctx context.Context, id int64) (DisputeView, error) {
	return DisputeView{}, errNotYet
}

// ReleaseDispute gives the claim back. Faults: ORDER_NOT_FOUND, INVALID_STATE,
// claim_required, claimed_by_other, unavailable.
func (s *Service) ReleaseDispute(ctx context.Context, id int64) error { return errNotYet }

// Resolve ends a dispute that the actor of ctx has claimed: to the buyer it is
// completed, to the seller it is cancelled. Faults: invalid_request,
// ORDER_NOT_FOUND, INVALID_STATE, claim_required, claimed_by_other, unavailable.
func (s *Service) Resolve(ctx context.Context, id int64, to, note string) (DisputeView, error) {
	return DisputeView{}, errNotYet
}

// DisputeMessages lists the messages of an order that is or was in dispute.
// Faults: invalid_request, ORDER_NOT_FOUND.
func (s *Service) DisputeMessages(ctx context.Context, id int64, limit, offset int) ([]chat.Message, error) {
	return nil, errNotYet
}

// SayInDispute posts a message of the actor of ctx, an operator. Faults:
// ORDER_NOT_FOUND, INVALID_STATE, INVALID_MESSAGE, unavailable.
func (s *Service) SayInDispute(ctx context.Context, id int64, text string) (int64, error) {
	return 0, errNotYet
}
