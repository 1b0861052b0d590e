package payout

// The statements of the work queue and of handing over.

const (
	// Walks the lanes of open payouts and merges the oldest of each, as claims
	// do, so that it reads as many rows as it shows however many are open.
	queueWaiting = `
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
        and w.stage = 'waiting' and w.id > $1 and ($6 = '' or w.merchant_id = $6)
        and ($7::bigint is null or w.fiat_minor >= $7) and ($8::bigint is null or w.fiat_minor <= $8)
    order by w.id limit $2) as p
where ($3 = '' or l.mode = $3) and ($4 = '' or l.currency = $4) and ($5 = '' or l.method = $5)
order by p.id limit $2`

	queueClaimed = `
select ` + columns + ` from payouts p where p.claimed_by = $3 and p.id > $1 order by p.id limit $2`

	queueApproval = `
select ` + columns + ` from payouts p
where p.status = 'expectation' and p.stage = 'awaiting_approval' and p.id > $1 order by p.id limit $2`

	handOver = `
update payouts p set claimed_by = $4, lease_until = $5
where p.id = $1 and p.status = 'expectation' and p.claimed_by = $2 and p.lease_until > $3
returning ` + columns
)
