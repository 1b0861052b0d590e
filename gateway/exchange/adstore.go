package exchange

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/vault"
)

// The statements about ads. "now" is always a parameter, so that tests and the
// processes agree on one clock.

const adColumns = `
a.id, a.user_id, a.type, a.fiat_currency, a.exchange_rate, a.min_amount, a.max_amount, a.remaining_amount, a.payment_methods,
a.instructions, a.window_minutes, a.is_active, a.version, a.created_at, a.updated_at, a.author_orders, a.author_rating,
a.details_key, a.details_box, a.details_masked`

// Who an ad's author is; above a limit, so that it is looked up for what is shown.
const authorColumns = `
(select u.name from users u where u.id = a.user_id) as author_name,
(select u.nickname from users u where u.id = a.user_id) as author_nickname,
(select u.blocked_at is not null from users u where u.id = a.user_id) as author_blocked`

const (
	nextAdID = `select nextval('p2p_ads_id_seq')`

	// Makes the row or locks it: what is read here stays so until the ad is
	// visible to whoever changes it next.
	lockTrader = `
insert into p2p_traders as t (user_id, completed_orders, rating_sum, rating_count) values ($1, 0, 0, 0)
on conflict (user_id) do update set user_id = excluded.user_id
returning t.completed_orders, t.rating`

	insertAd = `
insert into p2p_ads (id, user_id, type, fiat_currency, exchange_rate, min_amount, max_amount, remaining_amount, payment_methods,
    instructions, window_minutes, is_active, version, created_at, updated_at, author_orders, author_rating,
    details_key, details_box, details_masked)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, true, 1, $12, $12, $13, $14, $15, $16, $17)`

	selectAd = `select ` + adColumns + `, ` + authorColumns + ` from p2p_ads a where a.id = $1 and a.deleted_at is null`

	// The order's id comes with the ad that it answers, and whether the rules or
	// an open order of the taker stand in the way now: round trips less.
	selectAdToTake = `select ` + adColumns + `, ` + authorColumns + `, nextval('p2p_orders_id_seq') as next_order,
exists (select from users u where u.id = case a.type when 'buy' then $2::bigint else a.user_id end
    and withdrawal_refusal(u, 'p2p', $3::bigint) is not null)
or case a.type
    when 'buy' then exists (select from p2p_orders o where o.seller_id = $2 and o.ad_type = 'buy' and ` + openOrder + `)
    else exists (select from p2p_orders o where o.buyer_id = $2 and o.ad_type = 'sell' and ` + openOrder + `)
end as hindered
from p2p_ads a where a.id = $1 and a.deleted_at is null`
	openOrder = `o.status in ('pending', 'paid_by_buyer', 'disputed')`

	lockAd = `select ` + adColumns + `, ` + authorColumns + ` from p2p_ads a where a.id = $1 and a.deleted_at is null for update of a`

	updateAd = `
update p2p_ads set exchange_rate = $2, min_amount = $3, max_amount = $4, remaining_amount = $5, payment_methods = $6, instructions = $7,
    window_minutes = $8, is_active = $9, version = version + 1, updated_at = $10, details_key = $11, details_box = $12, details_masked = $13
where id = $1`

	deleteAd = `update p2p_ads set is_active = false, deleted_at = $2, updated_at = $2, version = version + 1 where id = $1`

	adHasOpenOrders = `
select exists (select from p2p_orders o where o.ad_id = $1 and o.status in ('pending', 'paid_by_buyer', 'disputed'))`

	selectIDsByNickname = `select id from users where nickname = $1 order by id limit $2`
)

// The listing: one branch or more, each read from an index in the order that
// is asked for, and merged.
const (
	listingColumns = adColumns + `, a.price_rank`

	listingHead   = `select ` + adColumns + `, ` + authorColumns + ` from (select ` + listingColumns + ` from (`
	listingBranch = `select ` + listingColumns + ` from p2p_ads a where a.shelf = `
	listingUnion  = ` union all `
	// Each branch ends where the page does: that lets them be merged in order.
	listingOrdered = `(%[1]s order by %[2]s, a.id limit %[3]d)`
	listingTail    = `) a order by %[1]s, a.id limit %[2]d offset %[3]d) a order by %[1]s, a.id`

	listType     = ` and a.type = '%s'`
	listFiat     = ` and a.fiat_currency = $%d`
	listAmount   = ` and a.min_amount <= $%[1]d and a.max_amount >= $%[1]d and a.remaining_amount >= $%[1]d`
	listMethod   = ` and $%d = any(a.payment_methods)`
	listDuration = ` and a.window_minutes <= $%d`
	listAuthors  = ` and a.user_id = any($%d) and a.deleted_at is null`
)

// Copies what is known of traders to their ads. A statement of its own, after
// the one that changed the traders' rows: only that way does it see ads that
// were published while that one waited.
const showTraders = `
update p2p_ads a set author_orders = t.completed_orders, author_rating = t.rating
from p2p_traders t
where t.user_id in (select unnest($1::bigint[]) union select unnest($2::bigint[]))
    and a.user_id = t.user_id and a.deleted_at is null
    and (a.author_orders, a.author_rating) is distinct from (t.completed_orders, t.rating)`

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// detailsRow is sealedDetails as the database has them.
type detailsRow struct {
	Key    *string `db:"details_key"`
	Box    []byte  `db:"details_box"`
	Masked []byte  `db:"details_masked"`
}

func (r detailsRow) details() (sealedDetails, error) {
	if r.Key == nil {
		return sealedDetails{}, nil
	}
	d := sealedDetails{sealed: vault.Sealed{Key: *r.Key, Box: r.Box}}
	return d, json.Unmarshal(r.Masked, &d.masked)
}

// columns are the values of the three columns, null when there are no details.
func (d sealedDetails) columns() (key *string, box []byte, masked *string, err error) {
	if d.none() {
		return nil, nil, nil, nil
	}
	raw, err := json.Marshal(d.masked)
	text := string(raw)
	return &d.sealed.Key, d.sealed.Box, &text, err
}

type adRow struct {
	ID             int64     `db:"id"`
	UserID         int64     `db:"user_id"`
	Type           string    `db:"type"`
	FiatCurrency   string    `db:"fiat_currency"`
	ExchangeRate   int64     `db:"exchange_rate"`
	Min            int64     `db:"min_amount"`
	Max            int64     `db:"max_amount"`
	Remaining      int64     `db:"remaining_amount"`
	Methods        []string  `db:"payment_methods"`
	Instructions   string    `db:"instructions"`
	WindowMinutes  int64     `db:"window_minutes"`
	Active         bool      `db:"is_active"`
	Version        int64     `db:"version"`
	CreatedAt      time.Time `db:"created_at"`
	UpdatedAt      time.Time `db:"updated_at"`
	AuthorOrders   int64     `db:"author_orders"`
	AuthorRating   int64     `db:"author_rating"`
	AuthorName     string    `db:"author_name"`
	AuthorNickname string    `db:"author_nickname"`
	AuthorBlocked  bool      `db:"author_blocked"`
	detailsRow
}

func (r adRow) ad() (Ad, error) {
	details, err := r.details()
	return Ad{
		ID: r.ID, UserID: r.UserID, Side: Side(r.Type), FiatCurrency: r.FiatCurrency, Rate: r.ExchangeRate,
		Min: r.Min, Max: r.Max, Remaining: r.Remaining, Methods: r.Methods, Instructions: r.Instructions,
		Window: time.Duration(r.WindowMinutes) * time.Minute, Active: r.Active, Version: r.Version,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), details: details,
		author: author{name: r.AuthorName, nickname: r.AuthorNickname, blocked: r.AuthorBlocked, completed: r.AuthorOrders, rating: r.AuthorRating},
	}, err
}

// takenRow is an ad with the id for the order that is to answer it.
type takenRow struct {
	adRow
	NextOrder int64 `db:"next_order"`
	Hindered  bool  `db:"hindered"`
}

func selectAds(ctx context.Context, db querier, sql string, args ...any) ([]Ad, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Ad, error) {
		found, err := pgx.RowToStructByName[adRow](r)
		if err != nil {
			return Ad{}, err
		}
		return found.ad()
	})
}

// selectOneAd fails with ErrAdNotFound.
func selectOneAd(ctx context.Context, db querier, sql string, id int64) (Ad, error) {
	ads, err := selectAds(ctx, db, sql, id)
	if err == nil && len(ads) == 0 {
		err = ErrAdNotFound
	}
	if err != nil {
		return Ad{}, err
	}
	return ads[0], nil
}

// selectToTake reads an ad with an id for the order of a taker that is to answer
// it, and whether something beside the ad's own terms stands in its way. It fails
// with pgx.ErrNoRows.
func selectToTake(ctx context.Context, db querier, id, taker, amount int64) (ad Ad, order int64, hindered bool, err error) {
	rows, err := db.Query(ctx, selectAdToTake, id, taker, amount)
	if err != nil {
		return Ad{}, 0, false, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[takenRow])
	if err != nil {
		return Ad{}, 0, false, err
	}
	ad, err = found.ad()
	return ad, found.NextOrder, found.Hindered, err
}
