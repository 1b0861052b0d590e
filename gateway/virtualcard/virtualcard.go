package virtualcard

import (
	"time"

	"disburse/ledger/money"
)

// USD is the currency of every card and of the wallet that pays for them.
const USD money.Currency = "USD"

// Status is how a card stands.
type Status string

// The states. A closed card stays closed. One that failed was never issued, and
// nobody is shown it.
const (
	StatusProcessing Status = "processing" // the provider has not said yet that it is issued
	StatusActive     Status = "active"
	StatusFrozen     Status = "frozen"
	StatusClosed     Status = "closed"
	StatusFailed     Status = "failed"
)

// Card is a virtual card as we know it: its balance is what the provider said
// last, with what was moved since.
type Card struct {
	ID          string // a UUID, ours
	UserID      int64
	Name        string
	Status      Status
	Balance     money.Money
	Deposit     money.Money // what was ever put on it
	LastFour    string      // "" while it is processing
	Category    string      // "wallet" or "online"; "" while it is processing
	Address     Address
	BIN         BIN
	PlanID      int64
	CooldownEnd time.Time // before it no withdrawal; zero when there was none
	CreatedAt   time.Time
	UpdatedAt   time.Time

	providerID string // "" while it is processing
	version    int64
	// Whether a withdrawal, or a change of the status, is under way.
	withdrawing, changing bool
}

// BIN is a kind of card that can be asked for: the first digits of its number
// and what goes with them.
type BIN struct {
	ID             string // a UUID
	Digits         string
	Network        string // "master" or "visa"
	ThreeDS        bool
	Wallet         bool // may be added to a phone's wallet
	Country        string
	InitialBalance money.Money // what a new card has on it, paid by its user
}

// Plan is the terms of a card.
type Plan struct {
	ID          int64
	Name        string
	Description string
	Limit       money.Money // what a card may hold after a top-up
	CreationFee money.Money
	CreatedAt   time.Time
}

// Kind is what an operation does.
type Kind string

// The kinds. An issue is a create that the platform pays.
const (
	KindCreate   Kind = "create"
	KindIssue    Kind = "issue"
	KindTopUp    Kind = "topup"
	KindWithdraw Kind = "withdraw"
	KindFreeze   Kind = "freeze"
	KindUnfreeze Kind = "unfreeze"
	KindClose    Kind = "close"
)

// State is how far an operation has come.
type State string

// The states. Done and declined never change again.
const (
	Pending  State = "processing" // asked of the provider, or about to be
	Done     State = "done"
	Declined State = "declined" // nothing has moved
)

// TopUpResult is a top-up that is done.
type TopUpResult struct {
	CardID         string
	TransactionID  string
	InvoiceID      int64
	WalletBalance  money.Money
	TotalCharged   money.Money // the amount and the fee
	PlatformFee    money.Money
	NewCardBalance money.Money
}

// WithdrawResult is a withdrawal that is done.
type WithdrawResult struct {
	CardID          string
	TransactionID   string
	InvoiceID       int64
	WalletBalance   money.Money
	NewCardBalance  money.Money
	AmountWithdrawn money.Money
}

// CloseResult is a card that is closed. The ids are nil when there was nothing
// on it.
type CloseResult struct {
	CardID           string
	BalanceWithdrawn money.Money
	TransactionID    *string
	InvoiceID        *int64
	NewWalletBalance money.Money
}

// Transaction is one line of what was moved or paid.
type Transaction struct {
	ID          string // a UUID
	CardID      string
	CardName    string
	Status      string // "Approved", "Declined" or "Pending"
	Side        string // "Credit" or "Debit", as the card sees it; a fee is a debit
	Amount      money.Money
	Type        string // "initial_balance", "creation_fee", "topup", "topup_fee", "withdraw", "close"
	LastFour    string
	DeclineCode *string // the provider's reason
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// TransactionQuery says which page of the transactions is meant: from 1, of 1
// to 100 items, of one card or of all ("").
type TransactionQuery struct {
	Page, Limit int
	CardID      string
}

// TransactionPage is a page of transactions, newest first.
type TransactionPage struct {
	Items              []Transaction
	Page, Limit, Total int
	TotalPages         int
	HasNext, HasPrev   bool
}

// Wallet is what a user can spend on cards.
type Wallet struct {
	Balance   money.Money
	UpdatedAt time.Time
}

// Exception is an operation that did not end in the time of its call.
type Exception struct {
	Kind       Kind   `json:"kind"`
	ID         string `json:"id"` // the transaction's
	CardID     string `json:"card_id"`
	UserID     int64  `json:"user_id"`
	State      string `json:"state"` // "processing", or "contradicted": the provider took back what it said
	Amount     string `json:"amount"`
	Note       string `json:"note"`
	AgeSeconds int64  `json:"age_seconds"`
	ApprovalID string `json:"approval_id,omitzero"` // of the end that somebody has asked for
}
