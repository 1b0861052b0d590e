package enduser

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const columns = `u.id, u.name, u.nickname, u.blocked_at is not null as blocked, u.signup_bonus, u.cashback_bonus,
    u.deposited, u.withdrawn, u.withdrawing, u.turnover, u.wagering_required, u.created_at`

const (
	insertUser = `
insert into users as u (name, nickname, signup_bonus, cashback_bonus,
                        deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
values ($1, $2, false, false, 0, 0, 0, 0, 0, $3) returning ` + columns

	selectByID = `select ` + columns + ` from users u where u.id = $1`

	selectForUpdate = selectByID + ` for update`

	selectPage = `select ` + columns + ` from users u where u.id > $1 order by u.id limit $2`

	blockUser   = `update users set blocked_at = $2 where id = $1 and blocked_at is null`
	unblockUser = `update users set blocked_at = null where id = $1 and blocked_at is not null`
	setWagering = `update users set wagering_required = $2 where id = $1 and wagering_required <> $2`

	insertToken = `
insert into user_tokens (hash, user_id, prefix, created_at, expires_at) values ($1, $2, $3, $4, $5)`

	revokeTokens = `update user_tokens set revoked_at = $2 where user_id = $1 and revoked_at is null and expires_at > $2`

	selectByToken = `
select ` + columns + ` from user_tokens t join users u on u.id = t.user_id
where t.hash = $1 and t.revoked_at is null and t.expires_at > $2`

	selectRefusal = `select withdrawal_refusal(u, $2, $3) from users u where u.id = $1`
)

// The riders count for themselves and sum what they do by user, because one
// update changes a row once however many rows it is joined with: the orders of
// one busy user come many in a group.
const (
	// The rows are locked before they are judged, and judged as they are then: an
	// update alone would judge what its snapshot shows, and refuse without
	// waiting for the bet that is about to commit. Locks are taken in the order
	// of ids.
	//
	// All kinds of a user's reservations must be allowed the sum of them all. A
	// sum that is refused fails the group, which is then taken apart.
	reserve = `
with asked as (
    select reference, user_id, kind, amount, at
    from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[]) as k (reference, user_id, kind, amount, at)
), locked as (
    select u.id, u as state from users u
    where u.id = any ($2::bigint[]) order by u.id for update
), reserved as (
    update users u set withdrawing = u.withdrawing + s.amount
    from locked l
    join (select user_id, array_agg(distinct kind) as kinds, sum(amount)::bigint as amount, count(*) as n
          from asked group by user_id) s on s.user_id = l.id
    where u.id = l.id
      and not exists (select from unnest(s.kinds) as k (kind) where withdrawal_refusal(l.state, k.kind, s.amount) is not null)
    returning s.n
), opened as (
    insert into user_withdrawals (reference, user_id, kind, amount, state, opened_at)
    select reference, user_id, kind, amount, 'open', at from asked
)
select ledger_expect((select sum(n) from reserved) = cardinality($1::text[]), 'DL002')`

	end = `
with ended as (
    update user_withdrawals w
    set state = case when k.completed then 'completed' else 'cancelled' end, ended_at = k.at
    from unnest($1::text[], $2::boolean[], $3::timestamptz[]) as k (reference, completed, at)
    where w.reference = k.reference and w.state = 'open'
    returning w.user_id, w.amount, k.completed
), counted as (
    update users u set withdrawing = u.withdrawing - s.amount, withdrawn = u.withdrawn + s.completed
    from (select user_id, sum(amount)::bigint as amount,
                 coalesce(sum(amount) filter (where completed), 0)::bigint as completed
          from ended group by user_id) s
    where u.id = s.user_id
)
select ledger_expect((select count(*) from ended) = cardinality($1::text[]), 'DL002')`

	countDeposit = `
with deposited as (
    insert into user_deposits (reference, user_id, amount, at)
    select reference, user_id, amount, at
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[]) as k (reference, user_id, amount, at)
    returning user_id, amount
), counted as (
    update users u set deposited = u.deposited + s.amount
    from (select user_id, sum(amount)::bigint as amount, count(*) as n from deposited group by user_id) s
    where u.id = s.user_id
    returning s.n
)
select ledger_expect((select sum(n) from counted) = cardinality($1::text[]), 'DL002')`

	// The sort of the bonus and the wagering that comes with it.
	grantBonus = `
with granted as (
    insert into bonus_grants (user_id, reference, kind, amount, wagering, at)
    select user_id, reference, kind, amount, wagering, at
    from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[])
        as k (user_id, reference, kind, amount, wagering, at)
    returning user_id, kind, wagering
), counted as (
    update users u set wagering_required = u.wagering_required + s.wagering,
        signup_bonus = u.signup_bonus or s.signup, cashback_bonus = u.cashback_bonus or s.cashback
    from (select user_id, sum(wagering)::bigint as wagering, count(*) as n,
                 bool_or(kind = 'signup') as signup, bool_or(kind = 'cashback') as cashback
          from granted group by user_id) s
    where u.id = s.user_id
    returning s.n
)
select ledger_expect((select sum(n) from counted) = cardinality($1::bigint[]), 'DL002')`
)

const (
	selectGrant = `
select user_id, reference, kind, amount, wagering from bonus_grants where user_id = $1 and reference = $2`

	uniqueViolation = "23505"
	outOfRange      = "22003"
	grantKey        = "bonus_grants_pkey"
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type row struct {
	ID               int64     `db:"id"`
	Name             string    `db:"name"`
	Nickname         string    `db:"nickname"`
	Blocked          bool      `db:"blocked"`
	SignupBonus      bool      `db:"signup_bonus"`
	CashbackBonus    bool      `db:"cashback_bonus"`
	Deposited        int64     `db:"deposited"`
	Withdrawn        int64     `db:"withdrawn"`
	Withdrawing      int64     `db:"withdrawing"`
	Turnover         int64     `db:"turnover"`
	WageringRequired int64     `db:"wagering_required"`
	CreatedAt        time.Time `db:"created_at"`
}

func (r row) user() User {
	r.CreatedAt = r.CreatedAt.UTC()
	return User(r)
}

func collect(ctx context.Context, db querier, sql string, args ...any) ([]User, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (User, error) {
		found, err := pgx.RowToStructByName[row](r)
		return found.user(), err
	})
}
