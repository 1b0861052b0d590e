package payout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/ledger"
)

// endKind is who ends a payout: each has its own guard.
type endKind int

const (
	byClaimant endKind = iota
	byMerchant
	byTimeout
	byExecutor
	byApprover
)

func (k endKind) guard() string {
	switch k {
	case byMerchant:
		return endByMerchant
	case byTimeout:
		return endByTimeout
	case byExecutor:
		return endByExecutor
	case byApprover:
		return endByApprover
	default:
		return endByClaimant
	}
}

// timeoutActor ends what ran out of time.
const timeoutActor = "system:timeout"

// end is one of the ways to end, with who does it.
type end struct {
	to      Status
	by      string // claimant, "merchant:..." or timeoutActor
	at      time.Time
	kind    endKind
	reason  string
	cheques []string
	audit   *audit.Record // for ends that a person decides
	// decision is the second person's, nil where one is enough.
	decision *approval.Decision
}

// finish ends a payout and returns it as it then stands. Whoever else is ending
// it at the same time, one wins; the loser learns how it ended. An end that the
// payout already has, by the same actor, is answered like the first time.
func (s *Service) finish(ctx context.Context, p Payout, e end) (Payout, error) {
	if p.same(e) {
		return p, nil
	}
	if err := p.refuse(e); err != nil {
		return p, err
	}
	riders, err := s.endRiders(ctx, p, e)
	if err != nil {
		return p, err
	}
	receipt, err := s.d.Ledger.Post(ctx, p.endEntry(e.to), riders...)
	if err == nil && !receipt.Replayed {
		after := p.ended(e)
		if s.d.Observe.Ended != nil {
			s.d.Observe.Ended(p.Mode, e.to, after.EndedAt.Sub(p.CreatedAt))
		}
		return after, nil
	}
	return s.lost(ctx, p, e, err)
}

// endEntry is what an end does to the money. All ends share one reference.
func (p Payout) endEntry(to Status) ledger.Entry {
	if to == Successful {
		return ledger.PayoutSettle(endReference(p.ID), p.Mode, p.MerchantID, p.USDT, p.Fee)
	}
	return ledger.PayoutRelease(endReference(p.ID), p.Mode, p.MerchantID, p.Spent())
}

// ended is the payout after its end, which is never before its beginning: clocks
// differ, and step back. Leases and times are judged by e.at as it is.
func (p Payout) ended(e end) Payout {
	at := e.at
	if at.Before(p.CreatedAt) {
		at = p.CreatedAt
	}
	p.Status, p.EndedAt, p.UpdatedAt, p.EndedBy = e.to, at, at, e.by
	p.Reason, p.Cheques = e.reason, e.cheques
	p.ClaimedBy, p.LeaseExpiresAt = "", time.Time{}
	return p
}

// lost answers an end that did not happen now. What the row says decides: the
// posting may have been refused because another end stands, because this very
// end stood already, or because the claim went away meanwhile.
func (s *Service) lost(ctx context.Context, p Payout, e end, cause error) (Payout, error) {
	var rider *ledger.RiderError
	switch {
	case cause == nil, errors.Is(cause, ledger.ErrReferenceReused), errors.As(cause, &rider) && rider.Err == nil:
	case errors.Is(cause, ledger.ErrBusy), errors.Is(cause, ledger.ErrUnavailable):
		return p, ErrBusy.With(cause)
	default:
		return p, fmt.Errorf("payout: end %s: %w", p.ID, cause)
	}
	now, err := selectPayout(ctx, s.d.DB, selectByID, p.ID)
	if err != nil {
		return p, fmt.Errorf("payout: read back: %w", err)
	}
	if now.same(e) {
		return now, nil
	}
	if err := now.refuse(e); err != nil {
		return now, err
	}
	if e.decision != nil {
		if err := approval.Why(ctx, s.d.DB, *e.decision); err != nil {
			return now, err
		}
	}
	// The row would allow it now, and did not a moment ago.
	return now, ErrBusy.With(cause)
}

// endRiders are the rows that stand or fall with an end: the guarded change,
// the callback, the line of the timeline, the audit record.
func (s *Service) endRiders(ctx context.Context, p Payout, e end) ([]ledger.Rider, error) {
	m, err := s.d.Merchants.ByID(ctx, p.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("payout: merchant of %s: %w", p.ID, err)
	}
	var cheques *string
	if len(e.cheques) > 0 {
		raw, err := json.Marshal(e.cheques)
		if err != nil {
			return nil, fmt.Errorf("payout: cheques: %w", err)
		}
		text := string(raw)
		cheques = &text
	}
	after := p.ended(e)
	staged, err := s.callback(m, after)
	if err != nil {
		return nil, err
	}
	riders := []ledger.Rider{
		{SQL: e.kind.guard(), Row: []any{p.ID, string(e.to), e.at, e.by, e.reason, cheques}},
		{SQL: staged.SQL, Row: staged.Row, Certain: true},
		eventRider(p.ID, after.EndedAt, string(e.to), e.by, e.reason),
	}
	if e.decision != nil {
		riders = append(riders, ledger.Rider(e.decision.Statement(ctx)))
	}
	if e.audit != nil {
		row := audit.Row(*e.audit)
		riders = append(riders, ledger.Rider{SQL: row.SQL, Row: row.Row, Certain: true})
	}
	return riders, nil
}

func eventRider(id string, at time.Time, kind, actor, note string) ledger.Rider {
	return ledger.Rider{SQL: insertEvents, Row: []any{id, at, kind, actor, note}, Certain: true}
}
