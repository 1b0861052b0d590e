package cardorder

// Every statement of this package. Statements over arrays are riders or do the
// work of a whole batch; "now" is always a parameter, so that tests and the
// processes agree on one clock.

const columns = `
o.id, o.user_id, o.type, o.amount, o.status, o.card_mask, o.card_key, o.card_box, o.bank_name, o.holder_name,
o.claimed_by, o.lease_until, o.created_at, o.updated_at, o.ended_at, o.ended_by, o.cancel_reason`

// activeConstraint is broken by a user's second active order of a type.
const activeConstraint = "card_orders_active"

// Terms.
const (
	settingsColumns = `
s.enabled, s.deposit_min, s.deposit_max, s.withdraw_min, s.withdraw_max, s.card_key, s.card_box, s.bank_name, s.holder_name, s.updated_at`

	selectSettings = `select ` + settingsColumns + ` from card_settings s`

	lockSettings = selectSettings + ` for update`

	// The terms of a new order together with its id, and whether a withdrawal of
	// this user and amount would be refused now, in one round trip.
	selectTerms = `
select nextval('card_orders_id_seq'), s.enabled, s.deposit_min, s.deposit_max, s.withdraw_min, s.withdraw_max,
    exists (select from users u where u.id = $1 and withdrawal_refusal(u, 'card', $2) is not null)
    or exists (select from card_orders where user_id = $1 and type = 'withdraw' and status in ('pending', 'paid_by_user'))
from card_settings s`

	updateSettings = `
update card_settings set enabled = $1, deposit_min = $2, deposit_max = $3, withdraw_min = $4, withdraw_max = $5,
    card_key = $6, card_box = $7, bank_name = $8, holder_name = $9, updated_at = $10`

	// Guarded by what was read: whoever set another card meanwhile is right.
	resealSettings = `update card_settings set card_key = $1, card_box = $2 where card_key = $3 and card_box = $4`
)

// Creating.
const (
	insertOrders = `
insert into card_orders (id, user_id, type, amount, card_mask, card_key, card_box, bank_name, holder_name, created_at, updated_at, status)
select r.id, r.user_id, r.type, r.amount, r.card_mask, r.card_key, r.card_box, r.bank_name, r.holder_name, r.at, r.at, 'pending'
from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::timestamptz[])
    as r (id, user_id, type, amount, card_mask, card_key, card_box, bank_name, holder_name, at)`

	selectActive = `
select exists (select from card_orders where user_id = $1 and type = $2 and status in ('pending', 'paid_by_user'))`
)

// Reading.
const (
	selectByID = `select ` + columns + ` from card_orders o where o.id = $1`

	// A list is this, a condition for each filter, and the order.
	selectList   = `select ` + columns + ` from card_orders o where true`
	countList    = `select count(*) from card_orders o where true`
	listUser     = ` and o.user_id = $%d`
	listType     = ` and o.type = $%d`
	listStatus   = ` and o.status = $%d`
	listClaimed  = ` and o.claimed_by = $%d` + listOpen // only open ones are held
	listOpen     = ` and o.status in ('pending', 'paid_by_user')`
	listBefore   = ` and o.id < $%d`
	listPage     = ` order by o.id desc limit $%d offset $%d`
	listPageFrom = ` order by o.id desc limit $%d`
)

// Ending: riders, each with a guard that decides who wins, in the transaction
// of the ledger entry. The clocks of two processes differ a little, so no time
// goes back.
const (
	endOrders = `
update card_orders o set status = r.status, ended_at = greatest(r.at, o.updated_at), updated_at = greatest(r.at, o.updated_at),
    ended_by = r.by, cancel_reason = r.reason, claimed_by = null, lease_until = null
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::text[]) as r (id, status, at, by, reason)
where o.id = r.id and `

	endByUser     = endOrders + `o.status = 'pending' and o.claimed_by is null`
	endByOperator = endOrders + `o.status in ('pending', 'paid_by_user')
    and (o.claimed_by is null or o.claimed_by = r.by or o.lease_until <= r.at)`
)

// Changes that move nothing.
const (
	confirmPaid = `
update card_orders o set status = 'paid_by_user', updated_at = greatest($3, o.updated_at)
where o.id = $1 and o.user_id = $2 and o.type = 'deposit' and o.status = 'pending'`

	claimOrder = `
update card_orders o set claimed_by = $2, lease_until = $4
where o.id = $1 and o.status in ('pending', 'paid_by_user')
    and (o.claimed_by is null or o.claimed_by = $2 or o.lease_until <= $3)
returning ` + columns

	releaseOrder = `
update card_orders o set claimed_by = null, lease_until = null
where o.id = $1 and o.status in ('pending', 'paid_by_user') and o.claimed_by = $2
returning ` + columns
)

// Keys.
const (
	selectForeignKeys = `
select id, card_key, card_box from card_orders where id > $1 and card_key <> $2 order by id limit $3`

	updateCards = `
update card_orders o set card_key = r.key, card_box = r.box
from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[]) as r (id, was, key, box)
where o.id = r.id and o.card_key = r.was`

	countForeignKeys = `
select (select count(*) from card_orders where card_key <> $1) + (select count(*) from card_settings where card_key <> $1)`
)

const heldByOpenOrders = `
select 'live' as mode, 'user:' || user_id as owner, 'RUB' as currency, sum(amount)::bigint as amount
from card_orders where type = 'withdraw' and status in ('pending', 'paid_by_user') group by user_id`
