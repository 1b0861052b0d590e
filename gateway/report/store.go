package report

// Every statement of this package.

// The payouts among the exceptions, as package payout lists them: those whose
// execution is lost, and those that no second person has decided in time ($4).
const (
	lostPayouts = `(select count(*) from payouts
        where status = 'expectation' and executor is not null and stage <> 'awaiting_approval' and (stage = 'unknown' or expires_at <= $1))`
	unapprovedPayouts = `(select count(*) from (select from payouts
        where status = 'expectation' and stage = 'awaiting_approval' and completed_at <= $4 order by id limit $2) as u)`
)

// selectPulse is a row a topic: its name, its count, the sequences that run with
// its changes, and what else tells that it changed. Orders by the columns of the
// index keep the counts inside it.
const selectPulse = `
select 'payouts', (select count(*) from (
        select from payouts where status = 'expectation' order by mode, currency, method, id limit $2) as o),
    (select last_value + is_called::int from payout_events_id_seq),
    coalesce((select id from payouts order by id desc limit 1), '')
union all
select 'card-orders', count(*), (select last_value + is_called::int from chat_messages_id_seq),
    concat_ws(':', max(o.id), max(extract(epoch from o.updated_at)), sum(hashtext(concat(o.id, o.claimed_by, o.lease_until))))
from (select id, updated_at, claimed_by, lease_until from card_orders where status in ('pending', 'paid_by_user') order by id limit $2) as o
union all
select 'disputes', count(*), (select last_value + is_called::int from chat_messages_id_seq),
    concat_ws(':', max(o.id), max(extract(epoch from o.updated_at)), sum(hashtext(concat(o.id, o.claimed_by, o.lease_until))))
from (select id, updated_at, claimed_by, lease_until from p2p_orders where status = 'disputed' order by id limit $2) as o
union all
select 'approvals', count(*) filter (where a.expires_at > $1), 0, concat_ws(':', count(*), max(a.id))
from (select id, expires_at from approvals where state = 'waiting' order by id limit $2) as a
union all
select 'exceptions', p.late + p.lost + p.unapproved + c.open, 0, concat_ws(':', p.late, p.lost, p.unapproved, c.open, c.newest)
from (select
        (select count(*) from (select from payouts where late_outcome is not null order by id limit $2) as l) as late,
        ` + lostPayouts + ` as lost, ` + unapprovedPayouts + ` as unapproved
    ) as p,
    (select count(*) as open, coalesce(max(id), 0) as newest from virtual_card_operations
        where contradiction is not null or state = 'processing' and (unanswered or created_at <= $3)) as c
union all
select 'callbacks', d.dead, 0, concat_ws(':', d.dead, w.pending, w.attempts, (select id from callback_events order by id desc limit 1))
from (select count(*) as dead from (
        select from callback_deliveries where state = 'dead' order by event_id limit $2) as x) as d,
    (select count(*) as pending, coalesce(sum(attempts + takes), 0) as attempts from (
        select attempts, takes from callback_deliveries where state = 'pending' order by endpoint, next_attempt_at limit $2) as x) as w`

// selectFunds reads every account once: a sum has no shorter way, and the answer
// is kept for a while.
const selectFunds = `
select mode, currency,
    coalesce(sum(balance) filter (where purpose = 'available'), 0)::bigint,
    coalesce(sum(balance) filter (where purpose in ('held', 'order_held', 'escrow', 'card_held')), 0)::bigint,
    coalesce(sum(balance) filter (where purpose = 'bonus'), 0)::bigint,
    coalesce(sum(balance) filter (where purpose in ('fees', 'games', 'bonuses', 'adjustment')), 0)::bigint,
    coalesce(sum(balance) filter (where purpose = 'cards'), 0)::bigint,
    coalesce(-sum(balance) filter (where purpose = 'external'), 0)::bigint,
    coalesce(sum(balance) filter (where purpose = 'settlement'), 0)::bigint
from ledger_accounts group by mode, currency order by mode, currency`

// selectQueues is a row a queue. Open payouts are indexed by lane and age, so the
// oldest of each lane is looked up.
const selectQueues = `
with recursive lane as (
    (select mode, currency, method from payouts where status = 'expectation' order by mode, currency, method limit 1)
    union all
    select n.mode, n.currency, n.method from lane l cross join lateral (
        select p.mode, p.currency, p.method from payouts p
        where p.status = 'expectation' and (p.mode, p.currency, p.method) > (l.mode, l.currency, l.method)
        order by p.mode, p.currency, p.method limit 1) as n
), open as (
    select created_at, stage = 'waiting' and (lease_until is null or lease_until <= $1) as free from (
        select created_at, stage, lease_until from payouts where status = 'expectation' order by mode, currency, method, id limit $2) as p
)
select 'payouts', (select count(*) from open), (select count(*) from open where free),
    (select min(o.created_at) from lane l cross join lateral (
        select w.created_at from payouts w
        where w.status = 'expectation' and w.mode = l.mode and w.currency = l.currency and w.method = l.method
            and w.stage = 'waiting' and (w.lease_until is null or w.lease_until <= $1)
        order by w.id limit 1) as o)
union all
select 'card-orders', count(*), count(*) filter (where free), min(created_at) filter (where free) from (
    select created_at, lease_until is null or lease_until <= $1 as free from card_orders
    where status in ('pending', 'paid_by_user') order by id limit $2) as o
union all
select 'disputes', count(*), count(*) filter (where free), min(disputed_at) filter (where free) from (
    select disputed_at, lease_until is null or lease_until <= $1 as free from p2p_orders
    where status = 'disputed' order by id limit $2) as o
union all
select 'approvals', count(*), count(*), min(requested_at) from (
    select requested_at from approvals where state = 'waiting' and expires_at > $1 order by id limit $2) as o`

// selectTrouble counts exceptions, as selectPulse does, and payouts that end
// soon although nobody has taken them.
const selectTrouble = `
select (select count(*) from (select from payouts where late_outcome is not null order by id limit $2) as l)
    + ` + lostPayouts + ` + ` + unapprovedPayouts + `
    + (select count(*) from virtual_card_operations where contradiction is not null or state = 'processing' and (unanswered or created_at <= $3)),
    (select count(*) from (select from payouts
        where status = 'expectation' and expires_at <= $5 and stage = 'waiting' and (lease_until is null or lease_until <= $1)
        order by expires_at limit $2) as e)`

// selectStaleRates looks up the newest rate of each currency.
const selectStaleRates = `
with recursive newest as (
    (select currency, set_at, max_age_seconds from rates order by currency, id desc limit 1)
    union all
    select n.currency, n.set_at, n.max_age_seconds from newest c cross join lateral (
        select r.currency, r.set_at, r.max_age_seconds from rates r where r.currency > c.currency order by r.currency, r.id desc limit 1) as n
)
select currency, set_at from newest where set_at + max_age_seconds * interval '1 second' < $1 order by currency`

// selectDeliveries is about the newest callbacks since an id. An id holds its
// time, so the end of the primary key is the last day.
const selectDeliveries = `
select count(*), count(*) filter (where state = 'delivered'),
    extract(epoch from coalesce(percentile_cont(0.5) within group (order by finished_at - scheduled_at) filter (where state = 'delivered'), '0')),
    extract(epoch from coalesce(percentile_cont(0.95) within group (order by finished_at - scheduled_at) filter (where state = 'delivered'), '0'))
from (select state, finished_at, scheduled_at from callback_deliveries where event_id >= $1 order by event_id desc limit $2) as d`

// selectCourse is what ended in each step of so many seconds. All of it is in the
// index, and a step at a time is little enough to be sorted in memory.
const selectCourse = `
select extract(epoch from step.begins)::bigint, d.*
from generate_series($2::timestamptz, $4::timestamptz, make_interval(secs => $3)) as step (begins)
cross join lateral (
    select count(*) filter (where status = 'successful') as paid, count(*) filter (where status = 'rejected_timeout'),
        count(*) filter (where status = 'rejected_merchant'), count(*) filter (where status = 'rejected_gate'),
        extract(epoch from coalesce(percentile_cont(0.5) within group (order by ended_at - created_at) filter (where status = 'successful'), '0')),
        extract(epoch from coalesce(percentile_cont(0.9) within group (order by ended_at - created_at) filter (where status = 'successful'), '0'))
    from payouts where mode = $1 and ended_at >= step.begins and ended_at < step.begins + make_interval(secs => $3)
) as d`

// selectMerchantPulse is a row a merchant, of what is the merchant's alone: no
// sequence, which runs with what others do, and nothing of who works on what. It is
// read every second while somebody looks, so it states the condition of the index
// of a merchant's payouts.
const selectMerchantPulse = `
select m.id, o.open, concat_ws(':', o.marks, (select id from payouts where merchant_id = m.id and id > '' order by id desc limit 1)), c.dead, coalesce(c.marks, 0)::text
from unnest($1::text[]) as m (id)
cross join lateral (
    select count(*) as open, sum(hashtext(p.id)) as marks
    from (select id from payouts where merchant_id = m.id and status = 'expectation' order by id desc limit $2) as p) as o
cross join lateral (
    select count(*) filter (where d.state = 'dead') as dead, sum(hashtext(concat_ws(':', d.event_id, d.state, d.attempts, d.takes, d.next_attempt_at))) as marks
    from (select id from callback_events where merchant_id = m.id order by id desc limit $3) as e
    join callback_deliveries d on d.event_id = e.id) as c`

// selectToPay walks the index of what ended, from its end.
const selectToPay = `
select count(*),
    extract(epoch from coalesce(percentile_disc(0.5) within group (order by took), '0')),
    extract(epoch from coalesce(percentile_disc(0.9) within group (order by took), '0'))
from (select ended_at - created_at as took from payouts
    where mode = $1 and ended_at >= $2 and status = 'successful' order by ended_at desc limit $3) as newest`
