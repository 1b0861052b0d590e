package payout

import (
	"errors"
	"time"

	"disburse/gateway/fault"
)

// The faults of this package beside the field faults of kind Invalid. They
// match with errors.Is by kind and code.
var (
	ErrLowBalance     = fault.New(fault.InsufficientFunds, "low_balance", "low balance")
	ErrMethodDisabled = fault.New(fault.Forbidden, "method_disabled", "this payment method is disabled for your merchant")
	ErrNotFound       = fault.New(fault.NotFound, "not_found", "payout not found")
	ErrOrderIDReused  = fault.New(fault.Conflict, "order_id_reused", "order_id already used with different parameters")
	ErrInProgress     = fault.New(fault.Conflict, "in_progress", "payout is being executed and can no longer be cancelled")
	ErrAlreadyFinal   = fault.New(fault.Conflict, "already_final", "payout is already final")
	ErrOverloaded     = fault.New(fault.Unavailable, "overloading_requisite", "overloading requisite").After(overloadRetry)
	ErrBusy           = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)

	ErrClaimRequired  = fault.New(fault.Conflict, "claim_required", "claim the payout first")
	ErrClaimedByOther = fault.New(fault.Conflict, "claimed_by_other", "payout is claimed by somebody else")
	ErrLeaseExpired   = fault.New(fault.Conflict, "lease_expired", "the lease of your claim has expired")
	// ErrAwaitingApproval: nothing can be done with it but to approve it, to refuse it and
	// to take the report back.
	ErrAwaitingApproval = fault.New(fault.Conflict, "awaiting_approval", "the payout is reported as paid and waits for a second person")
	ErrNotAwaiting      = fault.New(fault.Conflict, "not_awaiting_approval", "the payout does not wait for a second person")
	ErrUnresolved       = fault.New(fault.Conflict, "execution_unresolved", "the payout was just sent to an executor, which has not answered yet; try again in a moment")

	ErrReceiptNotFound = fault.New(fault.NotFound, "not_found", "receipt not found")
	ErrReceiptTooLarge = fault.New(fault.InvalidInput, "too_large", "receipt is larger than 5 MiB")
	ErrReceiptType     = fault.New(fault.InvalidInput, "unsupported_receipt", "receipt must be a PDF, PNG or JPEG file")
	ErrReceiptCount    = fault.New(fault.Conflict, "too_many_receipts", "the payout has as many receipts as it may have")
)

// overloadRetry is the Retry-After at the bound of capacity: payouts end within
// minutes, so asking sooner is of little use.
const overloadRetry = 30 * time.Second

var errNotDue = errors.New("payout: its time is not over")

func alreadyFinal(s Status) error {
	e := *ErrAlreadyFinal
	e.Message = "payout is already " + string(s)
	return &e
}
