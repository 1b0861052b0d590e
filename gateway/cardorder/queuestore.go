package cardorder

// The statements of the work queue and of handing over.

const (
	ready = `(o.type = 'withdraw' or o.status = 'paid_by_user')`

	listReady  = ` and ` + ready
	listUnpaid = ` and not ` + ready
	listAfter  = ` and o.id > $%d`
	listOldest = ` order by o.id limit $%d`

	// Takes the oldest order that is free. A row that another claim holds is
	// passed over, and one that changed since is judged anew.
	claimNext = `
update card_orders n set claimed_by = $1, lease_until = $3
from (select o.id from card_orders o
    where o.status in ('pending', 'paid_by_user') and ` + ready + `
        and (o.claimed_by is null or o.lease_until <= $2) and ($4 = '' or o.type = $4)
    order by o.id limit 1 for update skip locked) as free
where n.id = free.id
returning n.id, n.user_id, n.type, n.amount, n.status, n.card_mask, n.card_key, n.card_box, n.bank_name, n.holder_name,
    n.claimed_by, n.lease_until, n.created_at, n.updated_at, n.ended_at, n.ended_by, n.cancel_reason`

	handOver = `
update card_orders o set claimed_by = $3, lease_until = $4
where o.id = $1 and o.status in ('pending', 'paid_by_user') and o.claimed_by = $2
returning ` + columns
)
