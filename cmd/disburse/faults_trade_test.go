package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// customer is an end user.
type customer struct {
	id    int64
	name  string
	token string
}

// startedWith is what every customer has deposited, in kopecks.
const startedWith = 5_000_000

// deal is an order of end users as they know it: a card order, or a P2P order
// whose taker buys from the owner of the ad.
type deal struct {
	owner  *customer
	seller *customer // of a P2P order
	kind   string    // "withdraw", "deposit" or "p2p"
	key    string    // under which it was created
	path   string    // where such orders are created
	body   []byte
	amount int64
	id     int64
	end    string // what the first was told who was told an end
}

// The ways in which deals are meant to end. Contested ones are completed, or
// paid, and cancelled at once.
var (
	cardPlans  = []string{"completed", "cancelled", "contested", "refused"}
	tradePlans = []string{"completed", "cancelled", "contested", "judged"}
)

// trade starts the end users: two with card orders, and three who buy from the
// ad of a fourth.
func (s *stand) trade() {
	ad := s.offer(s.customers[0])
	for i, c := range s.customers[1:] {
		s.clients.Go(func() {
			if i < 2 {
				s.visit(c, func(n int) { s.cardDeal(c, n) })
			} else {
				s.visit(c, func(n int) { s.tradeDeal(ad, s.customers[0], c, n) })
			}
		})
	}
}

// visit repeats something at a walking pace.
func (s *stand) visit(c *customer, do func(n int)) {
	pace := time.NewTicker(clientPace)
	defer pace.Stop()
	for n := 0; ; n++ {
		do(n)
		select {
		case <-s.closing:
			return
		case <-s.t.Context().Done():
			return
		case <-pace.C:
		}
	}
}

func (c *customer) call(method, path, key string, body any) call {
	content, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	if method == http.MethodGet {
		content = nil
	}
	return call{order: c.name, method: method, path: "/api/v1" + path, key: "Authorization", value: "Bearer " + c.token, once: key, body: content}
}

// offer makes the ad that everybody buys from.
func (s *stand) offer(seller *customer) int64 {
	s.t.Helper()
	var made struct{ ID int64 }
	r, ok := s.insist(s.gateways[0], &s.rest, seller.call(http.MethodPost, "/p2p/ads", "ad", map[string]any{
		"type": "sell", "fiat_currency": "RUB", "min_amount": 100, "max_amount": startedWith,
		"payment_methods": []string{"sbp"}, "payment_details": map[string]string{"phone": "79161234567"},
	}))
	if !ok || r.status != http.StatusOK || json.Unmarshal(r.body, &made) != nil {
		s.t.Fatalf("the ad was answered %v", r)
	}
	return made.ID
}

// place sends a create under one key to every gateway at once: all must answer
// with one order.
func (s *stand) place(d *deal) bool {
	calls := make([]call, len(s.gateways))
	for i := range calls {
		calls[i] = d.create()
	}
	replies, ok := s.everywhere(&s.creates, calls...)
	if !ok {
		return false
	}
	for _, r := range replies {
		s.same(d, r)
	}
	s.mu.Lock()
	s.deals = append(s.deals, d)
	s.mu.Unlock()
	return d.id != 0
}

func (d *deal) create() call {
	c := d.owner.call(http.MethodPost, d.path, d.key, nil)
	c.body = d.body
	return c
}

// same holds the answer of a create against the first one.
func (s *stand) same(d *deal, r reply) {
	var made struct{ ID int64 }
	switch err := json.Unmarshal(r.body, &made); {
	case err != nil || r.status != http.StatusOK || made.ID == 0:
		s.problem("%s %s: create answered %v", d.owner.name, d.key, r)
	case d.id == 0:
		d.id = made.ID
	case d.id != made.ID:
		s.problem("%s %s: one key made the orders %d and %d", d.owner.name, d.key, d.id, made.ID)
	}
}

// change is somebody's wish to move a deal on; to is what it becomes.
type change struct {
	by   string // a token
	path string
	body string
	to   string
}

// apply insists on changes, all at once, each at another gateway. All but the
// one that is too late must succeed; one whose answer was lost finds itself done.
func (s *stand) apply(d *deal, n int, changes ...change) {
	var all sync.WaitGroup
	told := make([]string, len(changes))
	sure := make([]bool, len(changes))
	for i, c := range changes {
		all.Go(func() {
			r, ok := s.insist(s.gateways[(n+i)%len(s.gateways)], &s.rest, call{
				order: d.owner.name, method: http.MethodPost, path: c.path, key: "Authorization", value: "Bearer " + c.by, body: []byte(c.body),
			})
			switch {
			case !ok:
			case r.status == http.StatusOK:
				told[i], sure[i] = c.to, true
			case r.status == http.StatusConflict:
				sure[i] = r.firstTime
			default:
				s.problem("%s %s: %s answered %v", d.owner.name, d.key, c.path, r)
			}
		})
	}
	all.Wait()
	var won []string
	for _, to := range told {
		if to != "" {
			won = append(won, to)
		}
	}
	switch {
	case len(won) > 1:
		s.problem("%s %s: several were told that they won: %v", d.owner.name, d.key, won)
	case len(won) == 0 && !slices.Contains(sure, false):
		s.problem("%s %s: nobody won of %v", d.owner.name, d.key, changes)
	}
	now := s.state(d, n)
	if len(won) == 1 && now != won[0] {
		s.problem("%s %s: was told to be %s, and is %s", d.owner.name, d.key, won[0], now)
	}
	s.mu.Lock()
	d.end = now
	s.mu.Unlock()
}

// state reads where a deal stands.
func (s *stand) state(d *deal, n int) string {
	var got struct{ Status string }
	r, ok := s.insist(s.gateways[n%len(s.gateways)], &s.polls, d.owner.call(http.MethodGet, fmt.Sprintf("%s/%d", d.path, d.id), "", nil))
	if ok && (r.status != http.StatusOK || json.Unmarshal(r.body, &got) != nil) {
		s.problem("%s %s: its order answered %v", d.owner.name, d.key, r)
	}
	return got.Status
}

// cardDeal is one card order, a withdrawal or a deposit, and its end.
func (s *stand) cardDeal(c *customer, n int) {
	kind := []string{"withdraw", "deposit"}[n/len(cardPlans)%2]
	d := &deal{owner: c, kind: kind, key: fmt.Sprintf("card-%d", n), path: "/card/orders", amount: 10_000 + int64(n%50)}
	d.body = fmt.Appendf(nil, `{"type":%q,"amount_kopecks":%d,"payment_details":{"card_number":"4276345439581234"}}`, kind, d.amount)
	if !s.place(d) {
		return
	}
	mine, desk := fmt.Sprintf("/api/v1/card/orders/%d", d.id), fmt.Sprintf("/api/operator/card/orders/%d", d.id)
	complete := change{s.tokens[0], desk + "/complete", "{}", "completed"}
	cancel := change{c.token, mine + "/cancel", "{}", "cancelled"}
	switch cardPlans[n%len(cardPlans)] {
	case "completed":
		if kind == "deposit" {
			s.apply(d, n, change{c.token, mine + "/confirm-paid", "{}", "paid_by_user"})
		}
		s.apply(d, n, complete)
	case "cancelled":
		s.apply(d, n, cancel)
	case "contested":
		s.apply(d, n, complete, cancel)
	case "refused":
		s.apply(d, n, change{s.tokens[1], desk + "/cancel", `{"reason":"the bank refused"}`, "cancelled"})
	}
}

// tradeDeal is one P2P order and its end.
func (s *stand) tradeDeal(ad int64, seller, buyer *customer, n int) {
	d := &deal{owner: buyer, seller: seller, kind: "p2p", key: fmt.Sprintf("p2p-%d", n), path: "/p2p/orders", amount: 100 + int64(n%50)}
	d.body = fmt.Appendf(nil, `{"ad_id":%d,"usdt_amount":%d,"payment_method":"sbp"}`, ad, d.amount)
	if !s.place(d) {
		return
	}
	order := fmt.Sprintf("/api/v1/p2p/orders/%d", d.id)
	paid := change{buyer.token, order + "/confirm-paid", "{}", "paid_by_buyer"}
	received := change{seller.token, order + "/confirm-received", "{}", "completed"}
	switch tradePlans[n%len(tradePlans)] {
	case "completed":
		s.apply(d, n, paid)
		s.apply(d, n, received)
	case "cancelled":
		s.apply(d, n, change{seller.token, order + "/cancel", "{}", "cancelled"})
	case "contested":
		s.apply(d, n, paid, change{seller.token, order + "/cancel", "{}", "cancelled"})
		if d.end == "paid_by_buyer" {
			s.apply(d, n, received)
		}
	case "judged":
		s.apply(d, n, paid)
		s.apply(d, n, change{buyer.token, order + "/call-operator", "{}", "disputed"})
		s.judge(d, n)
	}
}

// judge settles a dispute, for the one or the other.
func (s *stand) judge(d *deal, n int) {
	path, to, end := fmt.Sprintf("/api/operator/p2p/disputes/%d", d.id), "buyer", "completed"
	if n/len(tradePlans)%2 == 0 {
		to, end = "seller", "cancelled"
	}
	s.apply(d, n, change{s.tokens[1], path + "/claim", "{}", "disputed"})
	s.apply(d, n, change{s.tokens[1], path + "/resolve", fmt.Sprintf(`{"to":%q,"note":"seen"}`, to), end})
}
