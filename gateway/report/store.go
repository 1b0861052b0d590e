package report

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
select 'exceptions', p.late + p.lost + c.open, 0, concat_ws(':', p.late, p.lost, c.open, c.newest)
from (select
        (select count(*) from (select from payouts where late_outcome is not null order by id limit $2) as l) as late,
        (select count(*) from payouts where status = 'expectation' and executor is not null and (stage = 'unknown' or expires_at <= $1)) as lost
    ) as p,
    (select count(*) as open, coalesce(max(id), 0) as newest from virtual_card_operations
        where contradiction is not null or state = 'processing' and (unanswered or created_at <= $3)) as c
union all
select 'callbacks', d.dead, 0, concat_ws(':', d.dead, w.pending, w.attempts, (select id from callback_events order by id desc limit 1))
from (select count(*) as dead from (
        select from callback_deliveries where state = 'dead' order by event_id limit $2) as x) as d,
    (select count(*) as pending, coalesce(sum(attempts + takes), 0) as attempts from (
        select attempts, takes from callback_deliveries where state = 'pending' order by endpoint, next_attempt_at limit $2) as x) as w`
