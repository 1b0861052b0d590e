package exchange

const escrowObligation = `
select 'live', 'user:' || o.seller_id, 'RUB', sum(o.usdt_amount)::bigint from p2p_orders o
where o.status in ('pending', 'paid_by_buyer', 'disputed') group by o.seller_id`
