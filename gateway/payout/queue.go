package payout

import (
	"context"
	"fmt"

	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/ledger"
)

// Lane is a part of the work that open payouts make.
type Lane string

// The lanes.
const (
	// LaneWaiting is what a person is to execute, whoever holds it.
	LaneWaiting Lane = "waiting"
	// LaneClaimed is what one claimant holds, or held until its lease ended.
	LaneClaimed Lane = "claimed"
	// LaneApproval is what waits for a second person.
	LaneApproval Lane = "approval"
)

// QueueFilter says which open payouts to show. The fields after Claimant narrow
// LaneWaiting alone.
type QueueFilter struct {
	Lane       Lane
	Claimant   string      // of LaneClaimed
	Mode       ledger.Mode // both when empty
	Currency   string      // "rub"
	Method     Method
	MerchantID string
	MinAmount  string // fiat literals, included; they need Currency
	MaxAmount  string
	Cursor     string
	Limit      int // 1..500, 50 when zero or below
}

// Queue reads a page of open payouts, the oldest first: in the order in which
// Claim hands them out. Faults: invalid_request.
func (s *Service) Queue(ctx context.Context, f QueueFilter) (Page, error) {
	if err := f.check(); err != nil {
		return Page{}, err
	}
	low, high, err := ClaimFilter{Currency: f.Currency, Method: f.Method, Mode: f.Mode, MinAmount: f.MinAmount, MaxAmount: f.MaxAmount}.bounds()
	if err != nil {
		return Page{}, err
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	sql, args := f.statement(limit+1, low, high) // one more tells whether there is a next page
	items, err := selectPayouts(ctx, s.d.DB, sql, args...)
	if err != nil {
		return Page{}, fmt.Errorf("payout: queue: %w", err)
	}
	page := Page{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.NextCursor = items[limit-1].ID
	}
	return page, nil
}

func (f QueueFilter) statement(limit int, low, high *int64) (sql string, args []any) {
	switch f.Lane {
	case LaneClaimed:
		return queueClaimed, []any{f.Cursor, limit, f.Claimant}
	case LaneApproval:
		return queueApproval, []any{f.Cursor, limit}
	default:
		return queueWaiting, []any{f.Cursor, limit, string(f.Mode), lower(f.Currency), string(f.Method), f.MerchantID, low, high}
	}
}

func (f QueueFilter) check() error {
	var bad faults
	switch f.Lane {
	case LaneWaiting, LaneClaimed, LaneApproval:
	default:
		bad.add("lane", "must be waiting, claimed or approval")
	}
	if f.Cursor != "" && !publicid.Valid(IDPrefix, f.Cursor) {
		bad.add("cursor", "is not one that a page handed out")
	}
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return nil
}
