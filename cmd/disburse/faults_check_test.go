package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
)

// kept is a payout as the database holds it.
type kept struct {
	ID, Merchant, Name, OrderID, Status string
	Spent                               int64
}

// moved is what the books hold under one reference.
type moved struct {
	Reference, Flow string
	Sum             int64
}

// told is a callback as the database holds it.
type told struct {
	ID, Subject, OrderID, Kind, State string
	Attempts                          int
}

const (
	selectKept = `select p.id, p.merchant_id as merchant, m.name, p.order_id, p.status, p.usdt_minor + p.fee_minor as spent
from payouts p join merchants m on m.id = p.merchant_id`
	selectMoved = `select reference, flow, sum(amount)::bigint as sum from ledger_transfers where flow not in ('merchant_top_up', 'user_deposit') group by reference, flow`
	selectTold  = `select e.id, e.subject, e.order_id, e.kind, coalesce(d.state, 'lost') as state, coalesce(d.attempts, 0) as attempts
from callback_events e left join callback_deliveries d on d.event_id = e.id`
)

func rows[T any](s *stand, sql string) []T {
	s.t.Helper()
	found, err := s.db.Query(s.t.Context(), sql)
	if err != nil {
		s.t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByName[T])
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// check compares what merchants and operators were told, what arrived, what the
// books say, and what the gateway answers now.
func (s *stand) check() {
	s.t.Helper()
	s.checkAnswers()
	payouts := rows[kept](s, selectKept)
	s.checkPromises(payouts)
	s.checkMoney(payouts)
	s.checkCallbacks(payouts)
	s.checkBalances(payouts)
	s.tell()
	s.prove()
	s.stop()
}

// prove replays the books.
func (s *stand) prove() {
	s.t.Helper()
	if output, status := invokeProcess(s.t, s.env, "ledger", "verify"); status != 0 || !strings.HasPrefix(output, "clean") {
		s.t.Errorf("ledger verify ended with %d: %s", status, output)
	}
}

// stop ends all processes in order and wants them to have been well.
func (s *stand) stop() {
	s.t.Helper()
	processes := slices.Concat(s.gateways, s.workers)
	var all sync.WaitGroup
	for _, p := range processes {
		all.Go(p.stop)
	}
	all.Wait()
	for _, p := range processes {
		if crash := p.crashed(); crash != "" {
			s.t.Errorf("%s: %s", p.name, crash)
		}
	}
}

// checkAnswers sends every create again: each is answered as the first time.
func (s *stand) checkAnswers() {
	work := make(chan *order)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for o := range work {
				s.checkAnswer(o, i)
			}
		})
	}
	for _, o := range s.orders {
		work <- o
	}
	close(work)
	all.Wait()
}

func (s *stand) checkAnswer(o *order, n int) {
	to := s.gateways[n%len(s.gateways)]
	var count tally
	if r, ok := s.insist(to, &count, s.createCall(o, o.body)); ok {
		if r.status != http.StatusOK || !r.replayed {
			s.problem("%s: lost: a repeated create answered %v, replayed %t", o.id, r, r.replayed)
			return
		}
		s.keep(o, r)
	}
	if o.rival != nil {
		if r, ok := s.insist(to, &count, s.createCall(o, o.rival)); ok && r.status != http.StatusConflict {
			s.problem("%s: a create with other values answered %v", o.id, r)
		}
	}
}

// checkPromises compares the rows with what was answered.
func (s *stand) checkPromises(payouts []kept) {
	rows := map[string]kept{}
	for _, p := range payouts {
		rows[p.OrderID] = p
		if s.orders[p.OrderID] == nil {
			s.problem("%s: is a payout that no client knows of", p.OrderID)
		}
		if p.Status == "expectation" {
			s.problem("%s: never ended", p.OrderID)
		}
	}
	for id, o := range s.orders {
		p, there := rows[id]
		switch {
		case !there:
			s.problem("%s: answered with 200 and lost", id)
		case o.answer["internal_transaction_id"] != p.ID:
			s.problem("%s: answered as %v, kept as %s", id, o.answer["internal_transaction_id"], p.ID)
		case o.end != "" && o.end != p.Status:
			s.problem("%s: was told ended as %s, and is %s", id, o.end, p.Status)
		case o.answer["merchant_spent_usdt"] != usdtText(p.Spent):
			s.problem("%s: answered as %v USDT, kept as %s", id, o.answer["merchant_spent_usdt"], usdtText(p.Spent))
		}
	}
}

func usdtText(minor int64) string { return decimal.New(minor, -6).StringFixed(4) }

// checkMoney wants one hold for each payout and the one end that its status
// says, and nothing else in the books.
func (s *stand) checkMoney(payouts []kept) {
	books := map[string][]moved{}
	for _, m := range rows[moved](s, selectMoved) {
		books[m.Reference] = append(books[m.Reference], m)
	}
	want := func(p kept, reference, flow string) {
		found := books[reference]
		delete(books, reference)
		if len(found) != 1 || found[0].Flow != flow || found[0].Sum != p.Spent {
			s.problem("%s: is %s at %d, its books under %s: %v, want %s once", p.OrderID, p.Status, p.Spent, reference, found, flow)
		}
	}
	for _, p := range payouts {
		end := "payout_release"
		if p.Status == "successful" {
			end = "payout_settle"
		}
		want(p, "payout:"+p.Merchant+":"+p.OrderID+":hold", "payout_hold")
		want(p, "payout:"+p.ID+":end", end)
	}
	for reference, found := range books {
		s.problem("money moved for no payout: %s %v", reference, found)
	}
}

// checkCallbacks wants for each payout one event that arrived and was accepted.
func (s *stand) checkCallbacks(payouts []kept) {
	arrived, staged := map[string][]letter{}, map[string][]told{}
	inboxes := map[string]*shop{}
	arrivals, events, repeats := 0, 0, 0
	for _, shop := range s.shops {
		inboxes[shop.name] = shop
		for _, l := range shop.inbox.received() {
			arrived[shop.name+" "+l.payout] = append(arrived[shop.name+" "+l.payout], l)
			arrivals, events, repeats = arrivals+l.arrivals, events+1, repeats+l.repeats
		}
	}
	for _, e := range rows[told](s, selectTold) {
		staged[e.Subject] = append(staged[e.Subject], e)
	}
	for _, p := range payouts {
		s.checkCallback(p, arrived[p.Name+" "+p.ID], staged[p.ID])
		delete(arrived, p.Name+" "+p.ID)
	}
	for _, letters := range arrived {
		s.problem("%s: a callback for no payout of this merchant: %v", letters[0].order, letters)
	}
	s.t.Logf("%d payouts; %d creates, %d polls and %d other requests answered, after %d, %d and %d repeats",
		len(payouts), s.creates.answered.Load(), s.polls.answered.Load(), s.rest.answered.Load(),
		s.creates.again.Load(), s.polls.again.Load(), s.rest.again.Load())
	s.t.Logf("%d callbacks came in %d attempts, %d of them after one that was accepted", events, arrivals, repeats)
}

func (s *stand) checkCallback(p kept, letters []letter, staged []told) {
	if len(staged) != 1 || staged[0].State != "delivered" || staged[0].Kind != "payout."+p.Status {
		s.problem("%s: is %s and its callbacks are %v, want one, delivered", p.OrderID, p.Status, staged)
		return
	}
	if len(letters) != 1 {
		s.problem("%s: callbacks with %d webhook-ids came, want 1: %v", p.OrderID, len(letters), letters)
		return
	}
	l, path := letters[0], "/error"
	if p.Status == "successful" {
		path = "/success"
	}
	if l.event != staged[0].ID || l.order != p.OrderID || l.status != p.Status || l.path != path || l.accepted == 0 || len(l.faults) > 0 {
		s.problem("%s: is %s, its callback is wrong: %v", p.OrderID, p.Status, l)
	}
}

// checkBalances wants each merchant's balance to be what it started with less
// what its successful payouts cost, and nothing held.
func (s *stand) checkBalances(payouts []kept) {
	spent := map[string]int64{}
	for _, p := range payouts {
		if p.Status == "successful" {
			spent[p.Name] += p.Spent
		}
	}
	for _, shop := range s.shops {
		var count tally
		r, ok := s.insist(s.gateways[0], &count, call{
			method: http.MethodGet, path: "/api/merchant/" + shop.name + "/status/", key: "X-Api-Key", value: shop.secrets.APIKey,
		})
		if !ok {
			continue
		}
		var got struct{ Balance, Hold json.Number }
		decoder := json.NewDecoder(bytes.NewReader(r.body))
		decoder.UseNumber()
		if err := decoder.Decode(&got); err != nil {
			s.problem("%s: status answered %v: %v", shop.name, r, err)
			continue
		}
		want := decimal.RequireFromString(toppedUp).Sub(decimal.New(spent[shop.name], -6))
		if got.Balance.String() != want.String() || got.Hold.String() != "0" {
			s.problem("%s: balance %s and hold %s, want %s and 0", shop.name, got.Balance, got.Hold, want)
		}
	}
	counts := map[string]int{}
	for _, p := range payouts {
		counts[p.Status]++
	}
	var text []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		text = append(text, fmt.Sprintf("%d %s", counts[status], status))
	}
	s.t.Log(strings.Join(text, ", "))
}
