package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway"
	"disburse/gateway/report"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
)

// small are the tables of what people set up one by one. Every other one grows
// with payouts, orders, bets or customers: no page may read it from its beginning.
var small = strings.Fields(`goose_db_version config_epoch operators operator_tokens merchants merchant_keys merchant_limits merchant_methods
	merchant_people merchant_sandboxes signin_factors signin_failures rates payout_approval_rules payout_capacity
	card_settings virtual_card_bins virtual_card_plans game_profiles game_providers game_provider_keys games callback_circuits`)

// rowsAtMost is how many rows of a big table an answer may be made of.
const rowsAtMost = 2500

// whole are the statements that are about all of a table, and why that is as it
// should be.
var whole = map[string]string{
	"from ledger_accounts group by mode, currency": "a sum over all accounts has no shorter way; it is kept, and made anew beside those who read",
	"from generate_series($2":                      "of a chart, once: steps that are over are kept",
	"order by ended_at desc limit $3) as newest":   "a percentile of so many of the newest, all of them in the index, and kept",
	"declare export no":                            "the whole list is what was asked for",
}

// heard is a statement as it was sent to the database.
type heard struct {
	page, sql string
	args      []any
}

// statements hears what is sent to the database.
type statements struct {
	mu   sync.Mutex
	page string
	sent []heard
	seen map[string]bool
}

func (s *statements) keep(sql string, args []any) {
	start, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(sql)), " ")
	start, _, _ = strings.Cut(start, "\n")
	if !slices.Contains([]string{"select", "with", "declare", "update", "delete"}, start) {
		return
	}
	args = slices.DeleteFunc(slices.Clone(args), func(a any) bool {
		switch a.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			return true
		}
		return false
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := fmt.Sprint(sql, args); s.page != "" && !s.seen[key] {
		s.seen[key] = true
		s.sent = append(s.sent, heard{s.page, sql, args})
	}
}

func (s *statements) at(page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = page
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	s.keep(q.SQL, q.Args)
	return ctx
}
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (s *statements) TraceBatchQuery(_ context.Context, _ *pgx.Conn, q pgx.TraceBatchQueryData) {
	s.keep(q.SQL, q.Args)
}
func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// No list reads a big table from its beginning, whatever it is asked for: every
// page, every list and every filter is asked for, and what they send to the
// database is explained.
func TestNoListScansABigTable(t *testing.T) {
	t.Parallel()
	pool, ear := pgtest.New(t), &statements{seen: make(map[string]bool)}
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pool), RedisURL: redistest.URL(t), EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: "http://127.0.0.1", Listen: "127.0.0.1:0", FactorOptional: true, Tracer: ear,
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	closed(t, app)
	fillAll(t, app, pool)
	must(t, app.Start(t.Context(), gateway.API))
	walkAll(t, app, pool, ear)
	ear.at("what merchants' live pages ask every second")
	figures, err := report.New(report.Deps{DB: app.DB, Callbacks: app.Callbacks, Now: time.Now})
	must(t, err)
	_, err = figures.MerchantPulse(t.Context(), []string{"mer_x"})
	must(t, err)
	ear.at("")
	for _, s := range ear.sent {
		for _, r := range reads(t, pool, "", s) {
			t.Errorf("%s reads %s:\n%s\n%v", s.page, r, s.sql, s.args)
		}
	}
	// This test sees a scan where there is one.
	for index, part := range map[string]string{
		"payouts_last_four": "p.last_four = $", "payouts_currency": "p.currency = $", "ledger_accounts_purpose": "purpose = $3",
		"callback_events_order": "e.order_id = $", "audit_log_action": "action = $2",
	} {
		if !slices.ContainsFunc(ear.sent, func(s heard) bool { return strings.Contains(s.sql, part) && len(reads(t, pool, index, s)) > 0 }) {
			t.Errorf("without %s, no scan is seen", index)
		}
	}
	// Among few rows a walk through another index looks as cheap as the merchant's own.
	lists := 0
	for _, s := range ear.sent {
		if _, conditions, ok := strings.Cut(s.sql, "from payouts p where true"); ok && strings.Contains(conditions, "p.merchant_id = ") {
			lists++
			if !strings.Contains(conditions, " and p.id > ''") {
				t.Errorf("%s does not state the condition of payouts_merchant:\n%s", s.page, s.sql)
			}
		}
	}
	if lists < 10 {
		t.Errorf("%d lists of a merchant's payouts", lists)
	}
}

// node is a part of a plan that was followed.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Dropped float64 `json:"Rows Removed by Filter"`
	Doubted float64 `json:"Rows Removed by Index Recheck"`
	Plans   []node  `json:"Plans"`
}

// reads are the big tables of which a statement reads too much, without an index
// if one is named.
func reads(t *testing.T, pool *pgxpool.Pool, without string, s heard) (found []string) {
	t.Helper()
	for part := range whole {
		if strings.Contains(s.sql, part) {
			return nil
		}
	}
	tx, err := pool.Begin(t.Context())
	must(t, err)
	defer tx.Rollback(t.Context()) //nolint:errcheck // nothing is to stay
	if without != "" {
		_, err := tx.Exec(t.Context(), "drop index "+without)
		must(t, err)
	}
	var text []byte
	if err := tx.QueryRow(t.Context(), "explain (analyze, timing off, format json) "+s.sql, s.args...).Scan(&text); err != nil {
		t.Errorf("%s: %s: %v", s.page, s.sql, err)
		return nil
	}
	var plans []struct{ Plan node }
	must(t, json.Unmarshal(text, &plans))
	var walk func(node)
	walk = func(n node) {
		rows := (n.Rows + n.Dropped + n.Doubted) * n.Loops
		switch {
		case n.Table == "" || slices.Contains(small, n.Table):
		case n.Type == "Seq Scan" && n.Loops > 0:
			found = append(found, n.Table+" from its beginning")
		case rows > rowsAtMost:
			found = append(found, fmt.Sprintf("%.0f rows of %s", rows, n.Table))
		}
		for _, p := range n.Plans {
			walk(p)
		}
	}
	walk(plans[0].Plan)
	return found
}
