package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"disburse/cmd/bench/crawl"
)

// selectExamples is a payout of which there is everything, somewhere in the middle.
const selectExamples = `
select p.id, p.order_id, p.last_four, p.customer, m.name, e.id, 'payout:' || e.subject || ':end', a.id::text
from (select * from payouts where customer <> '' and status = 'successful' order by id desc offset 3000 limit 1) as p
join merchants m on m.id = p.merchant_id
join ledger_accounts a on a.owner = p.merchant_id and a.purpose = 'available' and a.mode = 'live',
    (select * from callback_events order by id desc limit 1) as e`

// asked are values for what can be typed into a filter, something that is there
// and something that is not.
func (b *bench) asked(ctx context.Context) (crawl.Values, error) {
	var id, order, digits, customer, name, callback, reference, account string
	if err := b.db.QueryRow(ctx, selectExamples).Scan(&id, &order, &digits, &customer, &name, &callback, &reference, &account); err != nil {
		return nil, fmt.Errorf("nothing to ask for, is the database empty? %w", err)
	}
	day := func(back int) string { return time.Now().UTC().AddDate(0, 0, -back).Format(time.DateOnly) }
	return crawl.Values{
		"q": {
			id, order, order[:len(order)-3], digits, customer, customer[:len(customer)-2], callback, name, "7", "nothing-like-it",
		},
		"merchant": {name}, "name": {name}, "order_id": {order, "nothing"}, "payout_id": {id}, "claimed_by": {"me"},
		"from": {day(20), day(1)}, "to": {day(20), day(0)}, "min_amount": {"100.00"}, "max_amount": {"2000.00"}, "currency": {"rub", "eur"},
		"user": {"7"}, "user_id": {"7"}, "owner": {"house"}, "of": {reference, "9"}, "flow": {"payout_hold"}, "open_for": {"1h"}, "offset": {"20"}, "purpose": {"available"}, "page": {"2"},
		"action": {"operator.create", "nothing"}, "actor": {"cli"}, "actor_id": {"cli"}, "subject": {"payout"}, "subject_id": {id}, "request_id": {"nothing"},
		"round": {"nothing"}, "player": {"nothing"}, "player_id": {"nothing"}, "provider": {"nothing"}, "session": {"nothing"}, "id": {"1"},
		"/api/operator/payouts/{id} id": {id}, "/api/operator/callbacks/{id} id": {callback},
		"/api/operator/ledger/accounts/{id}/statement id": {account}, "account": {account},
	}, nil
}

// ofAPI are the same values as programs write them.
func ofAPI(values crawl.Values) crawl.Values {
	all := maps.Clone(values)
	for _, name := range []string{"from", "to"} {
		all["/api/operator/merchants/{name}/statement "+name] = values[name]
		all[name] = nil
		for _, day := range values[name] {
			all[name] = append(all[name], day+"T00:00:00Z")
		}
	}
	return all
}
