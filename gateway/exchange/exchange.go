package exchange

import (
	"slices"
	"time"

	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// Side says what the author of an ad wants.
type Side string

// The sides.
const (
	Buy  Side = "buy"  // the author buys; who answers sells, that is, withdraws
	Sell Side = "sell" // the author sells; who answers buys, that is, deposits
)

// Valid reports a known side.
func (s Side) Valid() bool { return s == Buy || s == Sell }

// Status is the state of an order.
type Status string

// The states.
const (
	Pending     Status = "pending"
	PaidByBuyer Status = "paid_by_buyer"
	Disputed    Status = "disputed"
	Completed   Status = "completed"
	Cancelled   Status = "cancelled"
)

// Statuses lists every state.
func Statuses() []Status { return []Status{Pending, PaidByBuyer, Disputed, Completed, Cancelled} }

// Valid reports a known state.
func (s Status) Valid() bool { return slices.Contains(Statuses(), s) }

// Final reports a state that never changes again.
func (s Status) Final() bool { return s == Completed || s == Cancelled }

// currency is what is traded: the users' balance.
const currency money.Currency = "RUB"

// Ad is one ad as it is stored. Amounts count what is traded, in kopecks.
type Ad struct {
	ID           int64
	UserID       int64
	Side         Side
	FiatCurrency string
	Rate         int64 // fiat for 100 of what is traded
	Min, Max     int64
	Remaining    int64
	Methods      []string
	Instructions string
	Window       time.Duration // for the payment
	Active       bool
	Version      int64 // grows with every edit
	CreatedAt    time.Time
	UpdatedAt    time.Time

	author  author
	details sealedDetails
}

// Exhausted reports an ad that has less left than it takes at least.
func (a Ad) Exhausted() bool { return a.Remaining < a.Min }

// author is what a public ad shows of its user.
type author struct {
	name, nickname string
	blocked        bool
	completed      int64
	rating         int64 // the average, in hundredths
}

// sealedDetails are payment details as they are stored: sealed, beside the form
// that operators and records may see. The zero value is none.
type sealedDetails struct {
	sealed vault.Sealed
	masked map[string]string
}

// Order is one order as it is stored.
type Order struct {
	ID           int64
	AdID         int64
	AdSide       Side
	BuyerID      int64
	SellerID     int64
	Amount       int64 // of what is traded, in kopecks: the escrow
	FiatAmount   int64
	FiatCurrency string
	Rate         int64
	Method       string
	Status       Status

	OperatorCalled              bool
	BuyerCancels, SellerCancels bool // agreed to cancel the dispute

	ClaimedBy      string // of the dispute; "" when nobody's
	LeaseExpiresAt time.Time
	EndedBy        string // "user:42", "operator:opr_...", "system:window"
	Note           string // of the operator's resolution

	CreatedAt, UpdatedAt time.Time
	PayBy                time.Time // the end of the payment window
	PaidAt               time.Time // zero before confirm-paid
	DisputedAt           time.Time
	EndedAt              time.Time

	details sealedDetails
}

// Taker is the one who answered the ad.
func (o Order) Taker() int64 {
	if o.AdSide == Buy {
		return o.SellerID
	}
	return o.BuyerID
}

// Escrowed is what is in escrow for the order now.
func (o Order) Escrowed() int64 {
	if o.Status.Final() {
		return 0
	}
	return o.Amount
}

// other is the counterpart of a participant.
func (o Order) other(userID int64) int64 {
	if userID == o.BuyerID {
		return o.SellerID
	}
	return o.BuyerID
}

// leased reports a claim of the dispute that is live.
func (o Order) leased(now time.Time) bool { return o.ClaimedBy != "" && o.LeaseExpiresAt.After(now) }

// DisputeLease is how long an operator's claim of a dispute lasts unless it is
// renewed by claiming again.
const DisputeLease = time.Hour

// disputeWindow is how long the seller has to confirm a payment.
const disputeWindow = 24 * time.Hour

// Obligation says what the escrow accounts must hold: what open orders sell.
var Obligation = ledger.Obligation{Purpose: ledger.PurposeEscrow, SQL: escrowObligation}
