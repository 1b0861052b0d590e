package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"disburse/callbacks"
	"disburse/gateway/cardorder"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

// source is a list: its statement, its filters, and what of a row stands in
// which column.
type source struct {
	sql     string
	order   string
	columns []string
	filters map[string]condition
	// bounds are the conditions of a period.
	bounds func(ctx context.Context, tx pgx.Tx, f Filter) ([]bound, error)
	scan   func(pgx.CollectableRow) ([]cell, error)
}

// condition is one filter: SQL in which %d is the place of the value, and the
// values it may have where they are listed.
type condition struct {
	sql     string
	allowed []string
}

// bound is one condition with its value.
type bound struct {
	sql   string
	value any
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

var modes = []string{string(ledger.Live), string(ledger.Sandbox)}

var sources = map[Kind]source{
	Payouts: {
		sql: selectPayouts, order: orderPayouts, bounds: byID(payout.IDPrefix, "p.id", "p.created_at"), scan: scanPayout,
		columns: strings.Fields(`id order_id merchant mode status stage payment_method fiat_currency fiat_amount exchange_rate usdt_amount
			fee_usdt merchant_spent_usdt requisite bank_name full_name customer order_description claimed_by completed_by ended_by reason
			created_at expires_at ended_at`),
		filters: map[string]condition{
			"merchant": {sql: " and p.merchant_id = $%d and p.id > ''"}, "mode": {" and p.mode = $%d", modes},
			"status": {" and p.status = $%d", texts(payout.Statuses())}, "method": {" and p.method = $%d", texts(payout.Methods())},
			"currency": {sql: " and p.currency = $%d"},
		},
	},
	CardOrders: {
		sql: selectCardOrders, order: orderCardOrders, bounds: byTime("o.created_at"), scan: scanCardOrder,
		columns: strings.Fields(`id user_id type status currency amount card_number bank_name holder_name claimed_by ended_by
			cancel_reason created_at updated_at ended_at`),
		filters: map[string]condition{
			"type": {" and o.type = $%d", texts(cardorder.Types())}, "status": {" and o.status = $%d", texts(cardorder.Statuses())},
			"user": {sql: " and o.user_id = $%d"},
		},
	},
	P2P: {
		sql: selectP2P, order: orderP2P, bounds: byTime("o.created_at"), scan: scanP2P,
		columns: strings.Fields(`id ad_id ad_type status buyer_id seller_id usdt_amount fiat_currency fiat_amount exchange_rate payment_method
			claimed_by ended_by note created_at paid_at disputed_at ended_at`),
		filters: map[string]condition{
			"status":   {" and o.status = $%d", texts(exchange.Statuses())},
			"currency": {sql: " and lower(o.fiat_currency) = $%d"}, "user": {sql: " and $%[1]d in (o.buyer_id, o.seller_id)"},
		},
	},
	Transfers: {
		sql: selectTransfers, order: orderTransfers, bounds: byBooks, scan: scanTransfer,
		columns: strings.Fields(`id reference leg flow mode currency amount from_account_id from_owner from_purpose from_balance
			to_account_id to_owner to_purpose to_balance at`),
		filters: map[string]condition{
			"mode": {" and f.mode = $%d", modes}, "flow": {sql: " and t.flow = $%d"}, "currency": {sql: " and lower(f.currency) = $%d"},
			"merchant": {sql: ofOwner}, "account": {sql: ofAccount},
		},
	},
	Callbacks: {
		sql: selectCallbacks, order: orderCallbacks, bounds: byID(payout.EventPrefix, "e.id", "e.created_at"), scan: scanCallback,
		columns: strings.Fields(`id merchant payout_id order_id kind url state attempts last_status last_error dead_reason
			created_at next_attempt_at finished_at`),
		filters: map[string]condition{
			"merchant": {sql: " and e.merchant_id = $%d"}, "order_id": {sql: " and e.order_id = $%d"},
			"state": {" and d.state = $%d", texts([]callbacks.State{callbacks.Pending, callbacks.Delivered, callbacks.Dead})},
		},
	},
}

// Columns lists what stands in a kind's columns.
func Columns(k Kind) []string { return slices.Clone(sources[k].columns) }

// check refuses filters that the list does not have, and values that they
// cannot have.
func (s source) check(f Filter) error {
	var bad []fault.Field
	for name, value := range f.named() {
		c, known := s.filters[name]
		text, isText := value.(string)
		switch {
		case !known:
			bad = append(bad, fault.Field{Name: name, Why: "is not a filter of this export"})
		case len(c.allowed) > 0 && !slices.Contains(c.allowed, text):
			bad = append(bad, fault.Field{Name: name, Why: "must be one of " + strings.Join(c.allowed, ", ")})
		case isText && (!utf8.ValidString(text) || strings.ContainsRune(text, 0)):
			bad = append(bad, fault.Field{Name: name, Why: "is not a text to search for"})
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		bad = append(bad, fault.Field{Name: "to", Why: "must be after from"})
	}
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fault.Invalid(bad...)
}

// cursor reads a list through a cursor of its transaction.
type cursor struct {
	tx     pgx.Tx
	src    source
	filter Filter
	open   bool
}

func (c *cursor) fetch(ctx context.Context) ([][]cell, error) {
	if !c.open {
		sql, args, err := c.statement(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := c.tx.Exec(ctx, neverSort); err != nil {
			return nil, err
		}
		if _, err := c.tx.Exec(ctx, declareCursor+sql, args...); err != nil {
			return nil, err
		}
		c.open = true
	}
	rows, err := c.tx.Query(ctx, fetchCursor, pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, c.src.scan)
}

// statement is the list with its conditions, each value in the place of its own.
func (c *cursor) statement(ctx context.Context) (string, []any, error) {
	bounds, err := c.src.bounds(ctx, c.tx, c.filter)
	if err != nil {
		return "", nil, err
	}
	for name, value := range c.filter.named() {
		bounds = append(bounds, bound{c.src.filters[name].sql, value})
	}
	sql, args := c.src.sql, make([]any, 0, len(bounds))
	for _, b := range bounds {
		args = append(args, b.value)
		sql += fmt.Sprintf(b.sql, len(args))
	}
	return sql + c.src.order, args, nil
}

// byTime is a period by a column of time.
func byTime(column string) func(context.Context, pgx.Tx, Filter) ([]bound, error) {
	return func(_ context.Context, _ pgx.Tx, f Filter) (list []bound, _ error) {
		if !f.From.IsZero() {
			list = append(list, bound{" and " + column + " >= $%d", f.From})
		}
		if !f.To.IsZero() {
			list = append(list, bound{" and " + column + " < $%d", f.To})
		}
		return list, nil
	}
}

// byID is a period by a column of time, of rows whose ids begin with theirs: the
// index of the ids finds them.
func byID(prefix, id, column string) func(context.Context, pgx.Tx, Filter) ([]bound, error) {
	exact := byTime(column)
	return func(ctx context.Context, tx pgx.Tx, f Filter) ([]bound, error) {
		list, err := exact(ctx, tx, f)
		if !f.From.IsZero() {
			list = append(list, bound{" and " + id + " >= $%d", lowestID(prefix, f.From)})
		}
		if !f.To.IsZero() {
			list = append(list, bound{" and " + id + " < $%d", lowestID(prefix, f.To.Add(time.Millisecond))})
		}
		return list, err
	}
}

// lowestID is where the ids of a moment begin: 10 characters of one are its time.
func lowestID(prefix string, t time.Time) string { return publicid.At(prefix, t)[:len(prefix)+1+10] }

// byBooks is a period of the books, which are cut where statements cut them.
func byBooks(ctx context.Context, tx pgx.Tx, f Filter) (list []bound, _ error) {
	for _, end := range []struct {
		at  time.Time
		sql string
	}{{f.From, " and t.id > $%d"}, {f.To, " and t.id <= $%d"}} {
		if end.at.IsZero() {
			continue
		}
		cuts, err := cut(ctx, tx, []time.Time{end.at})
		if err != nil {
			return nil, err
		}
		list = append(list, bound{end.sql, cuts[0]})
	}
	return list, nil
}

// currency is one as rows have it, in either letter case.
func currency(code string) (money.Currency, error) {
	c, known := money.Lookup(code)
	if !known {
		return "", fmt.Errorf("export: unknown currency %q", code)
	}
	return c, nil
}
