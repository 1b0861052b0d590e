package export

// Every statement of this package. Features own their tables; this package reads
// them because a file over a whole list belongs to none.

const (
	// Every list has an index in its order. To sort all of it first would keep the
	// reader waiting, and fill the disk of the database.
	neverSort     = `set local enable_sort = off`
	declareCursor = `declare export no scroll cursor for `
	fetchCursor   = `fetch 500 from export`
)

// The lists. Each goes on with a condition for each filter, and its order, which
// is that of an index.
const (
	selectPayouts = `
select p.id, p.order_id, coalesce((select m.name from merchants m where m.id = p.merchant_id), p.merchant_id), p.mode, p.status, p.stage, p.method, p.currency, p.fiat_minor, p.rate,
    p.usdt_minor, p.fee_minor, p.last_four, p.bank_name, p.full_name, p.customer, p.description, coalesce(p.claimed_by, ''),
    coalesce(p.completed_by, ''), coalesce(p.ended_by, ''), coalesce(p.reason, ''), p.created_at, p.expires_at, p.ended_at
from payouts p where true`
	orderPayouts = ` order by p.id`

	selectCardOrders = `
select o.id, o.user_id, o.type, o.status, o.amount, o.card_mask, o.bank_name, o.holder_name, coalesce(o.claimed_by, ''),
    coalesce(o.ended_by, ''), coalesce(o.cancel_reason, ''), o.created_at, o.updated_at, o.ended_at
from card_orders o where true`
	orderCardOrders = ` order by o.id`

	selectP2P = `
select o.id, o.ad_id, o.ad_type, o.status, o.buyer_id, o.seller_id, o.usdt_amount, o.fiat_currency, o.fiat_amount, o.exchange_rate,
    o.payment_method, coalesce(o.claimed_by, ''), coalesce(o.ended_by, ''), coalesce(o.note, ''),
    o.created_at, o.paid_at, o.disputed_at, o.ended_at
from p2p_orders o where true`
	orderP2P = ` order by o.id`

	selectTransfers = `
select t.id, t.reference, t.leg, t.flow, f.mode, f.currency, t.amount, t.from_account, f.owner, f.purpose, t.from_balance,
    t.to_account, o.owner, o.purpose, t.to_balance, t.at
from ledger_transfers t join ledger_accounts f on f.id = t.from_account join ledger_accounts o on o.id = t.to_account where true`
	orderTransfers = ` order by t.id`
	ofOwner        = ` and (t.from_account in (select id from ledger_accounts where owner = $%[1]d)
    or t.to_account in (select id from ledger_accounts where owner = $%[1]d))`
	ofAccount = ` and $%[1]d in (t.from_account, t.to_account)`

	// An address may hold a secret behind its question mark.
	selectCallbacks = `
select e.id, coalesce((select m.name from merchants m where m.id = e.merchant_id), e.merchant_id), e.subject, e.order_id, e.kind, split_part(e.url, '?', 1), d.state, d.attempts,
    d.last_status, d.last_error, d.dead_reason, e.created_at, case when d.state = 'pending' then d.next_attempt_at end, d.finished_at
from callback_events e join callback_deliveries d on d.event_id = e.id where true`
	orderCallbacks = ` order by e.id`
)

// Statements of merchants.
const (
	// Where each moment falls into the books: the id of the last transfer before
	// it, 0 when there is none. Ids run with time, so halving finds the place; what
	// two processes booked in the same instant may lie on either side of it, but
	// always on the same.
	selectCuts = `
with recursive halving as (
    select place, moment, -1::bigint as before, 4611686018427387904::bigint as after
    from unnest($1::timestamptz[]) with ordinality as m (moment, place)
    union all
    select h.place, h.moment, case when n.earlier then n.middle else h.before end, case when n.earlier then h.after else n.middle end
    from halving h cross join lateral (
        select m.middle, coalesce((select t.at < h.moment from ledger_transfers t where t.id > m.middle order by t.id limit 1), false) as earlier
        from (select h.before + (h.after - h.before) / 2 as middle) as m) as n
    where h.after - h.before > 1
)
select after from halving where after - before = 1 order by place`

	// What each of the merchant's accounts held after the last transfer up to each
	// place of the books.
	selectHeldAt = `
select c.place, a.purpose, coalesce(l.balance, 0)
from unnest($3::bigint[]) with ordinality as c (id, place)
join ledger_accounts a on a.mode = $1 and a.owner = $2 and a.currency = 'USDT' and a.purpose in ('available', 'held')
left join lateral (
    select balance from (
        (select id, from_balance as balance from ledger_transfers where from_account = a.id and id <= c.id order by id desc limit 1)
        union all
        (select id, to_balance from ledger_transfers where to_account = a.id and id <= c.id order by id desc limit 1)) as either
    order by id desc limit 1) as l on true`

	// What moved between two places, by day, flow, and where to or from.
	selectMoved = `
with account as (
    select id, purpose from ledger_accounts where mode = $1 and owner = $2 and currency = 'USDT' and purpose in ('available', 'held')
), side as (
    select id, flow, from_account as account, to_account as other, -amount as amount from ledger_transfers
    where from_account in (select id from account) and id > $4 and id <= $5
    union all
    select id, flow, to_account, from_account, amount from ledger_transfers
    where to_account in (select id from account) and id > $4 and id <= $5
)
select width_bucket(s.id - 1, $3::bigint[]), s.flow, a.purpose, case when o.owner = $2 then '' else o.purpose end, count(*), sum(s.amount)::bigint
from side s join account a on a.id = s.account join ledger_accounts o on o.id = s.other
group by 1, 2, 3, 4 order by 1, 2, 4, 3`
)
