package payout

// Every statement of this package. Statements over arrays are riders or do the
// work of a whole batch; "now" is always a parameter, so that tests and the
// processes agree on one clock.

const columns = `
p.id, p.merchant_id, p.order_id, p.mode, p.status, p.stage, p.currency, p.method, p.fiat_minor, p.rate, p.usdt_minor, p.fee_minor,
p.last_four, p.requisite_key, p.requisite_box, p.fingerprint, p.bank_name, p.bik, p.full_name, p.customer, p.description,
p.success_url, p.error_url, p.created_at, p.expires_at, p.ended_at, p.lease_until, p.sent_at, p.look_at,
p.completed_at, p.completed_by, p.claimed_by, p.executor, p.late_outcome, p.ended_by, p.reason, p.cheques`

// Creating.
const (
	insertPayouts = `
insert into payouts (id, merchant_id, order_id, mode, currency, method, fiat_minor, rate, usdt_minor, fee_minor,
    last_four, requisite_key, requisite_box, fingerprint, bank_name, bik, full_name, customer, description,
    success_url, error_url, created_at, expires_at, status, stage)
select r.*, 'expectation', 'waiting'
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::text[], $12::text[], $13::bytea[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[],
    $20::text[], $21::text[], $22::timestamptz[], $23::timestamptz[]) as r`

	// Locks the bounds for the rest of the transaction: one row of the result a rider.
	lockCapacity = `
select c.currency from unnest($1::text[], $2::text[]) as r (currency, method)
join payout_capacity c on c.currency = r.currency and c.method = r.method
order by c.currency, c.method for update of c`

	// Runs after lockCapacity and insertPayouts, so it counts what every earlier
	// holder of the lock committed and what this group inserted. One row of the
	// result a rider whose method is within its bounds.
	checkCapacity = `
select r.currency from (
    select u.mode, u.currency, u.method, count(*) as riders
    from unnest($1::text[], $2::text[], $3::text[]) as u (mode, currency, method) group by 1, 2, 3) as r
join payout_capacity c on c.currency = r.currency and c.method = r.method
cross join lateral (
    select count(*) as open, coalesce(sum(p.fiat_minor), 0) as amount from payouts p
    where p.status = 'expectation' and p.mode = r.mode and p.currency = r.currency and p.method = r.method) as o
cross join lateral generate_series(1, r.riders)
where (c.max_open is null or o.open <= c.max_open) and (c.max_open_amount is null or o.amount <= c.max_open_amount)`

	selectLoad = `
select count(*), coalesce(sum(fiat_minor), 0)::text from payouts
where status = 'expectation' and mode = $1 and currency = $2 and method = $3`
)

// Capacity settings.
const (
	selectCapacity = `select max_open, max_open_amount from payout_capacity where currency = $1 and method = $2`

	selectCapacities = `select currency, method, max_open, max_open_amount, updated_at from payout_capacity order by currency, method`

	upsertCapacity = `
insert into payout_capacity as c (currency, method, max_open, max_open_amount, updated_at) values ($1, $2, $3, $4, $5)
on conflict (currency, method) do update set max_open = excluded.max_open, max_open_amount = excluded.max_open_amount,
    updated_at = excluded.updated_at`
)

// Reading.
const (
	selectByOrderID = `select ` + columns + ` from payouts p where p.order_id = $1 and p.merchant_id = $2`
	selectByID      = `select ` + columns + ` from payouts p where p.id = $1`
	selectEvents    = `select at, kind, actor, note from payout_events where payout_id = $1 order by id`

	// A list is this, a condition for each filter, and the order. The second half of
	// listMerchant holds for every payout: it is the condition of the merchants' index.
	selectList     = `select ` + columns + ` from payouts p where true`
	listStage      = ` and p.stage = $%d and p.status = 'expectation'`
	listStatus     = ` and p.status = $%d`
	listMerchant   = ` and p.merchant_id = $%d and p.id > ''`
	listMode       = ` and p.mode = $%d`
	listMethod     = ` and p.method = $%d`
	listCurrency   = ` and p.currency = $%d`
	listClaimedBy  = ` and p.claimed_by = $%d`
	listFromID     = ` and p.id >= $%d`
	listFrom       = ` and p.created_at >= $%d`
	listToID       = ` and p.id < $%d`
	listTo         = ` and p.created_at < $%d`
	listBefore     = ` and p.id < $%d`
	listID         = ` and p.id = $%d`
	listOrderID    = ` and p.order_id >= $%d and p.order_id < $%d`
	listDigits     = ` and (p.last_four = $%d or p.order_id >= $%d and p.order_id < $%d)`
	listExceptions = ` and (p.late_outcome is not null or p.status = 'expectation' and p.executor is not null
    and p.stage <> 'awaiting_approval' and (p.stage = 'unknown' or p.expires_at <= $%d)
    or p.status = 'expectation' and p.stage = 'awaiting_approval' and p.completed_at <= $%d)`
	listOrder = ` order by p.id desc limit $%d`

	// Exceptions are read from the one on that has waited longest. Since when a
	// payout is one, Payout.Exception tells in the same way. The moment stands in the
	// cursor: that of the payout itself may be another by then.
	exceptionSince = `case when p.late_outcome is not null then p.ended_at when p.stage = 'awaiting_approval' then p.completed_at
    when p.stage = 'unknown' then p.sent_at else p.expires_at end`
	listAfterException = ` and (` + exceptionSince + `, p.id) > ($%d, $%d)`
	listExceptionOrder = ` order by ` + exceptionSince + `, p.id limit $%d`
)

// Ending: a rider each. The guard decides who wins, in the transaction of the
// ledger entry.
const (
	endPayouts = `
update payouts p set status = r.status, ended_at = greatest(r.at, p.created_at), ended_by = r.by, reason = r.reason, cheques = r.cheques::jsonb,
    claimed_by = null, lease_until = null
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[]) as r (id, status, at, by, reason, cheques)
where p.id = r.id and p.status = 'expectation' and `

	endByClaimant = endPayouts + `p.claimed_by = r.by and p.lease_until > r.at
    and (r.status <> 'successful' or not payout_needs_approval(p.currency, p.fiat_minor, p.created_at))`
	endByApprover = endPayouts + `p.stage = 'awaiting_approval' and p.completed_by <> r.by`
	endByMerchant = endPayouts + `p.stage = 'waiting' and (p.lease_until is null or p.lease_until <= r.at)`
	endByTimeout  = endByMerchant + ` and p.expires_at <= r.at`

	// An executor that has paid is right whoever holds the claim meanwhile; one
	// that refuses leaves a payout that a person took over to that person.
	endByExecutor = endPayouts + `'executor:' || p.executor = r.by and p.stage <> 'awaiting_approval'
    and (r.status = 'successful' or p.lease_until is null or p.claimed_by = r.by or p.lease_until <= r.at)`

	insertEvents = `
insert into payout_events (payout_id, at, kind, actor, note)
select r.* from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]) as r`

	markLate = `update payouts set late_outcome = $2 where id = $1 and status <> 'expectation' and late_outcome is null`

	selectDue = `
select ` + columns + ` from payouts p
where p.status = 'expectation' and p.expires_at <= $1 and p.stage = 'waiting' and (p.lease_until is null or p.lease_until <= $1)
    and p.id <> all($3::text[])
order by p.expires_at limit $2`

	// One sweep at a time among all processes. The lock ends with the transaction,
	// so it works through a transaction pooler.
	trySweep = `select pg_try_advisory_xact_lock(hashtextextended('disburse/payout/expire', 0))`
)

// Claims.
const (
	// The oldest payouts that wait for somebody. Open payouts are indexed by lane
	// (mode, currency, method) and age, so this walks the few lanes and takes
	// the oldest of each.
	selectWaiting = `
with recursive lane as (
    (select mode, currency, method from payouts where status = 'expectation' order by mode, currency, method limit 1)
    union all
    select n.mode, n.currency, n.method from lane l cross join lateral (
        select p.mode, p.currency, p.method from payouts p
        where p.status = 'expectation' and (p.mode, p.currency, p.method) > (l.mode, l.currency, l.method)
        order by p.mode, p.currency, p.method limit 1) as n
)
select ` + columns + ` from lane l cross join lateral (
    select w.* from payouts w
    where w.status = 'expectation' and w.mode = l.mode and w.currency = l.currency and w.method = l.method
        and w.stage = 'waiting' and (w.lease_until is null or w.lease_until <= $1) and w.expires_at > $1 and w.id > $2
        and ($7 = '' or w.merchant_id = $7) and ($8::bigint is null or w.fiat_minor >= $8) and ($9::bigint is null or w.fiat_minor <= $9)
    order by w.id limit $3) as p
where ($4 = '' or l.mode = $4) and ($5 = '' or l.currency = $5) and ($6 = '' or l.method = $6)
order by p.id limit $3`

	// Takes the first of the candidates that is still free. A row that another
	// claim holds is passed over, and one that changed since is judged anew.
	claimFirst = `
update payouts p set claimed_by = $2, lease_until = $4
from (select f.id from payouts f
    where f.id = any($1::text[]) and f.status = 'expectation' and f.stage = 'waiting'
        and (f.lease_until is null or f.lease_until <= $3) and f.expires_at > $3
    order by f.id limit 1 for update skip locked) as free
where p.id = free.id
returning ` + columns

	// By id, a payout whose execution has no known end can be taken over too: also one
	// still marked as sent when the lease is over, whose executor nobody asks any more.
	claimByID = `
update payouts p set claimed_by = $2, lease_until = $4
where p.id = $1 and p.status = 'expectation'
    and (p.lease_until is null or p.lease_until <= $3 or p.claimed_by = $2)
    and (p.stage = 'waiting' and (p.expires_at > $3 or p.claimed_by = $2 and p.lease_until > $3) or p.stage in ('sent', 'pending', 'unknown'))
returning ` + columns

	renewClaim = `
update payouts p set lease_until = $4
where p.id = $1 and p.status = 'expectation' and p.claimed_by = $2 and p.lease_until > $3
returning ` + columns

	releaseClaim = `
update payouts p set claimed_by = null, lease_until = null
where p.id = $1 and p.status = 'expectation' and p.claimed_by = $2 and p.lease_until > $3
returning ` + columns
)

// Four eyes.
const (
	selectNeedsApproval = `select payout_needs_approval($1, $2, $3)`

	// Stores a report that needs a second person.
	awaitApproval = `
update payouts p set stage = 'awaiting_approval', completed_by = $2, completed_at = $3, reason = $4, cheques = $5::jsonb,
    claimed_by = null, lease_until = null
where p.id = $1 and p.status = 'expectation' and p.stage <> 'awaiting_approval' and p.claimed_by = $2 and p.lease_until > $3
returning ` + columns

	// Takes the report $5 of $6 back, into the hands of $2.
	recall = `
update payouts p set stage = case when p.executor is null then 'waiting' else 'unknown' end,
    look_at = case when p.executor is null then null else $3::timestamptz end,
    completed_by = null, completed_at = null, reason = null, cheques = null, claimed_by = $2, lease_until = $4
where p.id = $1 and p.status = 'expectation' and p.stage = 'awaiting_approval' and p.completed_by = $5 and p.completed_at = $6
returning ` + columns

	// Rules change one after the other: what becomes weaker is told by what is.
	lockApprovalRules = `lock table payout_approval_rules in share row exclusive mode`

	// Later than the one before it, whatever the clocks of two processes say.
	insertApprovalRule = `
insert into payout_approval_rules (currency, at_or_above, set_at, set_by)
select $1, $2, greatest($3, max(r.set_at)), $4 from payout_approval_rules r where r.currency = $1
returning set_at`

	selectApprovalRules = `
select distinct on (currency) currency, at_or_above, set_at, set_by from payout_approval_rules order by currency, set_at desc, id desc`
)

// Execution.
const (
	markSent = `
update payouts p set claimed_by = $2, lease_until = $4, stage = 'sent', executor = $5, sent_at = $3, look_at = $6
from (select f.id from payouts f
    where f.id = any($1::text[]) and f.status = 'expectation' and f.stage = 'waiting'
        and (f.lease_until is null or f.lease_until <= $3) and f.expires_at > $3
        and not ` + forPeople + `
    order by f.id for update skip locked) as free
where p.id = free.id
returning ` + columns

	// What needs two people is never given to an executor: nobody could say no
	// any more. Sandbox money is none.
	forPeople = `(f.mode = 'live' and payout_needs_approval(f.currency, f.fiat_minor, f.created_at))`

	selectForPeople = `select f.id from payouts f where f.id = any($1::text[]) and ` + forPeople

	// Undoes markSent, as long as nobody has asked for the end of the call.
	unsend = `
update payouts set stage = 'waiting', executor = null, sent_at = null, look_at = null, claimed_by = null, lease_until = null
where id = $1 and status = 'expectation' and stage = 'sent' and claimed_by = $2 and look_at = $3`

	// Takes the payouts whose executor is due to be asked, so that no other
	// process asks at the same time. A call that never reported back has an
	// unknown end.
	takeLooks = `
update payouts p set look_at = $2, stage = case p.stage when 'sent' then 'unknown' else p.stage end
from (select f.id, f.stage as was from payouts f
    where f.status = 'expectation' and f.stage <> 'awaiting_approval' and f.executor = any($3::text[]) and f.look_at <= $1
        and (f.lease_until is null or f.lease_until <= $1 or f.claimed_by = 'executor:' || f.executor)
    order by f.look_at limit $4 for update skip locked) as due
where p.id = due.id
returning ` + columns + `, due.was`

	// Stores an answer that ends nothing. A claim that a person holds stays.
	markStage = `
update payouts p set stage = $3, look_at = $4,
    claimed_by = case when was.own then $5 else p.claimed_by end, lease_until = case when was.own then $6 else p.lease_until end
from (select f.id, f.stage, f.lease_until is null or f.lease_until <= $7 or f.claimed_by = 'executor:' || f.executor as own
    from payouts f where f.id = $1 for update) as was
where p.id = was.id and p.status = 'expectation' and p.stage <> 'awaiting_approval' and p.executor = $2
returning was.stage <> $3`
)

// Receipts.
const (
	insertReceipt = `
insert into payout_receipts (id, payout_id, content_type, content, uploaded_by, uploaded_at)
select $1, $2, $3, $4, $5, $6 from payouts
where id = $2 and status = 'expectation' and claimed_by = $5 and lease_until > $6 for update`

	countReceipts = `select count(*) from payout_receipts where payout_id = $1`

	selectReceiptIDs = `select id, content_type, octet_length(content) as size, uploaded_by, uploaded_at from payout_receipts where payout_id = $1 order by id`

	selectReceipt = `select content_type, content from payout_receipts where id = $1`
)

// Keys.
const (
	selectForeignKeys = `
select id, requisite_key, requisite_box from payouts where id > $1 and requisite_key <> $2 order by id limit $3`

	updateRequisites = `
update payouts p set requisite_key = r.key, requisite_box = r.box
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as r (id, was, key, box)
where p.id = r.id and p.requisite_key = r.was`

	countForeignKeys = `select count(*) from payouts where requisite_key <> $1`
)

// HeldObligation lists what the held account of each merchant must hold: mode,
// owner, currency, and what its open payouts cost together.
const HeldObligation = `
select mode, merchant_id as owner, 'USDT' as currency, sum(usdt_minor + fee_minor)::bigint as amount
from payouts where status = 'expectation' group by mode, merchant_id`
