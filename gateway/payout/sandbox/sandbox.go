package sandbox

import (
	"context"
	"time"

	"disburse/gateway/payout"
	"disburse/ledger"
)

// Name is the executor's name in the rows of payouts.
const Name = "sandbox"

// Delay is how long a payout to a requisite that ends in 0003 takes.
const Delay = 10 * time.Second

// Executor is the sandbox executor.
type Executor struct {
	// ReceiptBase leads the addresses of receipts, which end in the payout's id.
	ReceiptBase string
	Now         func() time.Time // default time.Now
}

var _ payout.Executor = Executor{}

// Name is always "sandbox".
func (Executor) Name() string { return Name }

// Mode is always sandbox: no live payout comes here.
func (Executor) Mode() ledger.Mode { return ledger.Sandbox }

// Accepts takes everything but what shall time out.
func (Executor) Accepts(p payout.Payout) bool { return p.LastFour != "0002" }

// Execute answers as the requisite asks for.
func (e Executor) Execute(ctx context.Context, in payout.Instruction) (payout.Result, error) {
	if err := ctx.Err(); err != nil {
		return payout.Result{}, err
	}
	return e.answer(in.Reference, in.Requisite[max(0, len(in.Requisite)-4):], 0), nil
}

// Lookup answers what Execute did, or would have.
func (e Executor) Lookup(ctx context.Context, sent payout.Sent) (payout.Result, error) {
	if err := ctx.Err(); err != nil {
		return payout.Result{}, err
	}
	now := time.Now
	if e.Now != nil {
		now = e.Now
	}
	return e.answer(sent.Reference, sent.LastFour, now().Sub(sent.At)), nil
}

func (e Executor) answer(reference, lastFour string, age time.Duration) payout.Result {
	switch {
	case lastFour == "0001":
		return payout.Result{Outcome: payout.Refused, Reason: "refused by the sandbox"}
	case lastFour == "0003" && age < Delay:
		return payout.Result{Outcome: payout.Pending, LookAfter: Delay - age}
	default:
		return payout.Result{Outcome: payout.Paid, Receipts: []string{e.ReceiptBase + reference}}
	}
}
