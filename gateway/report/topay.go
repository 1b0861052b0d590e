package report

import (
	"context"
	"fmt"
	"time"

	"disburse/ledger"
)

// PaidAtMost is how many payouts the time to pay is told of: all would take
// seconds where there are a million.
const PaidAtMost = 20_000

// ToPay is how long payouts took from the request to the payment: the newest that
// were paid in a span, PaidAtMost at the most.
type ToPay struct {
	Of         int // how many these are
	Half, Most time.Duration
}

// Newest reports that the span has more of them than were looked at.
func (t ToPay) Newest() bool { return t.Of == PaidAtMost }

type payKey struct {
	mode ledger.Mode
	span string
}

// ToPay reads how long half and nine in ten of the payouts of a span took at the
// most. Both are times that a payout really took.
func (r *Reader) ToPay(ctx context.Context, mode ledger.Mode, span Span) (ToPay, error) {
	r.mu.Lock()
	kept := r.paid[payKey{mode, span.Name}]
	if kept == nil {
		kept = new(cached[ToPay])
		r.paid[payKey{mode, span.Name}] = kept
	}
	r.mu.Unlock()
	return kept.get(ctx, r.d.Now, keepPaid, func(ctx context.Context) (t ToPay, err error) {
		var half, most float64 // seconds, to show
		if err := r.d.DB.QueryRow(ctx, selectToPay, string(mode), span.first(r.d.Now()), PaidAtMost).Scan(&t.Of, &half, &most); err != nil {
			return ToPay{}, fmt.Errorf("report: time to pay: %w", err)
		}
		t.Half, t.Most = seconds(half), seconds(most)
		return t, nil
	})
}
