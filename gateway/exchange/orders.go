package exchange

import (
	"context"

	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
)

// OrderRequest is the answer to an ad, as on the wire.
type OrderRequest struct {
	AdID           int64             `json:"ad_id"`
	USDTAmount     int64             `json:"usdt_amount"`
	PaymentMethod  string            `json:"payment_method"`
	PaymentDetails map[string]string `json:"payment_details"`
}

// CreateOrder answers an ad and locks the seller's money, and returns the
// order's id. A request whose key made an order before is answered with that
// order's id.
//
// Faults, in the order of the checks: invalid_request, FORBIDDEN (a blocked
// user), AD_NOT_ACTIVE, OWN_AD, INVALID_PAYMENT_METHOD, AMOUNT_TOO_LOW,
// AMOUNT_TOO_HIGH, AMOUNT_EXCEEDS_AVAILABLE, AMOUNT_TOO_SMALL,
// MIN_DEPOSIT_REQUIRED, WAGERING_REQUIREMENT_NOT_MET,
// ACTIVE_WITHDRAW_ORDER_EXISTS or ACTIVE_DEPOSIT_ORDER_EXISTS,
// SELLER_INSUFFICIENT_BALANCE; and IDEMPOTENCY_KEY_REUSED, unavailable.
func (s *Service) CreateOrder(ctx context.Context, u enduser.User, req OrderRequest, key idempotency.Key) (int64, error) {
	return 0, errNotYet
}

// MyOrders lists the orders that a user takes part in, newest first. status may
// be empty. Faults: invalid_request.
func (s *Service) MyOrders(ctx context.Context, userID int64, status string, limit, offset int) ([]OrderView, error) {
	return nil, errNotYet
}

// OrderByID reads an order in the detail view. Faults: ORDER_NOT_FOUND,
// FORBIDDEN.
func (s *Service) OrderByID(ctx context.Context, u enduser.User, id int64) (OrderView, error) {
	return OrderView{}, errNotYet
}

// UpdateDetails replaces the seller's payment details while the order is
// pending. Faults: invalid_request, ORDER_NOT_FOUND, FORBIDDEN, INVALID_STATE,
// unavailable.
func (s *Service) UpdateDetails(ctx context.Context, u enduser.User, id int64, details map[string]string) error {
	return errNotYet
}

// Say posts a message of a participant and returns its id. Faults:
// ORDER_NOT_FOUND, FORBIDDEN, INVALID_MESSAGE, IDEMPOTENCY_KEY_REUSED,
// unavailable.
func (s *Service) Say(ctx context.Context, u enduser.User, id int64, text string, key idempotency.Key) (int64, error) {
	return 0, errNotYet
}

// Messages lists the messages of an order, oldest first, with the order's
// state. limit is 1 to 100, default 50. Faults: invalid_request,
// ORDER_NOT_FOUND, FORBIDDEN.
func (s *Service) Messages(ctx context.Context, u enduser.User, id int64, limit, offset int) ([]chat.Message, Status, error) {
	return nil, "", errNotYet
}
