package report

// A search is some of these, each bounded by its last argument. Their columns
// are those of scanHit.
const (
	searchPayoutID = `
select 'payout', p.id, p.order_id, 'id', p.status, p.fiat_minor, p.currency, p.created_at from payouts p where p.id = $1 limit $2`

	searchPayoutDigits = `
select 'payout', p.id, p.order_id, 'last_four', p.status, p.fiat_minor, p.currency, p.created_at from payouts p
where p.last_four = $1 order by p.id desc limit $2`

	// The first in the order of the index: whoever types more of it narrows it.
	searchPayoutOrder = `
select 'payout', p.id, p.order_id, 'order_id', p.status, p.fiat_minor, p.currency, p.created_at from payouts p
where p.order_id >= $1 and p.order_id < $2 order by p.order_id, p.merchant_id limit $3`

	searchPayoutCustomer = `
select 'payout', p.id, p.order_id, 'customer', p.status, p.fiat_minor, p.currency, p.created_at from payouts p
where p.customer <> '' and p.customer ~>=~ $1 and p.customer ~<~ $2 order by p.customer using ~<~, p.id limit $3`

	searchCallback = `
select 'callback', e.id, e.order_id, 'id', d.state, null::bigint, null::text, e.created_at
from callback_events e join callback_deliveries d on d.event_id = e.id where e.id = $1 limit $2`

	searchApproval = `
select 'approval', a.id, a.subject, 'id', a.state, null::bigint, null::text, a.requested_at from approvals a where a.id = $1 limit $2`

	// Merchants are few.
	searchMerchant = `
select 'merchant', m.id, m.name, case when m.id = $1 then 'id' else 'name' end,
    case when m.disabled_at is null then m.mode else 'disabled' end, null::bigint, null::text, m.created_at
from merchants m where m.id = $1 or lower(m.name) ~>=~ $2 and lower(m.name) ~<~ $3 order by m.name limit $4`

	searchCardOrder = `
select 'card_order', o.id::text, o.type, 'id', o.status, o.amount, 'RUB', o.created_at from card_orders o where o.id = $1 limit $2`

	searchDeal = `
select 'p2p_order', o.id::text, o.ad_type, 'id', o.status, o.usdt_amount, 'RUB', o.created_at from p2p_orders o where o.id = $1 limit $2`

	userHit = `
select 'user', u.id::text, u.name, 'name', case when u.blocked_at is null then 'active' else 'blocked' end, null::bigint, null::text, u.created_at
from users u where `

	searchUserID = `
select 'user', u.id::text, u.name, 'id', case when u.blocked_at is null then 'active' else 'blocked' end, null::bigint, null::text, u.created_at
from users u where u.id = $1 limit $2`

	searchUserName = `
select * from (
    (` + userHit + `lower(u.name) ~>=~ $1 and lower(u.name) ~<~ $2 order by lower(u.name) using ~<~, u.id limit $3)
    union
    (` + userHit + `lower(u.nickname) ~>=~ $1 and lower(u.nickname) ~<~ $2 order by lower(u.nickname) using ~<~, u.id limit $3)
) as u limit $3`

	searchCardID = `
select 'virtual_card', c.id::text, c.name, 'id', c.status, null::bigint, null::text, c.created_at
from virtual_cards c where c.id = $1::text::uuid limit $2`

	searchCardDigits = `
select 'virtual_card', c.id::text, c.name, 'last_four', c.status, null::bigint, null::text, c.created_at
from virtual_cards c where c.last_four = $1 order by c.id limit $2`
)
