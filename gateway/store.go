package gateway

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/cardorder"
	"disburse/gateway/exchange"
)

// selectOpenOrders reads the partial indexes of open orders and nothing else of
// the tables.
const selectOpenOrders = `
select 'card_' || type as kind, status, count(*) as orders, sum(amount)::bigint as kopecks, min(created_at) as oldest
from card_orders where status in ('pending', 'paid_by_user') group by type, status
union all
select 'p2p', status, count(*), sum(usdt_amount)::bigint, min(created_at)
from p2p_orders where status in ('pending', 'paid_by_buyer', 'disputed') group by status`

// openOrders are the end users' orders of one kind in one state.
type openOrders struct {
	Kind    string    `db:"kind"`
	Status  string    `db:"status"`
	Orders  int64     `db:"orders"`
	Kopecks int64     `db:"kopecks"`
	Oldest  time.Time `db:"oldest"`
}

// openStates lists every kind and state that open orders can be in.
func openStates() []openOrders {
	var all []openOrders
	for _, t := range cardorder.Types() {
		for _, status := range []cardorder.Status{cardorder.Pending, cardorder.PaidByUser} {
			if status == cardorder.PaidByUser && t != cardorder.Deposit {
				continue
			}
			all = append(all, openOrders{Kind: "card_" + string(t), Status: string(status)})
		}
	}
	for _, status := range exchange.Statuses() {
		if !status.Final() {
			all = append(all, openOrders{Kind: "p2p", Status: string(status)})
		}
	}
	return all
}

// openOrders counts the end users' open orders. A kind and state of which there
// are none is listed too.
func (a *App) openOrders(ctx context.Context) ([]openOrders, error) {
	rows, err := a.DB.Query(ctx, selectOpenOrders)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[openOrders])
	if err != nil {
		return nil, err
	}
	all := openStates()
	for i, o := range all {
		for _, f := range found {
			if f.Kind == o.Kind && f.Status == o.Status {
				all[i] = f
			}
		}
	}
	return all, nil
}
