package exchange

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// The statements about orders. Statements over arrays are riders: they stand or
// fall with the entry that moves the escrow.

const escrowObligation = `
select 'live', 'user:' || o.seller_id, 'RUB', sum(o.usdt_amount)::bigint from p2p_orders o
where o.status in ('pending', 'paid_by_buyer', 'disputed') group by o.seller_id`

const orderColumns = `
o.id, o.ad_id, o.ad_type, o.buyer_id, o.seller_id, o.usdt_amount, o.fiat_amount, o.fiat_currency, o.exchange_rate, o.payment_method,
o.status, o.operator_called, o.buyer_cancels, o.seller_cancels, o.claimed_by, o.lease_until,
o.ended_by, o.note, o.created_at, o.updated_at, o.pay_by, o.paid_at, o.disputed_at, o.ended_at,
o.details_key, o.details_box, o.details_masked`

// takeAds takes what the orders of a group ask of each ad, all or nothing, and
// inserts them. The ad must still have the version by which they were judged.
const takeAds = `
with k as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bytea[], $16::text[])
    as k (id, ad_id, version, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate,
        created_at, pay_by, ad_type, fiat_currency, payment_method, details_key, details_box, details_masked)
), taken as (
    update p2p_ads a set remaining_amount = a.remaining_amount - w.total
    from (select ad_id, min(version) as oldest, max(version) as newest, sum(usdt_amount) as total from k group by ad_id) w
    where a.id = w.ad_id and a.version = w.oldest and a.version = w.newest and a.is_active and a.remaining_amount >= w.total
    returning a.id
), made as (
    insert into p2p_orders (id, ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by,
        ad_type, fiat_currency, payment_method, details_key, details_box, details_masked,
        status, operator_called, buyer_cancels, seller_cancels)
    select k.id, k.ad_id, k.buyer_id, k.seller_id, k.usdt_amount, k.fiat_amount, k.exchange_rate, k.created_at, k.created_at, k.pay_by,
        k.ad_type, k.fiat_currency, k.payment_method, k.details_key, k.details_box, k.details_masked::jsonb,
        'pending', false, false, false
    from k join taken on taken.id = k.ad_id
    returning 1
)
select ledger_expect((select count(*) from made) = cardinality($1::bigint[]), 'DL002')`

// Ends: a guard decides who wins, in the transaction that moves the escrow.
const (
	endHead = `
with k as (
    select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[]) as k (id, at, by, note)
), ended as (
    update p2p_orders o set ended_at = k.at, updated_at = k.at, ended_by = k.by, note = k.note, claimed_by = null, lease_until = null, status = `

	// What was taken of the ad is there for others again.
	endCancelled = `
    returning o.ad_id, o.usdt_amount
), returned as (
    update p2p_ads a set remaining_amount = a.remaining_amount + s.total
    from (select ad_id, sum(usdt_amount) as total from ended group by ad_id) s where a.id = s.ad_id
)` + endCounted

	endCompleted = `
    returning o.buyer_id, o.seller_id
), counted as (
    insert into p2p_traders as t (user_id, completed_orders, rating_sum, rating_count)
    select s.user_id, count(*), 0, 0
    from (select buyer_id from ended union all select seller_id from ended) as s (user_id) group by s.user_id order by s.user_id
    on conflict (user_id) do update set completed_orders = t.completed_orders + excluded.completed_orders
)` + endCounted

	endCounted = `
select ledger_expect((select count(*) from ended) = cardinality($1::bigint[]), 'DL002')`

	cancelPending  = endHead + `'cancelled' from k where o.id = k.id and o.status = 'pending'` + endCancelled
	cancelOverdue  = endHead + `'cancelled' from k where o.id = k.id and o.status = 'pending' and o.pay_by <= k.at` + endCancelled
	cancelAgreed   = endHead + `'cancelled' from k where o.id = k.id and o.status = 'disputed' and o.buyer_cancels and o.seller_cancels` + endCancelled
	cancelDispute  = endHead + `'cancelled' from k where ` + heldDispute + endCancelled
	completeOrder  = endHead + `'completed' from k where o.id = k.id and o.status in ('paid_by_buyer', 'disputed')` + endCompleted
	completeClaim  = endHead + `'completed' from k where ` + heldDispute + endCompleted
	heldDispute    = `o.id = k.id and o.status = 'disputed' and o.claimed_by = k.by and o.lease_until > k.at`
	activeWithdraw = "p2p_orders_active_withdraw"
	activeDeposit  = "p2p_orders_active_deposit"
)

// Transitions that move no money.
const (
	markPaid = `
update p2p_orders set status = 'paid_by_buyer', paid_at = $2, dispute_at = $3, updated_at = $2 where id = $1 and status = 'pending'`

	markDisputed = `
update p2p_orders set status = 'disputed', operator_called = true, disputed_at = $2, updated_at = $2
where id = $1 and status = 'paid_by_buyer'`

	agreeToCancel = `
update p2p_orders set buyer_cancels = buyer_cancels or buyer_id = $2, seller_cancels = seller_cancels or seller_id = $2, updated_at = $3
where id = $1 and status = 'disputed'`

	replaceDetails = `
update p2p_orders set details_key = $2, details_box = $3, details_masked = $4, updated_at = $5 where id = $1 and status = 'pending'`

	rateAsBuyer  = `update p2p_orders set buyer_rating = $2, updated_at = $3 where id = $1 and status = 'completed' and buyer_rating is null`
	rateAsSeller = `update p2p_orders set seller_rating = $2, updated_at = $3 where id = $1 and status = 'completed' and seller_rating is null`

	// The row is there since the order was completed.
	addRating = `update p2p_traders set rating_sum = rating_sum + $2, rating_count = rating_count + 1 where user_id = $1`

	// These two run under the row's lock, with which its claim was judged.
	claimDispute   = `update p2p_orders set claimed_by = $2, lease_until = $3 where id = $1`
	releaseDispute = `update p2p_orders set claimed_by = null, lease_until = null where id = $1`
)

// Reading.
const (
	selectOrder = `select ` + orderColumns + ` from p2p_orders o where o.id = $1`

	lockOrder = selectOrder + ` for update`

	selectOpenAsTaker = `
select exists (select from p2p_orders o where o.ad_type = $2 and case $2 when 'buy' then o.seller_id else o.buyer_id end = $1
    and o.status in ('pending', 'paid_by_buyer', 'disputed'))`

	// Nobody is both sides of an order.
	selectMine = `
select ` + orderColumns + ` from (
    select ` + orderColumns + ` from p2p_orders o where o.buyer_id = $1 and ($2 = '' or o.status = $2)
    union all
    select ` + orderColumns + ` from p2p_orders o where o.seller_id = $1 and ($2 = '' or o.status = $2)
) o order by o.id desc limit $3 offset $4`

	selectCounterpart = `select id, name, nickname from users where id = $1`

	selectDisputes = `select ` + orderColumns + ` from p2p_orders o where o.status = 'disputed' and o.id > $1 order by o.id limit $2`
)

// Sweeping.
const (
	selectDue = `
select ` + orderColumns + ` from p2p_orders o
where o.status = 'pending' and o.pay_by <= $1 and (o.pay_by, o.id) > ($2, $3) order by o.pay_by, o.id limit $4`

	selectAgreed = `
select ` + orderColumns + ` from p2p_orders o
where o.status = 'disputed' and o.buyer_cancels and o.seller_cancels and o.id > $1 order by o.id limit $2`

	disputeOverdue = `
update p2p_orders o set status = 'disputed', disputed_at = $1, updated_at = $1
from (select id from p2p_orders where status = 'paid_by_buyer' and dispute_at <= $1 order by dispute_at limit $2 for update skip locked) d
where o.id = d.id`

	// One sweep at a time among all processes. The lock ends with the transaction,
	// so it works through a transaction pooler.
	trySweep = `select pg_try_advisory_xact_lock(hashtextextended('disburse/exchange/sweep', 0))`
)

// Moving sealed details to another key.
const (
	selectOtherwise = `
select id, details_key, details_box from %s where details_key <> $1 order by id limit $2`

	updateSealed = `
update %s t set details_key = r.key, details_box = r.box
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as r (id, was, key, box)
where t.id = r.id::bigint and t.details_key = r.was`

	countOtherwise = `
select (select count(*) from p2p_ads where details_key <> $1) + (select count(*) from p2p_orders where details_key <> $1)`
)

type orderRow struct {
	ID             int64      `db:"id"`
	AdID           int64      `db:"ad_id"`
	AdType         string     `db:"ad_type"`
	BuyerID        int64      `db:"buyer_id"`
	SellerID       int64      `db:"seller_id"`
	Amount         int64      `db:"usdt_amount"`
	FiatAmount     int64      `db:"fiat_amount"`
	FiatCurrency   string     `db:"fiat_currency"`
	Rate           int64      `db:"exchange_rate"`
	Method         string     `db:"payment_method"`
	Status         string     `db:"status"`
	OperatorCalled bool       `db:"operator_called"`
	BuyerCancels   bool       `db:"buyer_cancels"`
	SellerCancels  bool       `db:"seller_cancels"`
	ClaimedBy      *string    `db:"claimed_by"`
	LeaseUntil     *time.Time `db:"lease_until"`
	EndedBy        *string    `db:"ended_by"`
	Note           *string    `db:"note"`
	CreatedAt      time.Time  `db:"created_at"`
	UpdatedAt      time.Time  `db:"updated_at"`
	PayBy          time.Time  `db:"pay_by"`
	PaidAt         *time.Time `db:"paid_at"`
	DisputedAt     *time.Time `db:"disputed_at"`
	EndedAt        *time.Time `db:"ended_at"`
	detailsRow
}

func (r orderRow) order() (Order, error) {
	details, err := r.details()
	return Order{
		ID: r.ID, AdID: r.AdID, AdSide: Side(r.AdType), BuyerID: r.BuyerID, SellerID: r.SellerID,
		Amount: r.Amount, FiatAmount: r.FiatAmount, FiatCurrency: r.FiatCurrency, Rate: r.Rate, Method: r.Method, Status: Status(r.Status),
		OperatorCalled: r.OperatorCalled, BuyerCancels: r.BuyerCancels, SellerCancels: r.SellerCancels,
		ClaimedBy: orZero(r.ClaimedBy), LeaseExpiresAt: orZero(r.LeaseUntil).UTC(), EndedBy: orZero(r.EndedBy), Note: orZero(r.Note),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), PayBy: r.PayBy.UTC(), PaidAt: orZero(r.PaidAt).UTC(),
		DisputedAt: orZero(r.DisputedAt).UTC(), EndedAt: orZero(r.EndedAt).UTC(),
		details: details,
	}, err
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func selectOrders(ctx context.Context, db querier, sql string, args ...any) ([]Order, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Order, error) {
		found, err := pgx.RowToStructByName[orderRow](r)
		if err != nil {
			return Order{}, err
		}
		return found.order()
	})
}

// selectOneOrder fails with ErrOrderNotFound.
func selectOneOrder(ctx context.Context, db querier, sql string, id int64) (Order, error) {
	orders, err := selectOrders(ctx, db, sql, id)
	if err == nil && len(orders) == 0 {
		err = ErrOrderNotFound
	}
	if err != nil {
		return Order{}, err
	}
	return orders[0], nil
}

// counterpartRow is what an order shows of its other participant.
type counterpartRow struct {
	ID       int64  `db:"id"`
	Name     string `db:"name"`
	Nickname string `db:"nickname"`
}

func selectIDs(ctx context.Context, db querier, sql string, args ...any) ([]int64, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
