package exchange

// The statements of the work queue of disputes.

const (
	// A row that another claim holds is passed over, and one that changed since is
	// judged anew.
	lockNextDispute = `
select ` + orderColumns + ` from p2p_orders o
where o.status = 'disputed' and (o.claimed_by is null or o.lease_until <= $1)
order by o.id limit 1 for update skip locked`

	selectHeldDisputes = `
select ` + orderColumns + ` from p2p_orders o where o.status = 'disputed' and o.claimed_by = $1 order by o.id`
)
