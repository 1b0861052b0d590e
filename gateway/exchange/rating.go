package exchange

import (
	"context"

	"disburse/gateway/enduser"
)

// Rate gives the counterpart of a completed order 1 to 5 stars, once. Faults:
// ORDER_NOT_FOUND, FORBIDDEN, INVALID_RATING, ORDER_NOT_COMPLETED,
// ALREADY_RATED, unavailable.
func (s *Service) Rate(ctx context.Context, u enduser.User, id int64, stars int64) error {
	return errNotYet
}
