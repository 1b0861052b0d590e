package enduser

// The riders sum by user, as those of withdrawals do: one player's bets come
// many in a group. They go by the order of ids, as those do.
const (
	// Locked and judged as it is then: who was blocked a moment ago bets no more.
	countTurnover = `
with counted as (
    update users u set turnover = u.turnover + s.amount
    from (select user_id, sum(amount)::bigint as amount, count(*) as n
          from unnest($1::bigint[], $2::bigint[]) as k (user_id, amount) group by user_id order by user_id) s
    where u.id = s.user_id and u.blocked_at is null
    returning s.n
)
select ledger_expect((select sum(n) from counted) = cardinality($1::bigint[]), 'DL002')`

	takeBackTurnover = `
with counted as (
    update users u set turnover = u.turnover - s.amount
    from (select user_id, sum(amount)::bigint as amount, count(*) as n
          from unnest($1::bigint[], $2::bigint[]) as k (user_id, amount) group by user_id order by user_id) s
    where u.id = s.user_id
    returning s.n
)
select ledger_expect((select sum(n) from counted) = cardinality($1::bigint[]), 'DL002')`
)

// CountTurnover counts a bet of a user, in kopecks: the rider of the entry that
// takes the stake. It misses when the user is blocked.
func CountTurnover(userID, amount int64) Statement {
	return Statement{SQL: countTurnover, Certain: true, Row: []any{userID, amount}}
}

// TakeBackTurnover undoes CountTurnover: the rider of the entry that gives a
// stake back, blocked user or not.
func TakeBackTurnover(userID, amount int64) Statement {
	return Statement{SQL: takeBackTurnover, Certain: true, Row: []any{userID, amount}}
}
