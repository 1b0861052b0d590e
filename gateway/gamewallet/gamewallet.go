package gamewallet

import (
	"time"

	"disburse/ledger/money"
)

// Literal is an amount as it stands in the JSON text: "12.50". Empty is absent
// or null.
type Literal string

// BalanceRequest asks what a player has.
type BalanceRequest struct {
	PlayerID, SessionID, Currency string
}

// BetRequest takes a stake from a player. Amount is CashAmount and Jackpot
// together.
type BetRequest struct {
	PlayerID, SessionID, Currency string
	GameID, RoundID               string
	TransactionID                 string
	Campaign                      string // of free spins, empty for none
	Amount, CashAmount, Jackpot   Literal
	RoundFinished                 bool
}

// WinRequest pays a player what a withdraw won. Amount is CashAmount and
// Jackpot together.
type WinRequest struct {
	PlayerID, SessionID, Currency string
	GameID, RoundID               string
	TransactionID                 string
	WithdrawTransactionID         string // may be empty for a campaign
	Campaign                      string // of free spins, empty for none
	Amount, CashAmount, Jackpot   Literal
	RoundFinished                 bool
	FreeSpinsConsumed             *bool
}

// RollbackRequest undoes a withdraw.
type RollbackRequest struct {
	PlayerID, SessionID   string
	Currency              string // may be empty
	GameID, RoundID       string
	TransactionID         string // of the rollback itself
	WithdrawTransactionID string // what is to be undone
	Campaign              string // of free spins, empty for none
}

// Kind is the sort of a transaction.
type Kind string

// The kinds. A tombstone stands where the withdraw of an unknown rollback would
// be.
const (
	Withdraw  Kind = "withdraw"
	Deposit   Kind = "deposit"
	Rollback  Kind = "rollback"
	Tombstone Kind = "tombstone"
)

// State is what has become of a transaction.
type State string

// The states; doc.go draws how they follow each other.
const (
	Open       State = "open"        // a withdraw that nothing has answered yet
	Settled    State = "settled"     // a withdraw that a deposit names
	RolledBack State = "rolled_back" // a withdraw that was undone
	Done       State = "done"        // a deposit, or a rollback that gave a stake back
	Repeated   State = "repeated"    // a rollback of what was undone before
	NotFound   State = "not_found"   // a rollback that found nothing to undo
	Barred     State = "barred"      // a tombstone: this withdraw never happens
)

// Transaction is one call of a provider as it stands.
type Transaction struct {
	ID                    int64
	Provider, PlayerID    string // by the names they have outside
	UserID                int64
	Kind                  Kind
	State                 State
	TransactionID         string
	WithdrawTransactionID string // of a deposit or a rollback, empty for none
	GameID, RoundID       string
	Campaign              string
	Amount, Jackpot       money.Money // Jackpot is a part of Amount
	Bonus                 money.Money // the part of a stake that was bonus money
	RoundFinished         bool
	FreeSpinsConsumed     *bool
	CreatedAt             time.Time
	EndedAt               *time.Time // of a withdraw: when it was settled or undone
}

// Round is a round of a game as it stands.
type Round struct {
	ID                     int64
	Provider, PlayerID     string
	UserID                 int64
	GameID, RoundID        string
	Bets, Wins, RolledBack int64       // how many; RolledBack of the Bets
	Staked, Won            money.Money // what was rolled back is not staked
	OpenedAt               time.Time
	FinishedAt             *time.Time
}
