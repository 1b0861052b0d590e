package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/cmd/bench/crawl"
	"disburse/gateway"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// fieldValues are what free fields and parameters are asked for with; what
// stands between braces is the first value of that query.
var fieldValues = crawl.Values{
	"q": {
		"{select id from payouts limit 1}", "plan-00", "{select last_four from payouts limit 1}", "customer-0004", "77", "nick-77", "plan-1",
		"{select id from callback_events limit 1}", "07e1d9f2-5eb1-4940-b52c-3812f7a25142",
	},
	"merchant": {"plan-1", "plan-api"}, "merchant_id": {"{select id from merchants limit 1}"}, "name": {"plan-1"}, "min_amount": {"100.00"}, "max_amount": {"2000.00"},
	"from": {"2020-01-01", "{select (now() - interval '1 day')::date::text}"}, "to": {"2020-01-31", "{select now()::date::text}"}, "since": {"2020-01-01"}, "of": {"{select reference from ledger_transfers limit 1}", "9"}, "status": {"successful"}, "method": {"sbp"}, "open_for": {"1h"}, "currency": {"rub", "eur"}, "fiat_currency": {"RUB"},
	"order_id": {"plan-0000001"}, "payout_id": {"{select subject from callback_events limit 1}"},
	"user": {"7"}, "user_id": {"7"}, "provider": {"studio", "other"}, "player": {"player-7"}, "player_id": {"player-7"},
	"round": {"round-7"}, "round_id": {"round-7"}, "session": {"session-7"},
	"owner": {"user:7"}, "account": {"7"}, "reference": {"{select reference from ledger_transfers limit 1}"}, "purpose": {"held"},
	"action": {"thing.7"}, "actor": {"opr_3"}, "actor_id": {"opr_3"}, "subject": {"payout"}, "subject_id": {"po_7"}, "flow": {"payout_hold"},
	"claimed_by": {"me"}, "id": {"7"}, "days": {"7"}, "request_id": {"req-7"},
	"card_id": {"{select id::text from virtual_cards where user_id = 7 limit 1}"}, "amount": {"100"}, "payment_method": {"card"},
	"max_payment_duration": {"30"}, "author_nickname": {"nick-7"}, "offset": {"100"}, "page": {"2"}, "older_than": {"60"},
}

// where parameters of paths mean something of their own.
var pathValues = crawl.Values{
	"from": {"2020-01-01T00:00:00Z"}, "to": {"2020-01-31T00:00:00Z"},
	"/api/operator/merchants/{name}/statement from": {"2020-01-01"}, "/api/operator/merchants/{name}/statement to": {"{select now()::date::text}"},
	// An export takes the filters of its list alone, which its form has.
	"/api/operator/exports/{file} type": {""}, "/api/operator/exports/{file} flow": {""}, "/api/operator/exports/{file} order_id": {""},
	"/api/operator/exports/{file} account": {""}, "/api/operator/exports/{file} user": {""}, "/api/operator/exports/{file} state": {""},
	// A round has no provider but that of its player: one that has none is looked for
	// among all of them.
	"/api/operator/rounds provider":       {"studio"},
	"/api/operator/providers/{name} name": {"studio"}, "/api/operator/card/orders/{id} id": {"{select max(id)::text from card_orders}"},
	"/api/v1/card/orders/{id} id":                                      {"{select max(id)::text from card_orders where user_id = 7}"},
	"/api/v1/card/orders/{id}/messages id":                             {"{select max(id)::text from card_orders where user_id = 7}"},
	"/api/v1/p2p/orders/{id} id":                                       {"{select max(id)::text from p2p_orders where buyer_id = 7}"},
	"/api/v1/p2p/orders/{id}/messages id":                              {"{select max(id)::text from p2p_orders where buyer_id = 7}"},
	"/api/operator/p2p/disputes/{order_id}/messages order_id":          {"{select min(id)::text from p2p_orders where status = 'disputed'}"},
	"/api/operator/payouts/{id} id":                                    {"{select id from payouts where status = 'successful' order by id desc limit 1}"},
	"/api/operator/callbacks/{id} id":                                  {"{select id from callback_events limit 1}"},
	"/api/operator/approvals/{id} id":                                  {"{select id from approvals limit 1}"},
	"/api/operator/ledger/transfers/{id} id":                           {"{select max(id)::text from ledger_transfers}"},
	"/api/operator/exports/{file} file":                                {"payouts.csv"},
	"/api/merchant/{merchant}/status/ merchant":                        {"plan-api"},
	"/api/merchant/{merchant}/status_pay_out/{pay_out_id}/ merchant":   {"plan-api"},
	"/api/merchant/{merchant}/status_pay_out/{pay_out_id}/ pay_out_id": {"{select max(id) from payouts}"},
	"/api/operator/operators/{id} id":                                  {"{select id from operators limit 1}"},
	"/api/v1/cards/{id} id":                                            {"{select id::text from virtual_cards where user_id = 7 limit 1}"},

	"/api/operator/p2p/disputes/{order_id} order_id": {"{select min(id)::text from p2p_orders where status = 'disputed'}"},
}

// entrances are where the pages are entered, and what no link and no form leads
// to: what is fetched after a button, and two filters that go together.
var entrances = map[string][]string{
	"/console": {
		"/console/", "/console", "/console/payouts?min_amount=100.00&max_amount=2000.00&currency=rub&method=card",
		"/console/payouts/{select id from payouts where status = 'expectation' limit 1}/requisite",
		"/console/card-orders/{select max(id)::text from card_orders}/requisite",
		"/console/disputes/{select max(id)::text from p2p_orders where status = 'disputed'}/requisite",
		"/console/approvals/{select max(id) from approvals}", "/console/books/verify/now", "/console/users/7/transactions",
		"/console/merchants/plan-1/rotate-keys",
	},
	"/merchant": {"/merchant/", "/merchant"},
}

// unasked are the pages that ask nothing of the database but who is there, and the
// queues of workers that do not run here.
var unasked = strings.Fields(`/console/sign-in /console/sign-in/code /console/live /console/queues/:queue /console/queues/:queue/days
	/merchant/sign-in /merchant/sign-in/code /merchant/live`)

// visitor asks a gateway for its pages and lists, and says which page it is at.
type visitor struct {
	app    *gateway.App
	ear    *statements
	cookie string
	bearer map[string]string // by the scheme of the API's document
}

func (w visitor) get(t *testing.T, address, scheme string) (crawl.Answer, error) {
	w.ear.at(address)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.app.Address()+address, nil)
	must(t, err)
	r.Header.Set("Cookie", w.cookie)
	if token, known := w.bearer[scheme]; known {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Api-Key", token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return crawl.Answer{}, err
	}
	defer answer.Body.Close()
	if answer.Header.Get("Content-Disposition") != "" {
		return crawl.Answer{}, nil // how a file begins is all that it asks of the database
	}
	if answer.StatusCode == http.StatusTooManyRequests { // until the files before have seen that nobody reads them
		return w.get(t, address, scheme)
	}
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return crawl.Answer{}, err
	case answer.StatusCode == http.StatusUnprocessableEntity, answer.StatusCode == http.StatusConflict && strings.HasSuffix(address, "/rotate-keys"):
		// An answer: so it cannot be asked for alone.
	case answer.StatusCode != http.StatusOK:
		return crawl.Answer{}, fmt.Errorf("got %d: %.200s", answer.StatusCode, why(string(body)))
	}
	return crawl.Answer{Text: string(body), Size: len(body)}, nil
}

// why is what a page says about its failure, without its frame.
func why(page string) string {
	if _, main, framed := strings.Cut(page, "<main"); framed {
		return main
	}
	return page
}

// walkAll asks for every page, every list and every filter there is.
func walkAll(t *testing.T, app *gateway.App, pool *pgxpool.Pool, ear *statements) {
	t.Helper()
	values := filledIn(t, pool, fieldValues)
	w := visitor{app: app, ear: ear, cookie: signedIn(t, app), bearer: tokens(t, app)}
	reached := map[string]bool{}
	for base, start := range filledIn(t, pool, entrances) {
		site := crawl.Site{
			Base: base, Start: start, Values: values, Get: func(address string) (crawl.Answer, error) { return w.get(t, address, "") },
			// The rows of a list alone are read as on its page: once is enough.
			Skip: func(address string) bool { return strings.Contains(address, "/list?") },
		}
		began := time.Now()
		visited, err := site.Walk()
		if err != nil {
			t.Errorf("%s:\n%v", base, err)
		}
		t.Logf("%s: %d pages in %s", base, len(visited), time.Since(began).Round(time.Millisecond))
		for _, v := range visited {
			path, _, _ := strings.Cut(v.Address, "?")
			reached[routeOf(t, app, path)] = true
		}
	}
	for _, p := range app.Pages() {
		if p.Method == http.MethodGet && !reached[p.Path] && !strings.Contains(p.Path, "/static/") && !strings.HasSuffix(p.Path, "/*") && !slices.Contains(unasked, p.Path) {
			t.Errorf("no page leads to %s: where does it begin?", p.Path)
		}
	}
	document, err := w.get(t, "/openapi.json", "")
	must(t, err)
	all := crawl.Values{}
	for name, v := range values {
		all[name] = v
	}
	for name, v := range filledIn(t, pool, pathValues) {
		all[name] = v
	}
	api := crawl.API{Document: []byte(document.Text), Values: all, Get: func(address, scheme string) (crawl.Answer, error) { return w.get(t, address, scheme) }}
	began := time.Now()
	visited, err := api.Walk("/api/")
	if err != nil {
		t.Errorf("the API:\n%v", err)
	}
	t.Logf("the API: %d lists in %s", len(visited), time.Since(began).Round(time.Millisecond))
}

// routeOf is the route that serves a path.
func routeOf(t *testing.T, app *gateway.App, path string) (best string) {
	t.Helper()
	parts := strings.Split(path, "/")
	fewest := len(parts) + 1
	for _, p := range app.Pages() {
		of, open := strings.Split(p.Path, "/"), 0
		if p.Method != http.MethodGet || len(of) != len(parts) {
			continue
		}
		for i := range of {
			switch {
			case strings.HasPrefix(of[i], ":") && parts[i] != "":
				open++
			case of[i] != parts[i]:
				open = len(parts) + 1
			}
		}
		if open < fewest {
			best, fewest = p.Path, open
		}
	}
	return best
}

func filledIn(t *testing.T, pool *pgxpool.Pool, values crawl.Values) crawl.Values {
	t.Helper()
	filled := crawl.Values{}
	for name, list := range values {
		for _, value := range list {
			if before, rest, asks := strings.Cut(value, "{"); asks {
				sql, after, _ := strings.Cut(rest, "}")
				if err := pool.QueryRow(t.Context(), sql).Scan(&value); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
				value = before + value + after
			}
			filled[name] = append(filled[name], value)
		}
	}
	return filled
}

// signedIn are the cookies of an administrator and of a merchant's person.
func signedIn(t *testing.T, app *gateway.App) string {
	t.Helper()
	made, err := app.Operators.Create(t.Context(), operator.NewOperator{Email: "plans@example.com", Role: operator.RoleAdmin})
	must(t, err)
	person, _, err := app.People.Add(t.Context(), "plan-1", "person@example.com")
	must(t, err)
	var cookies []string
	for base, who := range map[string]struct {
		realm    signin.Realm
		name, id string
	}{"console": {signin.Operators, made.Operator.Email, made.Operator.ID}, "merchant": {signin.Merchants, person.Email, person.ID}} {
		token, _, err := app.Sessions.Enter(t.Context(), who.realm, who.name, signin.Visitor{}, func(context.Context) (string, error) { return who.id, nil })
		must(t, err)
		cookies = append(cookies, "disburse_"+base+"="+url.QueryEscape(string(token)))
	}
	return strings.Join(cookies, "; ")
}

// tokens are what the API's callers show.
func tokens(t *testing.T, app *gateway.App) map[string]string {
	t.Helper()
	_, desk, err := app.Operators.IssueToken(t.Context(), "plans@example.com", "plans", time.Hour)
	must(t, err)
	user, _, err := app.Users.IssueToken(t.Context(), 7, time.Hour)
	must(t, err)
	made, err := app.Merchants.Create(t.Context(), merchant.New{Name: "plan-api"})
	must(t, err)
	_, err = app.DB.Exec(t.Context(), "update payouts set merchant_id = $1 where id = (select max(id) from payouts)", made.Merchant.ID)
	must(t, err)
	return map[string]string{"operatorToken": string(desk), "userToken": user, "merchantKey": made.Secrets.APIKey}
}
