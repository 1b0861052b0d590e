package exchange

import (
	"time"

	"disburse/gateway/fault"
)

// The faults of this package beside the field faults of kind Invalid and those
// of enduser. They match with errors.Is by kind and code.
var (
	ErrAdNotFound    = fault.New(fault.NotFound, "NOT_FOUND", "ad not found")
	ErrNotYourAd     = fault.New(fault.Forbidden, "FORBIDDEN", "the ad belongs to somebody else")
	ErrDuplicateType = fault.New(fault.Rule, "DUPLICATE_AD_TYPE", "you already have an active ad of this type")
	ErrHasOpenOrders = fault.New(fault.Conflict, "HAS_OPEN_ORDERS", "the ad has open orders")

	ErrAdNotActive   = fault.New(fault.Rule, "AD_NOT_ACTIVE", "the ad is no longer active")
	ErrOwnAd         = fault.New(fault.Rule, "OWN_AD", "you cannot answer your own ad")
	ErrMethod        = fault.New(fault.Rule, "INVALID_PAYMENT_METHOD", "the ad does not accept this payment method")
	ErrTooLow        = fault.New(fault.Rule, "AMOUNT_TOO_LOW", "the amount is below the ad's minimum")
	ErrTooHigh       = fault.New(fault.Rule, "AMOUNT_TOO_HIGH", "the amount is above the ad's maximum")
	ErrExceeds       = fault.New(fault.Rule, "AMOUNT_EXCEEDS_AVAILABLE", "the amount exceeds what is left of the ad")
	ErrTooSmall      = fault.New(fault.Rule, "AMOUNT_TOO_SMALL", "the amount comes to nothing at the ad's rate")
	ErrWithdrawOpen  = fault.New(fault.Rule, "ACTIVE_WITHDRAW_ORDER_EXISTS", "you already have an active withdrawal order")
	ErrDepositOpen   = fault.New(fault.Rule, "ACTIVE_DEPOSIT_ORDER_EXISTS", "you already have an active deposit order")
	ErrSellerShort   = fault.New(fault.Rule, "SELLER_INSUFFICIENT_BALANCE", "the seller's balance does not cover the escrow")
	ErrOrderNotFound = fault.New(fault.NotFound, "ORDER_NOT_FOUND", "order not found")
	ErrNotYours      = fault.New(fault.Forbidden, "FORBIDDEN", "you take no part in this order, or not the part that may do this")
	ErrState         = fault.New(fault.Conflict, "INVALID_STATE", "the order is in another state")

	ErrInvalidRating = fault.New(fault.Rule, "INVALID_RATING", "the rating must be a whole number from 1 to 5")
	ErrNotCompleted  = fault.New(fault.Rule, "ORDER_NOT_COMPLETED", "only a completed order can be rated")
	ErrAlreadyRated  = fault.New(fault.Rule, "ALREADY_RATED", "you have rated this order already")

	ErrKeyReused = fault.New(fault.Conflict, "IDEMPOTENCY_KEY_REUSED", "the Idempotency-Key was used with another request")
	ErrBusy      = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)

	ErrClaimRequired  = fault.New(fault.Conflict, "claim_required", "claim the dispute first")
	ErrClaimedByOther = fault.New(fault.Conflict, "claimed_by_other", "the dispute is claimed by somebody else")
)

// invalidState tells the state that stands in the way.
func invalidState(s Status) error {
	e := *ErrState
	e.Message = "the order is " + string(s)
	return &e
}
