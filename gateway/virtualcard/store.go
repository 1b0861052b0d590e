package virtualcard

// Every statement of this package. Statements over arrays are riders, and run
// alone with arrays of one; "now" is always a parameter, so that tests and the
// processes agree on one clock.

// What is under way on a card is read in the snapshot that its cooldown is read
// in: a withdrawal that has just begun shows in both.
const cardColumns = `
exists (select from virtual_card_operations o where o.card_id = c.id and o.kind = 'withdraw' and o.state = 'processing') as withdrawing,
exists (select from virtual_card_operations o where o.card_id = c.id and o.state = 'processing'
    and o.kind in ('create', 'issue', 'freeze', 'unfreeze', 'close')) as changing,
c.id::text as id, c.user_id, c.name, c.status, c.balance, c.deposited, c.last_four, c.category, c.address, c.plan_id,
c.cooldown_end, c.created_at, c.updated_at, c.provider_card_id, c.version,
b.id::text as bin_id, b.digits, b.network, b.three_ds, b.wallet, b.country, b.initial_balance`

const operationColumns = `
o.id, o.transaction_id::text as transaction_id, o.fee_transaction_id::text as fee_transaction_id, o.card_id::text as card_id, o.user_id,
o.kind, o.state, o.amount, o.fee, o.not_after, o.created_at, o.ended_at, o.card_balance, o.cause, o.reason,
o.request_route, o.request_name, o.request_mark`

// Constraints that say what stands against a new operation.
const (
	withdrawingConstraint = "virtual_card_operations_withdrawing"
	changingConstraint    = "virtual_card_operations_changing"
	repeatedConstraint    = "virtual_card_operations_repeated"
	// Of a provider's card that is known here by another id.
	providerCardConstraint = "virtual_cards_provider"
)

// Reading.
const (
	fromCards = ` from virtual_cards c join virtual_card_bins b on b.id = c.bin_id `

	selectCard = `select ` + cardColumns + fromCards + `where c.id = $1`

	selectCards = `
select ` + cardColumns + fromCards + `
where c.user_id = $1 and c.status <> 'failed' order by c.created_at desc, c.id desc`

	selectDesk = `
select ` + cardColumns + fromCards + `
where ($1::bigint = 0 or c.user_id = $1) and ($2::text = '' or (c.created_at, c.id) < ((select created_at from virtual_cards where id = nullif($2, '')::uuid), nullif($2, '')::uuid))
order by c.created_at desc, c.id desc limit $3`

	selectBINs = `
select b.id::text as id, b.digits, b.network, b.three_ds, b.wallet, b.country, b.initial_balance from virtual_card_bins b`

	selectBIN  = selectBINs + ` where b.id = $1`
	orderBINs  = ` order by b.position, b.id`
	selectPlan = selectPlans + ` where p.id = $1`

	selectPlans = `
select p.id, p.name, p.description, p.card_limit, p.creation_fee, p.created_at from virtual_card_plans p`

	orderPlans = ` order by p.id`

	// The plan for cards that the platform gives: the one that bounds least.
	selectWidest = selectPlans + ` order by p.card_limit desc, p.id limit 1`

	selectOperation = `select ` + operationColumns + ` from virtual_card_operations o where o.id = $1`

	// An operation by its transaction; $2 is when a call that has had its time began.
	selectExceptional = `
select ` + operationColumns + `, o.state = 'processing' and (o.unanswered or o.created_at <= $2) as exceptional, o.contradiction, o.note
from virtual_card_operations o where o.transaction_id = $1`

	selectRepeated = `
select ` + operationColumns + ` from virtual_card_operations o
where o.user_id = $1 and o.request_route = $2 and o.request_name = $3 and o.state <> 'declined'`

	// One line for what was moved, and one for what was paid for it.
	transactionLines = `
from virtual_card_operations o join virtual_cards c on c.id = o.card_id
cross join lateral (values
    (2, o.transaction_id, case when o.kind in ('create', 'issue') then 'initial_balance' else o.kind end, o.amount),
    (1, o.fee_transaction_id, case when o.kind = 'create' then 'creation_fee' else o.kind || '_fee' end, o.fee)) as v (place, id, type, amount)
where o.user_id = $1 and v.amount > 0 and ($2::text = '' or o.card_id = nullif($2, '')::uuid)`

	countTransactions = `select count(*)` + transactionLines

	selectTransactions = `
select v.id::text as id, o.card_id::text as card_id, c.name as card_name, o.state, v.type, v.amount, c.last_four, o.cause, o.reason,
    o.created_at, coalesce(o.ended_at, o.created_at) as updated_at` + transactionLines + `
order by o.id desc, v.place desc limit $3::bigint offset $4::bigint`

	// Those whose call has had its time, or has ended without an answer.
	selectExceptions = `
select o.id, o.kind, o.transaction_id::text as transaction_id, o.card_id::text as card_id, o.user_id, o.amount, o.note,
    o.contradiction, o.created_at
from virtual_card_operations o
where o.id > $1 and (o.contradiction is not null or o.state = 'processing' and (o.unanswered or o.created_at <= $2))
order by o.id limit $3`

	countUnresolved = `
select count(*), coalesce(min(created_at), $1) from virtual_card_operations
where contradiction is not null or state = 'processing' and (unanswered or created_at <= $2)`
)

// Beginning.
const (
	selectNumbers = `
select nextval('virtual_card_operations_id_seq'), gen_random_uuid()::text, gen_random_uuid()::text, gen_random_uuid()::text`

	// A card and the operation that makes it, in one statement: a group may have
	// begun with other operations, and statements run in the order of the first.
	beginCards = `
with k as (
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[],
        $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::bytea[], $14::bytea[], $15::text[], $16::bigint[], $17::text[])
    as k (id, transaction_id, fee_transaction_id, card_id, user_id, kind, amount, fee,
        not_after, look_at, created_at, request_route, request_name, request_mark, bin_id, plan_id, name)
), cards as (
    insert into virtual_cards (id, user_id, bin_id, plan_id, name, created_at, updated_at,
        balance, deposited, version, status, last_four, category, address)
    select k.card_id::uuid, k.user_id, k.bin_id::uuid, k.plan_id, k.name, k.created_at, k.created_at, 0, 0, 1, 'processing', '', '', '{}'
    from k
), made as (
    insert into virtual_card_operations (id, transaction_id, fee_transaction_id, card_id, user_id, kind, amount, fee,
        not_after, look_at, created_at, request_route, request_name, request_mark,
        card_version, state, reason, note, unanswered, lookups)
    select k.id, k.transaction_id::uuid, k.fee_transaction_id::uuid, k.card_id::uuid, k.user_id, k.kind, k.amount, k.fee,
        k.not_after, k.look_at, k.created_at, k.request_route, k.request_name, k.request_mark,
        1, 'processing', '', '', false, 0
    from k
    returning 1
)
select ledger_expect((select count(*) from made) = cardinality($1::bigint[]), 'DL002')`

	// The card is locked and judged as it is then, and its version grows. Locks
	// are taken in the order of ids. statuses are those that allow the operation.
	beginOperations = `
with k as (
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[],
        $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::bytea[], $14::bytea[], $15::text[])
    as k (id, transaction_id, fee_transaction_id, card_id, user_id, kind, amount, fee,
        not_after, look_at, created_at, request_route, request_name, request_mark, statuses)
), locked as (
    select c.id, c.version, c.status from virtual_cards c
    where c.id = any ($4::text[]::uuid[]) order by c.id for update
), made as (
    insert into virtual_card_operations (id, transaction_id, fee_transaction_id, card_id, user_id, kind, amount, fee,
        not_after, look_at, created_at, request_route, request_name, request_mark,
        card_version, state, reason, note, unanswered, lookups)
    select k.id, k.transaction_id::uuid, k.fee_transaction_id::uuid, l.id, k.user_id, k.kind, k.amount, k.fee,
        k.not_after, k.look_at, k.created_at, k.request_route, k.request_name, k.request_mark,
        l.version + row_number() over (partition by l.id order by k.id), 'processing', '', '', false, 0
    from k join locked l on l.id = k.card_id::uuid
    where l.status = any (string_to_array(k.statuses, ','))
    returning card_id
), touched as (
    update virtual_cards c set version = l.version + s.n
    from locked l join (select card_id, count(*) as n from made group by card_id) s on s.card_id = l.id
    where c.id = l.id
)
select ledger_expect((select count(*) from made) = cardinality($1::bigint[]), 'DL002')`

	// A withdrawal takes its turn: no other may be tried for a while.
	startCooldown = `
update virtual_cards set cooldown_end = $2
where id = $1 and status = 'active' and (cooldown_end is null or cooldown_end <= $3)`

	// What was never sent was no attempt.
	endCooldown = `update virtual_cards set cooldown_end = null where id = $1 and cooldown_end = $2`
)

// Ending: the guard on the state decides who wins, in the transaction of the
// ledger entry. The card's balance becomes what the provider said if nothing
// else was under way on the card from the beginning to the end; otherwise
// answers may have crossed, and what was moved is added to what is known.
const (
	endOperations = `
with k as (
    select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::text[], $10::timestamptz[], $11::bigint[])
    as k (id, card_id, state, cause, reason, amount, card_balance, effect, card_status, at, deposit)
), locked as (
    select c.id, c.version, c.balance, c.status from virtual_cards c
    where c.id = any ($2::text[]::uuid[]) order by c.id for update
), done as (
    update virtual_card_operations o
    set state = k.state, cause = k.cause, reason = k.reason, amount = k.amount,
        card_balance = coalesce(k.card_balance, case k.state when 'done' then l.balance + k.effect end),
        note = '', ended_at = greatest(k.at, o.created_at)
    from k join locked l on l.id = k.card_id::uuid
    where o.id = k.id and o.state = 'processing'
    returning o.id, o.card_id, o.card_version, k.card_balance, k.effect, k.card_status, k.at, k.deposit
), sums as (
    select card_id, count(*) as n, max(id) as id, max(card_version) as began, max(card_balance) as balance, sum(effect)::bigint as effect,
        max(card_status) as status, max(at) as at, sum(deposit)::bigint as deposit
    from done group by card_id
), touched as (
    update virtual_cards c
    set version = l.version + s.n, status = coalesce(s.status, l.status), updated_at = greatest(c.updated_at, s.at),
        deposited = c.deposited + s.deposit,
        balance = case when s.n = 1 and l.version = s.began and s.balance is not null
            and not exists (select from virtual_card_operations o where o.card_id = l.id and o.state = 'processing' and o.id <> s.id)
            then s.balance else l.balance + s.effect end
    from locked l join sums s on s.card_id = l.id
    where c.id = l.id
)
select ledger_expect((select count(*) from done) = cardinality($1::bigint[]), 'DL002')`

	openCards = `
update virtual_cards c
set status = 'active', provider_card_id = k.provider_card_id, last_four = k.last_four, category = k.category, address = k.address::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as k (id, provider_card_id, last_four, category, address)
where c.id = k.id::uuid and c.status = 'processing'`

	// What the provider says now, unless something is or was under way since the
	// card was read: its answer may be of before that.
	refreshCard = `
update virtual_cards c set balance = $3, updated_at = greatest(c.updated_at, $4)
where c.id = $1 and c.version = $2 and c.balance <> $3
    and not exists (select from virtual_card_operations o where o.card_id = c.id and o.state = 'processing')`
)

// Recovery.
const (
	// Every process takes others, and whoever took one has a while to end it.
	takeDue = `
update virtual_card_operations o set look_at = $3, lookups = o.lookups + 1
where o.id in (
    select id from virtual_card_operations where (state = 'processing' or unheard) and look_at <= $1
    order by look_at limit $2 for update skip locked)
returning ` + operationColumns

	// An answer that told nothing.
	markUnanswered = `
update virtual_card_operations set unanswered = true, note = $2, look_at = $3 where id = $1 and state = 'processing'`

	// People have ended it, and what they were told of it is settled.
	markResolved = `
update virtual_card_operations o set resolved_by = k.by, unheard = k.unheard, contradiction = null, look_at = k.at
from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::boolean[]) as k (id, state, by, at, said, unheard)
where o.id = k.id and o.state = k.state and coalesce(o.contradiction, '') = k.said`

	markHeard = `update virtual_card_operations set unheard = false where id = $1 and unheard`
	putOff    = `update virtual_card_operations set look_at = $2 where id = $1 and unheard`

	selectProviderCard = `select coalesce(provider_card_id, '') from virtual_cards where id = $1`

	// Only the first is kept: it is what people have to look into.
	markContradicted = `
update virtual_card_operations set contradiction = $2 where id = $1 and contradiction is null`
)

const heldByOpenOperations = `
select 'live' as mode, 'user:' || user_id as owner, 'USD' as currency, sum(amount + fee)::bigint as amount
from virtual_card_operations where kind in ('create', 'topup') and state = 'processing' group by user_id having sum(amount + fee) > 0`
