package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/ledger"
	"disburse/ledger/money"
)

// endKind is one of the ways in which an order ends: each has its own guard.
type endKind int

const (
	byCancel     endKind = iota // by either side, of a pending order
	byWindow                    // a pending order ran out of time
	byAgreement                 // both sides of a disputed order
	byReceipt                   // the seller's word
	forTheBuyer                 // an operator
	forTheSeller                // an operator
)

// guard is the statement whose guard decides whether the end may happen.
func (k endKind) guard() string {
	switch k {
	case byCancel:
		return cancelPending
	case byWindow:
		return cancelOverdue
	case byAgreement:
		return cancelAgreed
	case byReceipt:
		return completeOrder
	case forTheBuyer:
		return completeClaim
	default:
		return cancelDispute
	}
}

// status is the state that the order ends in.
func (k endKind) status() Status {
	if k == byReceipt || k == forTheBuyer {
		return Completed
	}
	return Cancelled
}

// end is one of the ways to end, with who does it.
type end struct {
	kind  endKind
	by    string // "user:42", an operator's claim, "system:..."
	at    time.Time
	note  string
	audit *audit.Record // of what an operator decides
}

// same reports an end that an operator gave the order before, so that asking for
// it again is answered with success. A user's is refused: the order is in another
// state.
func (e end) same(o Order) bool {
	return (e.kind == forTheBuyer || e.kind == forTheSeller) && o.Status == e.kind.status() && o.EndedBy == e.by
}

// refuse says why this end is not possible for the order as it stands, nil when
// it is. The guard asks the same of the row.
func (o Order) refuse(e end) error {
	switch e.kind {
	case byCancel:
		if o.Status != Pending {
			return invalidState(o.Status)
		}
	case byWindow:
		if o.Status != Pending || o.PayBy.After(e.at) {
			return invalidState(o.Status)
		}
	case byAgreement:
		if o.Status != Disputed || !o.BuyerCancels || !o.SellerCancels {
			return invalidState(o.Status)
		}
	case byReceipt:
		if o.Status != PaidByBuyer && o.Status != Disputed {
			return invalidState(o.Status)
		}
	default:
		return o.refuseClaimant(e.by, e.at)
	}
	return nil
}

// refuseClaimant says why by does not hold the claim of the dispute.
func (o Order) refuseClaimant(by string, now time.Time) error {
	switch {
	case o.Status != Disputed:
		return invalidState(o.Status)
	case o.leased(now) && o.ClaimedBy != by:
		return ErrClaimedByOther
	case !o.leased(now):
		return ErrClaimRequired
	default:
		return nil
	}
}

// end ends an order. Whoever else is ending or changing it at the same time,
// one wins; the loser is told the state.
func (s *Service) end(ctx context.Context, o Order, e end) error {
	if e.same(o) {
		return nil
	}
	if err := o.refuse(e); err != nil {
		return err
	}
	receipt, err := s.d.Ledger.Post(ctx, o.endEntry(e.kind.status()), o.endRiders(e)...)
	if err == nil && !receipt.Replayed {
		if s.d.Observe.Ended != nil {
			s.d.Observe.Ended(e.kind.status(), e.at.Sub(o.CreatedAt))
		}
		return nil
	}
	return s.lost(ctx, o, e, err)
}

// endEntry is what an end does to the escrow. All ends share one reference, so
// only one of them can be posted.
func (o Order) endEntry(to Status) ledger.Entry {
	reference, amount := o.reference()+":end", money.New(o.Amount, currency)
	if to == Completed {
		return ledger.EscrowRelease(reference, enduser.Owner(o.SellerID), enduser.Owner(o.BuyerID), amount)
	}
	return ledger.EscrowReturn(reference, enduser.Owner(o.SellerID), amount)
}

// endRiders are what stands or falls with an end: the withdrawal's end, the
// guarded change, and for a completed order what it counts as.
func (o Order) endRiders(e end) []ledger.Rider {
	completed := e.kind.status() == Completed
	riders := []ledger.Rider{
		ledger.Rider(enduser.End(o.reference(), completed, e.at)),
	}
	if completed {
		riders = append(riders, ledger.Rider(enduser.CountDeposit(o.reference(), o.BuyerID, o.Amount, e.at)))
	}
	riders = append(riders, ledger.Rider{SQL: e.kind.guard(), Certain: true, Row: []any{o.ID, e.at, e.by, e.note}})
	if completed {
		riders = append(riders, ledger.Rider{SQL: showTraders, Certain: true, Row: []any{o.BuyerID, o.SellerID}})
	}
	if e.audit != nil {
		riders = append(riders, ledger.Rider(audit.Row(*e.audit)))
	}
	return riders
}

// lost answers an end that did not happen: what the row says now decides.
func (s *Service) lost(ctx context.Context, o Order, e end, cause error) error {
	var rider *ledger.RiderError
	switch {
	case cause == nil, errors.Is(cause, ledger.ErrReferenceReused), errors.As(cause, &rider) && rider.Missed():
	case errors.Is(cause, ledger.ErrBusy), errors.Is(cause, ledger.ErrUnavailable):
		return ErrBusy.With(cause)
	default:
		return fmt.Errorf("exchange: end order %d: %w", o.ID, cause)
	}
	now, err := selectOneOrder(ctx, s.d.DB, selectOrder, o.ID)
	if err != nil {
		return named(err, "order")
	}
	if e.same(now) {
		return nil
	}
	if err := now.refuse(e); err != nil {
		return err
	}
	// The row would allow it now, and did not a moment ago.
	return ErrBusy.With(cause)
}
