package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"disburse/ledger"
	"disburse/signing"
)

// order is a payout as its merchant knows it.
type order struct {
	id     string
	shop   *shop
	body   []byte
	answer map[string]any // the first one
	rival  []byte         // a body with other values under the same order_id
	end    string         // what a merchant or an operator was told it ended as
}

// The ways in which orders are meant to end, the last part of each order_id.
// The desk and the merchant compete for those that are contested.
var plans = map[ledger.Mode][]string{
	ledger.Sandbox: {"paid", "refused", "paid", "late"},
	ledger.Live:    {"desk", "cancelled", "desk", "late", "contested"},
}

// sandboxCards end as their plan says.
var sandboxCards = map[string]string{"paid": "4276345439581234", "refused": "4276345439580001", "late": "4276345439580002"}

const (
	clientsPerShop = 4
	// The machine shall be busy, and not so busy that only that is measured.
	clientPace = 100 * time.Millisecond
)

// load starts merchants, operators and the clock.
func (s *stand) load() {
	for _, shop := range s.shops {
		for client := range clientsPerShop {
			s.clients.Go(func() { s.buy(shop, client) })
		}
	}
	for i, token := range s.tokens {
		s.desk.Go(func() { s.pay(i, token) })
	}
	s.clients.Go(s.expireSome)
}

// buy is one client of a merchant: it creates a payout, looks at it, and
// cancels some.
func (s *stand) buy(shop *shop, client int) {
	pace := time.NewTicker(clientPace)
	defer pace.Stop()
	for n := 0; ; n++ {
		plan := plans[shop.mode][n%len(plans[shop.mode])]
		o := s.newOrder(shop, fmt.Sprintf("%s-%d-%d-%s", shop.name, client, n, plan), n)
		if s.create(o, n) {
			s.poll(o, n)
			if plan == "cancelled" || plan == "contested" {
				s.cancel(o, n)
			}
		}
		select {
		case <-s.closing:
			return
		case <-s.t.Context().Done():
			return
		case <-pace.C:
		}
	}
}

func (s *stand) newOrder(shop *shop, id string, n int) *order {
	o := &order{id: id, shop: shop}
	amount := fmt.Sprintf("%d.%02d", 1000+n%500, n%100)
	o.body = o.content(amount)
	if len(s.gateways) > 1 && n%5 == 0 {
		o.rival = o.content("9" + amount)
	}
	return o
}

// content is the body of a create.
func (o *order) content(amount string) []byte {
	fields := map[string]string{
		"order_id": o.id, "fiat_amount": amount, "fiat_currency": "rub", "full_name": "Example Person", "bank_name": "Example Bank",
		"success_callback_url": o.shop.inbox.server.URL + "/success", "error_callback_url": o.shop.inbox.server.URL + "/error",
	}
	plan := o.id[strings.LastIndex(o.id, "-")+1:]
	requisite := sandboxCards[plan]
	switch {
	case o.shop.mode == ledger.Sandbox:
		fields["payment_method"], fields["number_card"] = "card", requisite
	case plan == "desk" || plan == "contested":
		requisite = "4276345439581234"
		fields["payment_method"], fields["number_card"] = "card", requisite
	default: // the desk takes cards alone
		requisite = "79161234567"
		fields["payment_method"], fields["phone_number"] = "sbp", requisite
	}
	fields["sign"] = signing.PayoutSign(o.id, amount, requisite, "rub", o.shop.secrets.SignKey)
	content, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings alone
	}
	return content
}

// tally counts answers, and requests that had to be sent again.
type tally struct{ answered, again atomic.Int64 }

// reply is an answer, and whether it came to the first request.
type reply struct {
	status    int
	replayed  bool
	body      []byte
	firstTime bool
}

func (r reply) String() string { return fmt.Sprintf("%d %.300s", r.status, r.body) }

// call is a request about an order.
type call struct {
	order        string
	method, path string
	key, value   string // a header
	once         string // an Idempotency-Key
	body         []byte
}

var errDown = errors.New("the gateway is down")

// send makes a request once.
func (s *stand) send(to *process, c call) (r reply, err error) {
	base := to.base()
	if base == "" {
		return r, errDown
	}
	request, err := http.NewRequestWithContext(s.t.Context(), c.method, base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return r, err
	}
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		request.Header.Set(c.key, c.value)
	}
	if c.once != "" {
		request.Header.Set("Idempotency-Key", c.once)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	r.status, r.replayed = response.StatusCode, response.Header.Get("Idempotent-Replayed") == "true"
	r.body, err = io.ReadAll(response.Body)
	return r, err
}

// insist repeats a request until the answer says what became of it.
func (s *stand) insist(to *process, count *tally, c call) (reply, bool) {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	deadline := time.Now().Add(s.lasting + patience)
	for first := true; ; first = false {
		r, err := s.send(to, c)
		if err == nil && r.status < 500 {
			r.firstTime = first
			count.answered.Add(1)
			return r, true
		}
		count.again.Add(1)
		if time.Now().After(deadline) {
			s.problem("%s: %s %s was never answered, at last: %v, %v", c.order, c.method, c.path, r, err)
			return r, false
		}
		select {
		case <-retry.C:
		case <-s.t.Context().Done():
			return r, false
		}
	}
}

// everywhere insists on a request at every gateway at once.
func (s *stand) everywhere(count *tally, calls ...call) ([]reply, bool) {
	replies, answered := make([]reply, len(calls)), make([]bool, len(calls))
	var all sync.WaitGroup
	for i, c := range calls {
		all.Go(func() { replies[i], answered[i] = s.insist(s.gateways[i], count, c) })
	}
	all.Wait()
	for _, ok := range answered {
		if !ok {
			return replies, false
		}
	}
	return replies, true
}

func (s *stand) createCall(o *order, body []byte) call {
	return call{order: o.id, method: http.MethodPost, path: "/api/merchant/" + o.shop.name + "/create_pay_out/", body: body}
}

// create sends an order to every gateway at once until each has answered, and
// keeps the answer.
func (s *stand) create(o *order, n int) bool {
	calls := make([]call, len(s.gateways))
	for i := range calls {
		calls[i] = s.createCall(o, o.body)
	}
	if o.rival != nil {
		calls[n/5%len(calls)].body = o.rival
	}
	replies, ok := s.everywhere(&s.creates, calls...)
	if !ok {
		return false
	}
	won, made := -1, 0
	for i, r := range replies {
		switch {
		case r.status == http.StatusOK:
			if won >= 0 && !bytes.Equal(calls[won].body, calls[i].body) {
				s.problem("%s: two different bodies were both accepted", o.id)
			}
			won = i
			if !r.replayed {
				made++
			}
			s.keep(o, r)
		case r.status != http.StatusConflict || o.rival == nil:
			s.problem("%s: create answered %v", o.id, r)
		}
	}
	if won < 0 {
		s.problem("%s: no gateway accepted it: %v", o.id, replies)
		return false
	}
	if !bytes.Equal(calls[won].body, o.body) {
		o.body, o.rival = o.rival, o.body
	}
	// A retried one may have been made by the try that was not answered.
	if first := replies[won].firstTime; made > 1 || first && len(replies) == 1 && made == 0 {
		s.problem("%s: %d of %d answers say that it is new: %v", o.id, made, len(replies), replies)
	}
	s.mu.Lock()
	s.orders[o.id] = o
	s.mu.Unlock()
	return true
}

// keep holds an answer against the first one.
func (s *stand) keep(o *order, r reply) {
	var answer map[string]any
	if err := json.Unmarshal(r.body, &answer); err != nil {
		s.problem("%s: create answered %v: %v", o.id, r, err)
		return
	}
	if strings.HasSuffix(o.id, "-late") {
		delete(answer, "expires_at") // the test itself moves it
	}
	if o.answer == nil {
		o.answer = answer
		return
	}
	for _, field := range union(o.answer, answer) {
		if o.answer[field] != answer[field] {
			s.problem("%s: create first answered %s %v, later %v", o.id, field, o.answer[field], answer[field])
		}
	}
}

func union(a, b map[string]any) []string {
	var fields []string
	for field := range a {
		fields = append(fields, field)
	}
	for field := range b {
		if _, both := a[field]; !both {
			fields = append(fields, field)
		}
	}
	return fields
}

// poll reads the order's status.
func (s *stand) poll(o *order, n int) {
	r, ok := s.insist(s.gateways[n%len(s.gateways)], &s.polls, call{
		order: o.id, method: http.MethodGet, path: "/api/merchant/" + o.shop.name + "/status_pay_out/" + o.id + "/",
		key: "X-Api-Key", value: o.shop.secrets.APIKey,
	})
	if ok && (r.status != http.StatusOK || !bytes.Contains(r.body, []byte(fmt.Sprint(o.answer["internal_transaction_id"])))) {
		s.problem("%s: status answered %v", o.id, r)
	}
}

// cancel withdraws the order at every gateway at once.
func (s *stand) cancel(o *order, n int) {
	content, err := json.Marshal(map[string]string{
		"order_id": o.id, "standart_sign": signing.StandartSign(signing.OrderKey, "", o.id, o.shop.secrets.SignKey),
	})
	if err != nil {
		panic(err) // strings alone
	}
	calls := make([]call, len(s.gateways))
	for i := range calls {
		calls[i] = call{order: o.id, method: http.MethodPost, path: "/api/merchant/" + o.shop.name + "/rejected_pay_out/", body: content}
	}
	replies, ok := s.everywhere(&s.rest, calls...)
	for _, r := range replies {
		switch {
		case !ok:
		case r.status == http.StatusOK:
			s.ended(o.id, "rejected_merchant")
		case r.status != http.StatusConflict || r.status != replies[0].status:
			s.problem("%s: cancel answered %v", o.id, replies)
		}
	}
}

// ended notes what somebody was told about an end: it must stay true.
func (s *stand) ended(id, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	switch {
	case o == nil:
		// Its create is on its way to being answered; the books are checked
		// for it in the end all the same.
	case o.end == "":
		o.end = status
	case o.end != status:
		s.problems = append(s.problems, fmt.Sprintf("%s: was told ended as %s, then as %s", id, o.end, status))
	}
}
