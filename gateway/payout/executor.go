package payout

import (
	"context"
	"time"

	"disburse/ledger"
	"disburse/ledger/money"
)

// Outcome is what is known about an instruction.
type Outcome string

// The outcomes. Paid and Refused are certain and end the payout; the others
// lead to a later Lookup.
const (
	Paid    Outcome = "paid"
	Refused Outcome = "refused"
	Pending Outcome = "pending"
	Unknown Outcome = "unknown"
)

// Executor pays payouts. Package executortest holds the rules that every
// executor must keep.
type Executor interface {
	// Name is 1 to 32 of [a-z0-9-] and never changes: it stands in the rows of
	// the payouts that were sent.
	Name() string
	// Mode is the one whose payouts the executor may be given.
	Mode() ledger.Mode
	// Accepts says whether the executor takes this payout. It must be quick and
	// have no effect. A payout that is not accepted is offered again later.
	Accepts(p Payout) bool
	// Execute pays, or begins to. It is called at most once for a reference, and
	// its error, like the end of ctx, means that the outcome is unknown.
	Execute(ctx context.Context, in Instruction) (Result, error)
	// Lookup tells what became of an instruction and must have no effect. For one
	// that it has never seen it answers Unknown, unless the executor can rule
	// out that it still arrives: then Refused.
	Lookup(ctx context.Context, sent Sent) (Result, error)
}

// Instruction is one payout to be paid. Requisite is in clear: it must not reach
// logs or errors.
type Instruction struct {
	Reference   string // the payout's id; unique for ever
	Method      Method
	Amount      money.Money
	Requisite   string
	BankName    string
	BIK         string
	FullName    string
	Customer    string
	Description string
	ExpiresAt   time.Time
}

// Sent names an instruction that was handed to an executor earlier, by whatever
// process.
type Sent struct {
	Reference string
	Method    Method
	Amount    money.Money
	LastFour  string // of the requisite
	At        time.Time
}

// Result is an executor's answer.
type Result struct {
	Outcome   Outcome
	Receipts  []string      // with Paid: addresses of receipts, may be empty
	Reason    string        // with Refused: why, for operators
	LookAfter time.Duration // with Pending and Unknown: when to ask; zero leaves it to the gateway
}
