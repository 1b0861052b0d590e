package virtualcard

import (
	"time"

	"disburse/gateway/fault"
)

// The faults of this package beside *InvalidError. They match with errors.Is by
// kind and code; the messages are the published ones, to the letter.
var (
	ErrCardNotFound = fault.New(fault.NotFound, "CARD_NOT_FOUND", "Card not found or access denied")
	ErrBINNotFound  = fault.New(fault.Rule, "BIN_NOT_FOUND", "Bin not found")
	ErrPlanNotFound = fault.New(fault.Rule, "PLAN_NOT_FOUND", "Card plan not found")
	ErrCoupon       = fault.New(fault.Rule, "COUPON_NOT_FOUND", "Coupon not found")

	ErrNotReady     = fault.New(fault.Rule, "CARD_NOT_READY", "Card is not ready for withdrawals")
	ErrNotFrozen    = fault.New(fault.Rule, "CARD_NOT_FROZEN", "Only frozen cards can be unfrozen")
	ErrFrozen       = fault.New(fault.Rule, "CARD_ALREADY_FROZEN", "Card is already frozen")
	ErrClosed       = fault.New(fault.Rule, "CARD_ALREADY_CLOSED", "Card is already closed")
	ErrCooldown     = fault.New(fault.RateLimited, "COOLDOWN", "Please wait 15 minutes between withdrawals")
	ErrCardShort    = fault.New(fault.Rule, "INSUFFICIENT_CARD_BALANCE", "Insufficient card balance")
	ErrInsufficient = fault.New(fault.Rule, "INSUFFICIENT_BALANCE", "Insufficient balance")
	ErrCardLimit    = fault.New(fault.Rule, "CARD_LIMIT_EXCEEDED", "Card limit exceeded")
	// ErrDeclined has the provider's reason as its message.
	ErrDeclined = fault.New(fault.Rule, "DECLINED", "The card provider declined")
	// ErrProvider is told when the provider was not reached, or when what it did
	// is not known yet.
	ErrProvider = fault.New(fault.Upstream, "PROVIDER_UNAVAILABLE", "Card provider is unavailable")
	ErrReused   = fault.New(fault.Conflict, "IDEMPOTENCY_KEY_REUSED", "the Idempotency-Key was used with another request")
	ErrBusy     = fault.New(fault.Unavailable, "unavailable", "temporarily unavailable").After(time.Second)
)
