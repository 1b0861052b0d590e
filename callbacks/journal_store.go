package callbacks

// The SQL of the Journal. That of sending is in store.go.

const itemColumns = `
	e.id, e.merchant_id, e.subject, e.order_id, e.kind, e.url, d.state, d.class, d.attempts,
	case when d.state = 'pending' then d.next_attempt_at end, coalesce(d.last_status, 0), d.last_error,
	d.dead_reason, e.created_at, d.finished_at`

const matching = `
from callback_events e join callback_deliveries d on d.event_id = e.id
where ($1 = '' or e.merchant_id = $1) and ($2 = '' or e.order_id = $2)
	and ($3 = '' or e.subject = $3) and ($4 = '' or d.state = $4)`

const listSQL = `select` + itemColumns + matching + `
	and ($5 = '' or e.id < $5) and ($5 = '' or d.event_id < $5)
order by e.id desc limit $6`

const getSQL = `select` + itemColumns + `
from callback_events e join callback_deliveries d on d.event_id = e.id where e.id = $1`

const attemptsSQL = `
select number, started_at, duration_us, outcome, coalesce(status, 0), error, response
from callback_attempts where event_id = $1 order by number desc limit $2`

const countSQL = `select count(*)` + matching

const oldestSQL = `select count(*), min(e.created_at)` + matching

const underWaySQL = `select count(*)` + matching + ` and d.class <> 'first'`

const selectSQL = `select e.id` + matching + ` order by e.id limit $5`

// Of many, those are left out that another resend, or the end of one, was quicker
// with. A row whose attempt is running keeps its lease. If that attempt succeeds the
// resend is served; if not, its verdict belongs to the schedule that this ends,
// and the row is due as soon as the attempt is over.
const resendSQL = `
with chosen as (
	select event_id from callback_deliveries where event_id = any($1::text[]) and ($4 = '' or state = $4) order by event_id for update
), again as (
	update callback_deliveries d set state = 'pending', class = $2, failures = 0,
		scheduled_at = $3, next_attempt_at = $3, finished_at = null, dead_reason = ''
	from chosen c where d.event_id = c.event_id
	returning d.endpoint
), woken as (
	select pg_notify('callbacks_staged', endpoint) from (select distinct endpoint from again) as e
)
select endpoint, (select count(*) from woken) from again`

const statsSQL = `
select p.pending, p.due, p.oldest, (select count(*) from callback_deliveries where state = 'dead'),
	(select count(*) from callback_circuits where failures >= $2 and last_failure - failing_since >= $3)
from (
	select count(*) as pending, count(*) filter (where next_attempt_at <= $1) as due,
		min(next_attempt_at) filter (where next_attempt_at <= $1) as oldest
	from callback_deliveries where state = 'pending'
) as p`
