package cardorder

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// QueueFilter says which open orders to show; empty fields do not narrow.
type QueueFilter struct {
	Type      Type
	ClaimedBy string // a claimant such as "operator:usr_..."
	Ready     bool   // only those on which an operator can work: a deposit waits for its user first
	Unpaid    bool   // only those which wait for their user
	Cursor    string
	Limit     int // 1..500, 50 when zero or below
}

// Queue reads a page of open orders, the oldest first, cards masked: in the
// order in which ClaimNext hands them out. Faults: invalid_request.
func (s *Service) Queue(ctx context.Context, f QueueFilter) (page.Page[DeskView], error) {
	after, ok := page.ID(f.Cursor)
	if !ok {
		return page.Page[DeskView]{}, fault.Invalid(fault.Field{Name: "cursor", Why: "is not one that a page handed out"})
	}
	if err := check(f.Type, ""); err != nil {
		return page.Page[DeskView]{}, err
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	q := newQuery(selectList)
	q.add(listOpen)
	q.narrow(f.Type, "")
	if f.Ready {
		q.add(listReady)
	}
	if f.Unpaid {
		q.add(listUnpaid)
	}
	if f.ClaimedBy != "" {
		q.add(listClaimed, f.ClaimedBy)
	}
	if after > 0 {
		q.add(listAfter, after)
	}
	q.add(listOldest, limit+1) // one more tells whether there is a next page
	orders, err := selectOrders(ctx, s.d.DB, q.sql.String(), q.args...)
	if err != nil {
		return page.Page[DeskView]{}, fmt.Errorf("cardorder: queue: %w", err)
	}
	return page.ByID(orders, limit, func(o Order) int64 { return o.ID }, Order.DeskView), nil
}

// ClaimNext gives the actor of ctx the oldest order that is ready and that
// nobody holds, its card masked. found is false when there is none. Faults:
// invalid_request, unavailable.
func (s *Service) ClaimNext(ctx context.Context, t Type) (o Order, found bool, err error) {
	if err := check(t, ""); err != nil {
		return Order{}, false, err
	}
	now := s.now()
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) (err error) {
		if o, err = selectOrder(ctx, tx, claimNext, Claimant(ctx), now, now.Add(Lease), string(t)); err != nil {
			return err
		}
		record := s.record(ctx, "card_order.claim", o.ID)
		record.After = o.claim()
		return audit.Write(ctx, tx, record)
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return Order{}, false, nil
	case err != nil:
		return Order{}, false, fmt.Errorf("cardorder: claim next: %w", err)
	default:
		return o, true, nil
	}
}

// ReleaseSaying is Release with a note for whoever takes the order next. Faults
// as of Release, and invalid_request.
func (s *Service) ReleaseSaying(ctx context.Context, id int64, note string) (Order, error) {
	return s.pass(ctx, id, "", note)
}

// HandOver gives the actor's claim to another claimant, such as
// "operator:opr_...", with a lease that begins anew and a note. Whether the
// other one may work on orders is for the caller to know. Faults as of Release,
// and invalid_request.
func (s *Service) HandOver(ctx context.Context, id int64, to, note string) (Order, error) {
	if to == "" || to == Claimant(ctx) {
		return Order{}, fault.Invalid(fault.Field{Name: "to", Why: "must be somebody else"})
	}
	return s.pass(ctx, id, to, note)
}

// pass ends the actor's claim, in favour of another claimant when there is one.
func (s *Service) pass(ctx context.Context, id int64, to, note string) (Order, error) {
	var bad faults
	if bad.text("note", note, maxReason); len(bad) > 0 {
		return Order{}, fault.Invalid(bad...)
	}
	before, err := s.byID(ctx, id)
	if err != nil {
		return Order{}, err
	}
	action, sql, args := "release", releaseOrder, []any{id, Claimant(ctx)}
	if to != "" {
		action, sql, args = "hand_over", handOver, append(args, to, s.now().Add(Lease))
	}
	var after Order
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) (err error) {
		if after, err = selectOrder(ctx, tx, sql, args...); err != nil {
			return err
		}
		record := s.record(ctx, "card_order."+action, id)
		record.Before, record.After = before.claim(), after.claim()
		record.After.(map[string]any)["note"] = chat.Mask(note)
		return audit.Write(ctx, tx, record)
	})
	switch {
	case err == nil:
		return after, nil
	case !errors.Is(err, ErrNotFound):
		return Order{}, fmt.Errorf("cardorder: %s: %w", action, err)
	}
	if before, err = s.byID(ctx, id); err != nil {
		return Order{}, err
	}
	if before.Status.Final() {
		return Order{}, before.invalidState()
	}
	return Order{}, ErrClaimRequired
}

// Look reads any order for an operator, its card masked for everybody. Faults:
// ORDER_NOT_FOUND.
func (s *Service) Look(ctx context.Context, id int64) (Order, error) { return s.byID(ctx, id) }

// Card is the card number of an order that the actor of ctx holds; that it was
// looked at is recorded. Faults: ORDER_NOT_FOUND, claim_required.
func (s *Service) Card(ctx context.Context, id int64) (string, error) {
	o, err := s.byID(ctx, id)
	switch {
	case err != nil:
		return "", err
	case o.ClaimedBy != Claimant(ctx) || o.card.Key == "":
		return "", ErrClaimRequired
	}
	if o, err = s.DeskByID(ctx, id); err != nil {
		return "", err
	}
	return o.Details.CardNumber, nil
}

// History is what operators did to an order, the latest first.
func (s *Service) History(ctx context.Context, id int64) ([]audit.Item, error) {
	record := s.record(ctx, "", id)
	found, err := audit.List(ctx, s.d.DB, audit.Filter{Subject: record.Subject, SubjectID: record.SubjectID})
	return found.Items, err
}

// Transfers is what an order moved in the books.
func (s *Service) Transfers(ctx context.Context, o Order) ([]ledger.TransferRow, error) {
	rows, err := s.d.Ledger.TransfersByReference(ctx, o.reference()+":hold", o.reference()+":end")
	if err != nil {
		return nil, fmt.Errorf("cardorder: transfers: %w", err)
	}
	return rows, nil
}
