package seed

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"disburse/ledger"
)

// The tables, in the order in which they are written.
const (
	payouts            = "payouts"
	transfers          = "ledger_transfers"
	events             = "payout_events"
	callbackEvents     = "callback_events"
	callbackDeliveries = "callback_deliveries"
	callbackAttempts   = "callback_attempts"
)

var tables = []string{payouts, transfers, events, callbackEvents, callbackDeliveries, callbackAttempts}

var columns = map[string][]string{
	payouts: {
		"id", "merchant_id", "order_id", "mode", "status", "stage", "currency", "method", "fiat_minor", "rate", "usdt_minor", "fee_minor",
		"last_four", "requisite_key", "requisite_box", "fingerprint", "bank_name", "bik", "full_name", "customer", "description",
		"success_url", "error_url", "created_at", "expires_at", "ended_at", "ended_by",
	},
	transfers:          {"reference", "leg", "flow", "from_account", "to_account", "amount", "from_balance", "to_balance", "at"},
	events:             {"payout_id", "at", "kind", "actor", "note"},
	callbackEvents:     {"id", "merchant_id", "subject", "order_id", "kind", "url", "body_key", "body_box", "created_at"},
	callbackDeliveries: {"event_id", "endpoint", "state", "class", "attempts", "failures", "scheduled_at", "next_attempt_at", "last_status", "finished_at", "dead_reason"},
	callbackAttempts:   {"event_id", "number", "started_at", "duration_us", "outcome", "status", "error", "response"},
}

// batch is rows by table, on their way.
type batch struct{ rows map[string][][]any }

func newBatch(n int) batch {
	b := batch{rows: make(map[string][][]any)}
	for _, table := range tables {
		b.rows[table] = make([][]any, 0, n)
	}
	return b
}

func (b *batch) add(table string, row ...any) { b.rows[table] = append(b.rows[table], row) }

func (b *batch) load(ctx context.Context, tx pgx.Tx) error {
	for _, table := range tables {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns[table], pgx.CopyFromRows(b.rows[table])); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

const (
	openAccount = `
insert into ledger_accounts (mode, owner, purpose, currency, floor, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict on constraint ledger_accounts_key do nothing`

	lockAccount = `
select id, balance from ledger_accounts where mode = $1 and owner = $2 and purpose = $3 and currency = $4 for update`

	setBalance = `update ledger_accounts set balance = $2 where id = $1`
)

// open opens and locks the accounts, and gives each merchant money to begin with.
func (h *history) open(ctx context.Context, tx pgx.Tx) error {
	all := h.accounts()
	for _, a := range all {
		var floor *int64
		if a.Owner != ledger.House {
			floor = new(int64)
		}
		if _, err := tx.Exec(ctx, openAccount, string(a.Mode), a.Owner, a.Purpose, string(a.Currency), floor, h.start); err != nil {
			return err
		}
	}
	for _, a := range all {
		b := &book{}
		if err := tx.QueryRow(ctx, lockAccount, string(a.Mode), a.Owner, a.Purpose, string(a.Currency)).Scan(&b.id, &b.balance); err != nil {
			return err
		}
		h.balances[a] = b
	}
	h.batch = newBatch(0)
	for i := range h.merchants {
		h.move(fmt.Sprintf("%s:%d:start", h.o.Name, i), 0, ledger.FlowMerchantTopUp, h.start, all[0], all[3+2*i], topUp)
	}
	return h.batch.load(ctx, tx)
}

// settle stores what the accounts came to, in the order of their ids.
func (h *history) settle(ctx context.Context, tx pgx.Tx) error {
	books := make([]*book, 0, len(h.balances))
	for _, b := range h.balances {
		books = append(books, b)
	}
	slices.SortFunc(books, func(a, b *book) int { return int(a.id - b.id) })
	for _, b := range books {
		if _, err := tx.Exec(ctx, setBalance, b.id, b.balance); err != nil {
			return err
		}
	}
	return nil
}
