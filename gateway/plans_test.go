package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/cmd/bench/seed"
	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
)

// big are the tables that grow with every payout, order or bet. No page may read
// one of them from its beginning.
var big = []string{
	"payouts", "payout_events", "ledger_transfers", "callback_events", "callback_deliveries", "callback_attempts",
	"audit_log", "users", "card_orders", "p2p_orders", "chat_messages", "game_transactions",
}

// alsoBig fills tables that the seed leaves as they are.
var alsoBig = []string{
	`insert into audit_log (at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, request_id)
select now() - n * interval '1 second', 'operator', 'opr_' || n % 7, '', '', 'thing.' || n % 50, 'payout', 'po_' || n, ''
from generate_series(1, 20000) as n`,
	`insert into users (name, nickname, signup_bonus, cashback_bonus, deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
select 'user-' || n, 'nick-' || n, false, false, 0, 0, 0, 0, 0, now() from generate_series(1, 20000) as n`,
	`insert into card_orders (user_id, type, status, amount, card_mask, bank_name, holder_name, created_at, updated_at, ended_at, ended_by)
select n % 5000 + 1, 'deposit', case n % 9 when 0 then 'cancelled' else 'completed' end, 100, '', '', '', now(), now(), now(), 'x'
from generate_series(1, 20000) as n`,
	`insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by, paid_at,
    dispute_at, ended_at, ended_by, operator_called, buyer_cancels, seller_cancels, ad_type, status, fiat_currency, payment_method)
select 1, n % 5000 + 1, n % 5000 + 2, 100, 100, 100, now(), now(), now(), now(), now(), now(), 'x', false, false, false, 'sell', 'completed', 'rub', 'card'
from generate_series(1, 20000) as n`,
	`insert into chat_messages (subject, order_id, author, text_key, text_box, created_at)
select 'card', n % 10000 + 1, 'operator:a', 'k', 'x', now() from generate_series(1, 20000) as n`,
	`insert into game_transactions (created_at, ended_at, provider_id, scope, player, amount, jackpot, bonus, round_finished, kind, state, currency,
    transaction_id, game_id, round_id)
select now() - n * interval '1 second', null, n % 3, 0, n % 500, 10, 0, 0, false, 'deposit', 'done', 'RUB', 'tx-' || n, 'g', 'round-' || n / 3
from generate_series(1, 20000) as n`,
	`vacuum (analyze)`,
}

// listsOfTheConsole are its lists, with every filter; what stands between braces
// is the first value of that query.
var listsOfTheConsole = []string{
	"/", "/?span=7d", "/figures?mode=sandbox", "/charts/ended?span=30d", "/charts/to-pay?mode=sandbox",
	"/search?q={select id from payouts limit 1}", "/search?q=plan-00", "/search?q=1234", "/search?q=customer-0004", "/search?q=77", "/search?q=nick-77",
	"/search?q={select id from callback_events limit 1}", "/search?q=07e1d9f2-5eb1-4940-b52c-3812f7a25142",
	"/payouts", "/payouts?view=mine", "/payouts?view=approval", "/payouts?mode=sandbox", "/payouts?min_amount=100.00&currency=rub&method=card",
	"/payouts?merchant=plan-1", "/payouts?view=all", "/payouts?view=all&status=successful", "/payouts?view=all&status=rejected_gate",
	"/payouts?view=all&merchant=plan-1", "/payouts?view=all&q=1234", "/payouts?view=all&q=plan-00", "/payouts?view=all&claimed_by=me",
	"/payouts?view=all&from=2020-01-01&to=2020-01-02", "/payouts?view=all&mode=sandbox", "/payouts?view=all&currency=eur&method=sbp",
	"/payouts/{select id from payouts where status = 'successful' order by id desc limit 1}",
	"/card-orders", "/card-orders?view=all", "/card-orders?view=all&status=cancelled", "/card-orders?view=all&user=7", "/card-orders/{select max(id)::text from card_orders}",
	"/disputes", "/approvals", "/approvals?state=approved", "/exceptions",
	"/callbacks", "/callbacks?state=dead", "/callbacks?state=pending", "/callbacks?state=delivered", "/callbacks?merchant=plan-1",
	"/callbacks?order_id=plan-0000001", "/callbacks/{select id from callback_events limit 1}",
	"/books", "/books?purpose=held", "/books/accounts/{select id::text from ledger_accounts where purpose = 'settlement' limit 1}",
	"/books/transfers/{select id::text from ledger_transfers limit 1}",
	"/audit", "/audit?action=thing.7", "/audit?actor=opr_3", "/audit?subject=payout&subject_id=po_7", "/audit?from=2020-01-01&to=2020-01-02",
	"/merchants", "/merchants/plan-1", "/users", "/users?q=7", "/users/7", "/users/7/transactions", "/rates", "/rates/rub", "/operators",
	"/games", "/games/transactions", "/games/transactions?round=round-7", "/games/rounds", "/games/sessions", "/games/players",
}

// statements hears what is sent to the database.
type statements struct {
	mu   sync.Mutex
	page string
	sent []sent
	seen map[string]bool
}

type sent struct {
	page, sql string
	args      []any
}

func (s *statements) keep(sql string, args []any) {
	start := strings.ToLower(strings.TrimSpace(sql))
	if !strings.HasPrefix(start, "select") && !strings.HasPrefix(start, "with") || strings.Contains(start, "for update") {
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
	if key := fmt.Sprint(s.page, sql); s.page != "" && !s.seen[key] {
		s.seen[key] = true
		s.sent = append(s.sent, sent{s.page, sql, args})
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

// No list of the console reads a big table from its beginning, whatever it is
// asked for: every statement that its pages send is explained.
func TestNoListScansABigTable(t *testing.T) {
	t.Parallel()
	pool, heard := pgtest.New(t), &statements{seen: make(map[string]bool)}
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pool), RedisURL: redistest.URL(t), EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: "http://127.0.0.1", Listen: "127.0.0.1:0", FactorOptional: true, Tracer: heard,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close(context.Background()) })
	if err := seed.Fill(t.Context(), app, seed.Options{Payouts: 20_000, Callbacks: 10_000, Open: 200, Merchants: 20, Name: "plan"}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range alsoBig {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	if err := app.Start(t.Context(), gateway.API); err != nil {
		t.Fatal(err)
	}
	cookie := signedIn(t, app)
	for _, path := range listsOfTheConsole {
		path = filledIn(t, pool, path)
		heard.at(path)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+app.Address()+"/console"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Cookie", cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d", path, answer.StatusCode)
		}
	}
	heard.at("")
	if len(heard.sent) < 2*len(listsOfTheConsole) {
		t.Errorf("only %d statements were heard of", len(heard.sent))
	}
	for _, s := range heard.sent {
		for _, table := range scanned(t, pool, s) {
			if slices.Contains(big, table) {
				t.Errorf("%s scans %s:\n%s\n%v", s.page, table, s.sql, s.args)
			}
		}
	}
}

func signedIn(t *testing.T, app *gateway.App) string {
	t.Helper()
	made, err := app.Operators.Create(t.Context(), operator.NewOperator{Email: "plans@example.com", Role: operator.RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := app.Sessions.Enter(t.Context(), signin.Operators, made.Operator.Email, signin.Visitor{},
		func(context.Context) (string, error) { return made.Operator.ID, nil })
	if err != nil {
		t.Fatal(err)
	}
	return "disburse_console=" + string(token)
}

func filledIn(t *testing.T, pool *pgxpool.Pool, path string) string {
	t.Helper()
	before, rest, found := strings.Cut(path, "{")
	if !found {
		return path
	}
	sql, after, _ := strings.Cut(rest, "}")
	var value string
	if err := pool.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return before + value + after
}

// scanned are the tables that a statement reads from their beginning.
func scanned(t *testing.T, pool *pgxpool.Pool, s sent) (tables []string) {
	t.Helper()
	var text []byte
	if err := pool.QueryRow(t.Context(), "explain (format json) "+s.sql, s.args...).Scan(&text); err != nil {
		t.Errorf("%s: %s: %v", s.page, s.sql, err)
		return nil
	}
	type node struct {
		Type  string `json:"Node Type"`
		Table string `json:"Relation Name"`
		Plans []node `json:"Plans"`
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	var walk func(node)
	walk = func(n node) {
		if n.Type == "Seq Scan" {
			tables = append(tables, n.Table)
		}
		for _, p := range n.Plans {
			walk(p)
		}
	}
	walk(plans[0].Plan)
	return tables
}
