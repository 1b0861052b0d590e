package gateway_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/cmd/bench/seed"
	"disburse/gateway"
)

// rowsAtLeast is how many rows each big table gets: enough that a list that
// reads all of them is told from one that does not.
const rowsAtLeast = 8000

// others fills what the seed of payouts leaves empty, as far as constraints go.
const others = `
set synchronous_commit = off;
insert into audit_log (at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, request_id)
select now() - (8000 - n) * interval '1 minute', 'operator', 'opr_' || n % 7, '', '', 'thing.' || n % 50, 'payout', 'po_' || n, 'req-' || n
from generate_series(1, 8000) as n;
insert into users (name, nickname, signup_bonus, cashback_bonus, deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
select 'user-' || n, 'nick-' || n, false, false, 0, 0, 0, 0, 0, now() from generate_series(1, 8000) as n;
insert into ledger_accounts (mode, owner, purpose, currency, floor, created_at)
select 'live', 'user:' || n, p, 'RUB', 0, now() from generate_series(1, 8000) as n, unnest('{available,bonus}'::text[]) as p;
insert into user_tokens (hash, user_id, prefix, created_at, expires_at)
select sha256(n::text::bytea), n, 'uc_', now(), now() from generate_series(1, 8000) as n;
insert into user_deposits (reference, user_id, amount, at) select 'd-' || n, n, 1, now() from generate_series(1, 8000) as n;
insert into user_withdrawals (reference, user_id, kind, amount, state, opened_at, ended_at)
select 'w-' || n, n, 'card', 1, 'completed', now(), now() from generate_series(1, 8000) as n;
insert into bonus_grants (user_id, amount, wagering, at, reference, kind) select n, 1, 0, now(), 'b', 'signup' from generate_series(1, 8000) as n;
insert into idempotency_keys (user_id, result, created_at, route, key, hash)
select n, 1, now(), 'r', sha256(n::text::bytea), sha256(n::text::bytea) from generate_series(1, 8000) as n;

insert into card_orders (user_id, type, status, amount, card_mask, card_key, card_box, bank_name, holder_name, created_at, updated_at, ended_at, ended_by)
select n % 2000 + 1, case n % 3 when 0 then 'withdraw' else 'deposit' end, case n % 9 when 0 then 'cancelled' else 'completed' end, 100,
    case n % 3 when 0 then 'x' else '' end, case n % 3 when 0 then 'k' end, case n % 3 when 0 then 'x'::bytea end, '', '', now(), now(), now(), 'x'
from generate_series(1, 8000) as n;
insert into card_orders (user_id, type, status, amount, card_mask, bank_name, holder_name, created_at, updated_at)
select n, 'deposit', case n % 2 when 0 then 'pending' else 'paid_by_user' end, 100, '', '', '', now(), now() from generate_series(1, 120) as n;
insert into p2p_ads (user_id, exchange_rate, min_amount, max_amount, remaining_amount, window_minutes, version, author_orders, author_rating,
    created_at, updated_at, is_active, type, fiat_currency, payment_methods, instructions)
select n, 10000 + n % 100, 100, 100000, 100000, 30, 1, n % 10, 400 + n % 100, now(), now(), n % 10 <> 0, 'sell', case n % 50 when 0 then 'EUR' else 'RUB' end,
    array[case n % 3 when 0 then 'card' else 'sbp' end], '' from generate_series(1, 8000) as n;
insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by, paid_at,
    dispute_at, ended_at, ended_by, operator_called, buyer_cancels, seller_cancels, ad_type, status, fiat_currency, payment_method)
select n, n % 2000 + 1, n % 2000 + 2, 100, 100, 100, now(), now(), now(), now(), now(), now(), 'x', false, false, false, 'sell', 'completed', 'RUB', 'card'
from generate_series(1, 8000) as n;
insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by, paid_at,
    dispute_at, disputed_at, operator_called, buyer_cancels, seller_cancels, ad_type, status, fiat_currency, payment_method)
select n, n, n + 4000, 100, 100, 100, now(), now(), now(), now(), now(), now(), true, false, false, 'sell', 'disputed', 'RUB', 'card'
from generate_series(1, 120) as n;
insert into p2p_traders (user_id, completed_orders, rating_sum, rating_count) select n, 1, 5, 1 from generate_series(1, 8000) as n;
insert into chat_messages (subject, order_id, author, text_key, text_box, created_at)
select case n % 2 when 0 then 'card' else 'p2p' end, 100000 + n, 'operator:a', 'k', 'x', now() from generate_series(1, 8000) as n;
insert into chat_reads (last_id, order_id, read_at, reader, subject) select 1, n, now(), 'operator:opr_' || n % 5, 'card' from generate_series(1, 8000) as n;

insert into game_providers (name, profile, created_at) select 'studio', name, now() from game_profiles order by name limit 1;
insert into game_providers (name, profile, created_at) select 'other', name, now() from game_profiles order by name limit 1;
insert into games (provider_id, game_id, active, created_at) select p.id, 'game-' || n, true, now() from game_providers p, generate_series(1, 100) as n;
insert into game_players (provider_id, player_id, user_id, currency, reality_check_seconds, created_at)
select p.id, 'player-' || n, n, 'RUB', 0, now() from game_providers p, generate_series(1, 8000) as n where p.name = 'studio' or n <= 100 order by p.id, n;
insert into game_sessions (provider_id, session_id, player, opened_at, expires_at, checked_at, closed_at)
select p.provider_id, 'session-' || p.id, p.id, now() - interval '2 days', case p.id % 100 when 0 then now() + interval '1 day' else now() - interval '1 day' end, now(),
    case p.id % 100 when 0 then null else now() end from game_players p;
insert into game_rounds (opened_at, finished_at, player, bets, wins, rolled_back, staked, won, round_id, game_id)
select now() - interval '1 day', case n % 100 when 0 then null else now() end, n % 4000 + 1, 1, 0, 0, 10, 0, 'round-' || n, 'game-1' from generate_series(1, 8000) as n;
insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished, kind, state, currency,
    transaction_id, game_id, round_id)
select now() - (8000 - n) * interval '1 second', p.id, 0, n % 4000 + 1, 10, 0, 0, false, 'deposit', 'done', 'RUB', 'tx-' || n, 'game-1', 'round-' || n
from game_providers p, generate_series(1, 8000) as n where p.name = 'studio';
insert into game_losses (player, loss, day) select n, 1, current_date from generate_series(1, 8000) as n;

insert into virtual_card_plans (id, name, description, card_limit, creation_fee, created_at) values (9999, 'plan', '', 10, 0, now());
insert into virtual_cards (id, user_id, bin_id, plan_id, balance, deposited, version, name, status, provider_card_id, last_four, category, address, created_at, updated_at)
select gen_random_uuid(), n, b.id, 9999, 0, 0, 1, 'card', 'active', 'pc-' || n, lpad((n % 10000)::text, 4, '0'), '', '{}', now(), now()
from generate_series(1, 8000) as n, (select id from virtual_card_bins order by id limit 1) as b;
insert into virtual_card_operations (transaction_id, fee_transaction_id, card_id, user_id, amount, fee, card_version, lookups, kind, state, reason, note,
    contradiction, unanswered, not_after, look_at, created_at, ended_at)
select gen_random_uuid(), gen_random_uuid(), c.id, c.user_id, 1, 0, 1, 0, 'topup', 'done', '', '',
    case c.user_id % 400 when 0 then 'it was said to be otherwise' end, false, now(), now(), now(), now() from virtual_cards c;

insert into signin_sessions (hash, id, realm, subject, name, address, agent, created_at, seen_at, expires_at)
select sha256(n::text::bytea), 'ses_' || n, 'operator', 'opr_' || n % 2000, 'x', '', '', now(), now(), now() + interval '1 day' from generate_series(1, 8000) as n;
insert into signin_browsers (hash, realm, name, subject, expires_at)
select sha256(n::text::bytea), 'operator', 'x' || n % 2000, 'opr_' || n % 2000, now() + interval '90 days' from generate_series(1, 8000) as n;
insert into approvals (id, kind, subject, reference, what, reason, state, requested_by, requested_name, requested_at, expires_at,
    decided_by, decided_name, decided_at, note)
select 'apr_01k3v8q4zmc2h6t9x5r7w' || lpad(p.n::text, 5, '0'), 'payout', p.id, 'ref-' || p.n, '{}', '', (array['approved', 'refused', 'void'])[p.n % 3 + 1],
    'opr_1', 'a', now(), now() + interval '1 day', 'opr_2', 'b', now(), '' from (select id, row_number() over () as n from payouts) as p;
insert into payout_receipts (id, payout_id, content_type, content, uploaded_by, uploaded_at)
select 'rcp_' || p.id, p.id, 'image/png', 'x', 'opr_1', now() from (select id from payouts order by id limit 8000) as p;
insert into ledger_seals (seq, upto, transfers, previous, hash, sealed_at)
select n, n, 1, sha256(n::text::bytea), sha256(n::text::bytea), now() from generate_series(1, 8000) as n;
`

// fillAll makes every big table big.
func fillAll(t *testing.T, app *gateway.App, pool *pgxpool.Pool) {
	t.Helper()
	must(t, seed.Fill(t.Context(), app, seed.Options{Payouts: rowsAtLeast, Callbacks: rowsAtLeast, Open: 200, Merchants: 20, Name: "plan"}))
	conn, err := pool.Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	_, err = conn.Conn().PgConn().Exec(t.Context(), others).ReadAll()
	must(t, err)
	_, err = conn.Exec(t.Context(), "vacuum (analyze)")
	must(t, err)
	rows, err := conn.Query(t.Context(), "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
	must(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	for _, table := range tables {
		var n int
		must(t, conn.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n))
		if !slices.Contains(small, table) && n < rowsAtLeast-200 {
			t.Errorf("%s has %d rows: it is to be filled, or to be named among the small tables", table, n)
		}
	}
}
