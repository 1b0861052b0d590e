package gamewallet

import (
	"errors"
	"time"

	"disburse/gateway/fault"
)

// The faults of this package: the published codes. They match with errors.Is by
// kind and code.
var (
	ErrPlayerBlocked     = fault.New(fault.Rule, "ERROR_BAD_REQUEST_PLAYER_BLOCKED", "the player is blocked")
	ErrInvalidSession    = fault.New(fault.Rule, "ERROR_INVALID_SESSION", "there is no such session of this player")
	ErrSessionExpired    = fault.New(fault.Rule, "ERROR_SESSION_EXPIRED", "the session is over")
	ErrGameNotActive     = fault.New(fault.Rule, "ERROR_GAME_NOT_ACTIVE", "the game is not active")
	ErrInsufficientFunds = fault.New(fault.Rule, "ERROR_TRANSACTION_INSUFFICIENT_FUNDS", "the balance is too low")
	ErrLimitExceeded     = fault.New(fault.Rule, "ERROR_TRANSACTION_LIMIT_EXCEEDED", "the player's limit would be exceeded")
	ErrRealityCheck      = fault.New(fault.Rule, "ERROR_TRANSACTION_REALITY_CHECK", "the player has to be told how long this session has lasted")
	ErrDuplicate         = fault.New(fault.Rule, "ERROR_TRANSACTION_DUPLICATE", "this transactionId is that of another transaction")
	ErrWithdrawNotFound  = fault.New(fault.Rule, "ERROR_TRANSACTION_WITHDRAW_NOT_FOUND", "there is no withdraw of this id")
	ErrRolledBackBefore  = fault.New(fault.Rule, "ERROR_TRANSACTION_NOT_FOUND", "this withdraw was rolled back before it came")
	ErrRollbackNotFound  = fault.New(fault.Rule, "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", "there is no withdraw of this id to roll back")

	// ErrTimeout is for the provider to try again with the same transactionId.
	ErrTimeout = fault.New(fault.Unavailable, "ERROR_TIMEOUT", "temporarily unavailable, try again with the same transactionId").After(time.Second)

	errUnknownPlayer = badRequest("playerId is of no player")
	errCurrency      = badRequest("currency is not the player's")
	errRoundOver     = badRequest("the round is finished")
	errTooLarge      = badRequest("amount is too large")

	// errAgain is the failure of an attempt after which everything is looked at
	// anew: somebody else was first.
	errAgain = errors.New("gamewallet: overtaken")
)

// badRequest is a request that can never be taken, and why. The text never
// repeats a value.
func badRequest(why string) *fault.Error { return fault.New(fault.Rule, "ERROR_BAD_REQUEST", why) }
