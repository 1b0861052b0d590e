package gamewallet

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/transact"
	"disburse/ledger"
)

// The riders are one set-based statement each. They sum by round and by day,
// because an update changes a row once however many rows it is joined with: the
// bets of one busy player come many in a group. What a guard does not let
// through makes the whole statement miss.
const (
	// A day's loss is judged as the statement leaves it, so that a day's first
	// bet is judged like any other.
	writeBets = `
with k as materialized (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::boolean[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
    as k (provider_id, scope, player, amount, jackpot, bonus, loss_limit,
        finished, at, currency, transaction_id, game_id, round_id, campaign)
), made as (
    insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished,
        kind, state, currency, transaction_id, game_id, round_id, campaign)
    select at, provider_id, scope, player, amount, jackpot, bonus, finished,
        'withdraw', 'open', currency, transaction_id, game_id, round_id, campaign
    from k
), rounds as (
    select round_id, player, game_id, min(at) as opened_at, case when bool_or(finished) then max(at) end as finished_at,
        count(*) as bets, sum(amount)::bigint as staked
    from k group by round_id, player, game_id
), played as (
    insert into game_rounds as r (opened_at, finished_at, player, bets, wins, rolled_back, staked, won, round_id, game_id)
    select opened_at, finished_at, player, bets, 0, 0, staked, 0, round_id, game_id from rounds
    on conflict on constraint game_rounds_pkey do update
    set bets = r.bets + excluded.bets, staked = r.staked + excluded.staked, finished_at = excluded.finished_at
    where r.finished_at is null
    returning 1
), days as (
    select player, (at at time zone 'UTC')::date as day, sum(amount)::bigint as loss, min(loss_limit) as loss_limit
    from k where amount > 0 group by 1, 2
), lost as (
    insert into game_losses as l (player, loss, loss_limit, day)
    select player, loss, loss_limit, day from days
    on conflict on constraint game_losses_pkey do update
    set loss = l.loss + excluded.loss, loss_limit = excluded.loss_limit
    returning loss, loss_limit
)
select ledger_expect((select count(*) from played) = (select count(*) from rounds)
    and (select count(*) from lost where loss <= loss_limit or loss_limit is null) = (select count(*) from days), 'DL002')`

	// A win settles the withdraw that it names, which must not have been undone.
	winsHead = `
with k as materialized (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::boolean[], $7::boolean[], $8::boolean[], $9::timestamptz[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
    as k (provider_id, scope, player, amount, jackpot,
        finished, consumed, settles, at,
        currency, transaction_id, withdraw_id, game_id, round_id, campaign)
), made as (
    insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished, free_spins_consumed,
        kind, state, currency, transaction_id, withdraw_id, game_id, round_id, campaign)
    select at, provider_id, scope, player, amount, jackpot, 0, finished, consumed,
        'deposit', 'done', currency, transaction_id, withdraw_id, game_id, round_id, campaign
    from k
), named as (
    select provider_id, scope, withdraw_id, min(at) as at from k where settles group by 1, 2, 3
), settled as (
    update game_transactions t set state = 'settled', ended_at = coalesce(t.ended_at, n.at)
    from named n
    where t.provider_id = n.provider_id and t.scope = n.scope and t.transaction_id = n.withdraw_id
      and t.kind = 'withdraw' and t.state in ('open', 'settled')
    returning 1
), rounds as (
    select round_id, player, game_id, min(at) as opened_at, case when bool_or(finished) then max(at) end as finished_at,
        count(*) as wins, sum(amount)::bigint as won
    from k group by round_id, player, game_id
), played as (
    insert into game_rounds as r (opened_at, finished_at, player, bets, wins, rolled_back, staked, won, round_id, game_id)
    select opened_at, finished_at, player, 0, wins, 0, 0, won, round_id, game_id from rounds
    on conflict on constraint game_rounds_pkey do update
    set wins = r.wins + excluded.wins, won = r.won + excluded.won, finished_at = coalesce(r.finished_at, excluded.finished_at)`

	winsTail = `
    returning 1
), days as (
    select player, (at at time zone 'UTC')::date as day, sum(amount)::bigint as won from k where amount > 0 group by 1, 2
), lost as (
    insert into game_losses as l (player, loss, day)
    select player, -won, day from days
    on conflict on constraint game_losses_pkey do update set loss = l.loss + excluded.loss
)
select ledger_expect((select count(*) from played) = (select count(*) from rounds)
    and (select count(*) from settled) = (select count(*) from named), 'DL002')`

	writeWins = winsHead + `
    where r.finished_at is null` + winsTail

	// Free spins may be won after the round that they were won in.
	writeFreeSpinsWins = winsHead + winsTail

	// What a rollback gives back is what its withdraw took, on the day it did.
	writeRollbacks = `
with k as (
    select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
    as k (provider_id, scope, at, transaction_id, withdraw_id, campaign)
), undone as (
    update game_transactions t set state = 'rolled_back', ended_at = k.at
    from k
    where t.provider_id = k.provider_id and t.scope = k.scope and t.transaction_id = k.withdraw_id
      and t.kind = 'withdraw' and t.state = 'open'
    returning k.at, k.transaction_id, k.withdraw_id, k.campaign, t.created_at, t.provider_id, t.scope, t.player,
        t.amount, t.jackpot, t.bonus, t.currency, t.game_id, t.round_id
), made as (
    insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished,
        kind, state, currency, transaction_id, withdraw_id, game_id, round_id, campaign)
    select at, provider_id, scope, player, amount, jackpot, bonus, false,
        'rollback', 'done', currency, transaction_id, withdraw_id, game_id, round_id, campaign
    from undone
), played as (
    update game_rounds r set rolled_back = r.rolled_back + s.n, staked = r.staked - s.amount
    from (select round_id, player, game_id, count(*) as n, sum(amount)::bigint as amount
          from undone group by round_id, player, game_id) s
    where r.round_id = s.round_id and r.player = s.player and r.game_id = s.game_id
), lost as (
    update game_losses l set loss = l.loss - s.amount
    from (select player, (created_at at time zone 'UTC')::date as day, sum(amount)::bigint as amount from undone group by 1, 2) s
    where l.player = s.player and l.day = s.day
)
select ledger_expect((select count(*) from undone) = cardinality($1::bigint[]), 'DL002')`

	// Of a rollback that moves nothing.
	insertRollback = `
insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished,
    kind, state, currency, transaction_id, withdraw_id, game_id, round_id, campaign)
values ($1, $2, $3, $4, 0, 0, 0, false, 'rollback', $5, $6, $7, $8, $9, $10, $11)`

	insertTombstone = `
insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished,
    kind, state, currency, transaction_id, game_id, round_id, campaign)
values ($1, $2, $3, $4, 0, 0, 0, false, 'tombstone', 'barred', $5, $6, $7, $8, $9)`

	insertBoth = `
with barred as (
    insert into game_transactions (created_at, provider_id, scope, player, amount, jackpot, bonus, round_finished,
        kind, state, currency, transaction_id, game_id, round_id, campaign)
    values ($1, $2, $3, $4, 0, 0, 0, false, 'tombstone', 'barred', $6, $8, $9, $10, $11)
)` + insertRollback
)

// write runs the statement of one rider without an entry: nothing moves.
func (s *Service) write(ctx context.Context, r ledger.Rider) error {
	return s.exec(ctx, r.SQL, transact.Columns(r.Row)...)
}

// exec runs one statement, a transaction of its own. It fails with errAgain
// where somebody else was first.
func (s *Service) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.d.DB.Exec(ctx, sql, args...)
	switch {
	case overtaken(err):
		return fmt.Errorf("%w: %w", errAgain, err)
	case outOfRange(err):
		return errTooLarge.With(err)
	case err != nil:
		return fmt.Errorf("gamewallet: write: %w", err)
	}
	return nil
}

// overtaken reports that what was found has changed since.
func overtaken(err error) bool {
	var rider *ledger.RiderError
	if errors.As(err, &rider) && rider.Missed() {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "23505": // unique_violation
		return pg.ConstraintName == "game_transactions_pkey"
	case "DL002", "40P01": // a guard, a deadlock
		return true
	}
	return false
}

// outOfRange reports a sum that no bigint holds.
func outOfRange(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "22003"
}

// betRider writes a withdraw, its round and its day.
func (c *call) betRider(bonus int64) ledger.Rider {
	p := c.seat.Player
	return ledger.Rider{SQL: writeBets, Certain: true, Row: []any{
		c.provider.ID, c.scope(), p.ID, c.amount.Minor(), c.jackpot, bonus, p.LossLimitDay,
		c.finished, c.at, string(p.Currency), c.id, c.game, c.round, orNull(c.campaign),
	}}
}

// winRider writes a deposit, its round and its day, and settles the withdraw
// that is there.
func (c *call) winRider() ledger.Rider {
	p := c.seat.Player
	sql := writeWins
	if c.campaign != "" {
		sql = writeFreeSpinsWins
	}
	return ledger.Rider{SQL: sql, Certain: true, Row: []any{
		c.provider.ID, c.scope(), p.ID, c.amount.Minor(), c.jackpot,
		c.finished, c.consumed, c.found.withdraw.kind == Withdraw, c.at,
		string(p.Currency), c.id, orNull(c.withdrawID), c.game, c.round, orNull(c.campaign),
	}}
}

// rollbackRider writes a rollback that gives a stake back.
func (c *call) rollbackRider() ledger.Rider {
	return ledger.Rider{SQL: writeRollbacks, Certain: true, Row: []any{
		c.provider.ID, c.scope(), c.at, c.id, c.withdrawID, orNull(c.campaign),
	}}
}

// writeRollback writes a rollback that moves nothing.
func (s *Service) writeRollback(ctx context.Context, c *call, state State) error {
	return s.exec(ctx, insertRollback, c.rollbackRow(state)...)
}

// bury writes a rollback that found nothing, and the tombstone in the place of
// what it names. One that names itself is its own tombstone.
func (s *Service) bury(ctx context.Context, c *call) error {
	if c.id == c.withdrawID {
		p := c.seat.Player
		return s.exec(ctx, insertTombstone, c.at, c.provider.ID, c.scope(), p.ID, string(p.Currency), c.id, c.game, c.round, orNull(c.campaign))
	}
	return s.exec(ctx, insertBoth, c.rollbackRow(NotFound)...)
}

func (c *call) rollbackRow(state State) []any {
	p := c.seat.Player
	return []any{c.at, c.provider.ID, c.scope(), p.ID, string(state), string(p.Currency), c.id, c.withdrawID, c.game, c.round, orNull(c.campaign)}
}
