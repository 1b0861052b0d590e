package cardorder

import (
	"time"

	"disburse/gateway/fault"
)

// The faults of this package beside the field faults of kind InvalidInput. They
// match with errors.Is by kind and code. Those of users' prerequisites are in
// package enduser.
var (
	ErrNotFound       = fault.New(fault.NotFound, "ORDER_NOT_FOUND", "order not found")
	ErrDisabled       = fault.New(fault.Rule, "CARD_DISABLED", "card payments are temporarily unavailable")
	ErrMissingDetails = fault.New(fault.Rule, "MISSING_PAYMENT_DETAILS", "a withdrawal needs payment_details with a card_number")
	ErrAmountTooLow   = fault.New(fault.Rule, "AMOUNT_TOO_LOW", "the amount is below the limit")
	ErrAmountTooHigh  = fault.New(fault.Rule, "AMOUNT_TOO_HIGH", "the amount is above the limit")
	ErrActiveOrder    = fault.New(fault.Rule, "ACTIVE_ORDER_EXISTS", "you already have an active card order of this type")
	ErrInsufficient   = fault.New(fault.Rule, "INSUFFICIENT_BALANCE", "the available balance is too low")
	ErrInvalidState   = fault.New(fault.Conflict, "INVALID_STATE", "the order does not allow this any more")
	ErrKeyReused      = fault.New(fault.Conflict, "IDEMPOTENCY_KEY_REUSED", "the Idempotency-Key was used with another request")
	ErrBusy           = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)

	// Operators alone meet these.
	ErrClaimedByOther = fault.New(fault.Conflict, "claimed_by_other", "the order is claimed by somebody else")
	ErrClaimRequired  = fault.New(fault.Conflict, "claim_required", "you do not hold the claim of this order")
)

// invalidState tells what stands against a change: the state by its name, and
// the claim where it may be that.
func (o Order) invalidState() error {
	e := *ErrInvalidState
	e.Message = "the " + string(o.Type) + " order is " + string(o.Status)
	if o.Status == Pending && o.ClaimedBy != "" {
		e.Message += " and an operator is working on it"
	}
	return &e
}
