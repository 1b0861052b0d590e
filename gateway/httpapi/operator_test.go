package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// leastRole is the least role of every operator route; what is not here does
// not exist.
var leastRole = map[string]operator.Role{
	"GET /payouts": operator.RoleViewer, "GET /payouts/po_x": operator.RoleViewer, "POST /payouts/claim": operator.RoleOperator,
	"POST /payouts/po_x/renew": operator.RoleOperator, "POST /payouts/po_x/release": operator.RoleOperator,
	"POST /payouts/po_x/complete": operator.RoleOperator, "POST /payouts/po_x/reject": operator.RoleOperator,
	"POST /payouts/po_x/receipts": operator.RoleOperator, "GET /exceptions": operator.RoleViewer, "GET /virtual-cards": operator.RoleViewer,
	"PUT /approvals/rules": operator.RoleAdmin, "POST /virtual-cards/operations/none/resolve": operator.RoleApprover,
	"GET /callbacks": operator.RoleViewer, "GET /callbacks/evt_x": operator.RoleViewer,
	"POST /callbacks/evt_x/resend": operator.RoleOperator, "POST /callbacks/resend": operator.RoleOperator,
	"GET /merchants": operator.RoleViewer, "POST /merchants": operator.RoleAdmin, "GET /merchants/demo": operator.RoleViewer,
	"PATCH /merchants/demo": operator.RoleAdmin, "POST /merchants/nobody/rotate-keys": operator.RoleAdmin,
	"POST /merchants/demo/topup": operator.RoleAdmin, "POST /merchants/nobody/disable": operator.RoleAdmin,
	"POST /merchants/nobody/enable": operator.RoleAdmin, "GET /rates": operator.RoleViewer, "PUT /rates": operator.RoleAdmin,
	"POST /payouts/po_1/approve": operator.RoleApprover, "POST /payouts/po_1/recall": operator.RoleOperator,
	"POST /merchants/none/adjust": operator.RoleAdmin, "GET /approvals": operator.RoleViewer, "GET /approvals/rules": operator.RoleViewer,
	"GET /approvals/apr_1": operator.RoleViewer, "POST /approvals/apr_1/approve": operator.RoleApprover,
	"POST /approvals/apr_1/refuse": operator.RoleApprover, "POST /approvals/apr_1/withdraw": operator.RoleOperator,
	"GET /capacity": operator.RoleViewer, "PUT /capacity": operator.RoleAdmin, "GET /operators": operator.RoleAdmin,
	"POST /operators": operator.RoleAdmin, "POST /operators/nobody/disable": operator.RoleAdmin, "POST /operators/nobody/enable": operator.RoleAdmin,
	"GET /ledger/accounts": operator.RoleViewer, "GET /ledger/accounts/1/statement": operator.RoleViewer,
	"GET /ledger/transfers/1": operator.RoleViewer, "POST /ledger/verify": operator.RoleViewer, "GET /audit": operator.RoleViewer,
	"GET /exports/payouts.csv": operator.RoleViewer, "GET /merchants/demo/statement": operator.RoleViewer,
	"GET /users": operator.RoleViewer, "POST /users": operator.RoleAdmin, "GET /users/9": operator.RoleViewer,
	"POST /users/9/token": operator.RoleAdmin, "POST /users/9/revoke-tokens": operator.RoleAdmin, "POST /users/9/block": operator.RoleAdmin,
	"POST /users/9/unblock": operator.RoleAdmin, "POST /users/9/deposit": operator.RoleAdmin, "POST /users/9/bonus": operator.RoleAdmin,
	"PUT /users/9/wagering": operator.RoleAdmin, "GET /card/orders": operator.RoleViewer, "GET /card/orders/9": operator.RoleViewer,
	"POST /card/orders/9/claim": operator.RoleOperator, "POST /card/orders/9/release": operator.RoleOperator,
	"POST /card/orders/9/complete": operator.RoleOperator, "POST /card/orders/9/cancel": operator.RoleOperator,
	"POST /card/orders/9/messages": operator.RoleOperator, "GET /card/orders/9/messages": operator.RoleViewer,
	"GET /card/settings": operator.RoleViewer, "PUT /card/settings": operator.RoleAdmin,
	"GET /p2p/disputes": operator.RoleViewer, "GET /p2p/disputes/9": operator.RoleViewer,
	"POST /p2p/disputes/9/claim": operator.RoleApprover, "POST /p2p/disputes/9/release": operator.RoleApprover,
	"POST /p2p/disputes/9/resolve": operator.RoleApprover, "POST /p2p/disputes/9/messages": operator.RoleApprover,
	"GET /p2p/disputes/9/messages": operator.RoleViewer,
	"GET /providers":               operator.RoleViewer, "POST /providers": operator.RoleAdmin, "GET /providers/none": operator.RoleViewer,
	"PATCH /providers/none": operator.RoleAdmin, "POST /providers/none/rotate-keys": operator.RoleAdmin,
	"POST /providers/none/disable": operator.RoleAdmin, "POST /providers/none/enable": operator.RoleAdmin,
	"GET /provider-profiles": operator.RoleViewer, "PUT /provider-profiles/none": operator.RoleAdmin,
	"GET /games": operator.RoleViewer, "PUT /games": operator.RoleAdmin, "GET /players": operator.RoleViewer, "POST /players": operator.RoleAdmin,
	"GET /players/none/p-7": operator.RoleViewer, "PATCH /players/none/p-7": operator.RoleAdmin, "POST /players/none/p-7/block": operator.RoleAdmin,
	"POST /players/none/p-7/unblock": operator.RoleAdmin, "GET /sessions": operator.RoleViewer, "POST /sessions": operator.RoleAdmin,
	"POST /sessions/none/s-1/close": operator.RoleAdmin, "POST /sessions/none/s-1/check": operator.RoleAdmin,
	"GET /rounds": operator.RoleViewer, "GET /game-transactions": operator.RoleViewer,
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := newStack(t, behindProxy)
	routes := 0
	doc, err := document()
	must(t, err)
	for path, item := range doc.Paths.Map() {
		if strings.HasPrefix(path, "/api/operator/") {
			routes += len(item.Operations())
		}
	}
	if len(leastRole) != routes {
		t.Errorf("%d operator routes, but %d rows here", routes, len(leastRole))
	}
	number := 0
	for call, least := range leastRole {
		method, path, _ := strings.Cut(call, " ")
		number++
		t.Run(strings.ReplaceAll(call, "/", "_"), func(t *testing.T) {
			for _, role := range operator.Roles() {
				a := s.as(role, method, path, nil)
				refused := a.status == http.StatusForbidden
				if refused == role.Covers(least) {
					t.Errorf("%s: got %d %s", role, a.status, a.raw)
				}
				if refused {
					s.wantError(a, http.StatusForbidden, "forbidden")
				}
				if a.status == http.StatusInternalServerError {
					t.Errorf("%s: got %s", role, a.raw)
				}
			}
			// From an address of its own, so that the failures do not add up.
			nobody := header{"X-Forwarded-For": fmt.Sprint("192.0.2.", number)}
			s.wantError(s.call(method, "/api/operator"+path, nil, nobody), http.StatusUnauthorized, "invalid_token")
		})
	}
}

func TestOperatorToken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	good := s.tokens[operator.RoleViewer]
	for name, given := range map[string]string{
		"None": "", "Wrong": "Bearer op_wrong", "Basic": "Basic " + good, "Bare": good, "APIKey": "Bearer " + s.keys.APIKey, "Empty": "Bearer ",
	} {
		t.Run(name, func(t *testing.T) {
			a := s.call(http.MethodGet, "/api/operator/payouts", nil, header{"Authorization": given})
			s.wantError(a, http.StatusUnauthorized, "invalid_token")
			if a.header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
	t.Run("AnyCaseOfBearer", func(t *testing.T) {
		s.wantOK(s.call(http.MethodGet, "/api/operator/payouts", nil, header{"Authorization": "bearer " + good}))
	})
}

func TestCallbackCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-1")
	s.wantOK(s.cancel("order-1"))
	a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/callbacks?state=pending&order_id=order-1&merchant=demo", nil))
	items := a.body["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("got %s", a.raw)
	}
	item := items[0].(map[string]any)
	if item["kind"] != "payout.rejected_merchant" || item["url"] != "https://merchant.example/failed" || item["attempts"] != 0.0 {
		t.Errorf("got %v", item)
	}
	path := "/callbacks/" + item["id"].(string)
	s.wantOK(s.as(operator.RoleViewer, http.MethodGet, path, nil))
	s.wantOK(s.as(operator.RoleOperator, http.MethodPost, path+"/resend", nil))
	many := s.wantOK(s.as(operator.RoleOperator, http.MethodPost, "/callbacks/resend", fields{"state": "pending", "merchant": "demo"}))
	if many.body["matched"] != 1.0 {
		t.Errorf("bulk: got %s", many.raw)
	}
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/callbacks/evt_nothing", nil), http.StatusNotFound, "not_found")
	s.wantError(s.as(operator.RoleOperator, http.MethodPost, "/callbacks/evt_nothing/resend", nil), http.StatusNotFound, "not_found")
	for name, body := range map[string]fields{
		"NoState": {}, "BadState": {"state": "lost"}, "NoMerchant": {"state": "dead", "merchant": "nobody"}, "Limit": {"state": "dead", "limit": 0},
		"NUL": {"state": "dead", "order_id": "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			s.wantError(s.as(operator.RoleOperator, http.MethodPost, "/callbacks/resend", body), http.StatusBadRequest, "invalid_request")
		})
	}
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/callbacks?state=lost", nil), http.StatusBadRequest, "invalid_request")
}

func TestRateAndCapacityCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	admin := operator.RoleAdmin
	a := s.wantOK(s.as(admin, http.MethodPut, "/rates", fields{"currency": "RUB", "rate": "98.0000", "max_age": "48h", "source": "desk"}))
	if a.text("rate") != "98.0000" || a.text("max_age_seconds") != "172800" || a.body["stale"] != false {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(s.as(admin, http.MethodPut, "/rates", fields{"currency": "rub", "rate": "150.0000"}), http.StatusConflict, "rate_jump")
	s.wantOK(s.as(admin, http.MethodPut, "/rates", fields{"currency": "rub", "rate": "150.0000", "confirm": true}))
	for name, body := range map[string]fields{
		"rate": {"currency": "rub", "rate": "1e2"}, "currency": {"currency": "xxx", "rate": "1.0000"}, "max_age": {"currency": "rub", "rate": "150.0000", "max_age": "soon"},
		"source": {"currency": "rub", "rate": "150.0000", "source": "a\x00"}, "confirm": {"currency": "rub", "rate": "150.0000", "confirm": "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.as(admin, http.MethodPut, "/rates", body)
			s.wantError(got, http.StatusBadRequest, "invalid_request")
			if got.text("error", "fields", name) == "" {
				t.Errorf("got %s, want %s named", got.raw, name)
			}
		})
	}
	t.Run("EveryFaultAtOnce", func(t *testing.T) {
		got := s.as(admin, http.MethodPut, "/rates", fields{"currency": "xxx", "rate": "1e2", "source": "a\x00"})
		for _, name := range []string{"currency", "rate", "source"} {
			if got.text("error", "fields", name) == "" {
				t.Errorf("got %s, want %s named", got.raw, name)
			}
		}
	})
	if rates := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/rates", nil)).body["items"].([]any); len(rates) != 4 {
		t.Errorf("got %v", rates)
	}
	a = s.wantOK(s.as(admin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "sbp", "max_open": 5, "max_open_amount": "10000.00"}))
	if a.text("max_open") != "5" || a.text("max_open_amount") != "10000.00" {
		t.Errorf("got %s", a.raw)
	}
	a = s.wantOK(s.as(admin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "sbp"}))
	if a.body["max_open"] != nil || a.body["max_open_amount"] != nil {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(s.as(admin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "cash"}), http.StatusBadRequest, "invalid_request")
	s.wantError(s.as(admin, http.MethodPut, "/capacity", fields{"currency": "rub", "method": "sbp", "max_open_amount": "-1"}), http.StatusBadRequest, "invalid_request")
	if bounds := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/capacity", nil)).body["items"].([]any); len(bounds) != 1 {
		t.Errorf("got %v", bounds)
	}
}

func TestLedgerCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-1")
	viewer := operator.RoleViewer
	a := s.wantOK(s.as(viewer, http.MethodGet, "/ledger/accounts?purpose=held", nil))
	items := a.body["items"].([]any)
	if len(items) != 1 || items[0].(map[string]any)["balance"] != "15.598800" {
		t.Fatalf("got %s", a.raw)
	}
	id := fmt.Sprint(items[0].(map[string]any)["id"])
	a = s.wantOK(s.as(viewer, http.MethodGet, "/ledger/accounts/"+id+"/statement", nil))
	line := a.body["items"].([]any)[0].(map[string]any)
	if line["amount"] != "15.598800" || line["flow"] != "payout_hold" {
		t.Errorf("got %s", a.raw)
	}
	s.wantOK(s.as(viewer, http.MethodGet, "/ledger/transfers/"+fmt.Sprint(line["transfer_id"]), nil))
	for _, path := range []string{"/ledger/accounts/999999/statement", "/ledger/accounts/x/statement", "/ledger/transfers/999999", "/ledger/transfers/-1"} {
		s.wantError(s.as(viewer, http.MethodGet, path, nil), http.StatusNotFound, "not_found")
	}
	page := s.wantOK(s.as(viewer, http.MethodGet, "/ledger/accounts?limit=1", nil))
	next := s.wantOK(s.as(viewer, http.MethodGet, "/ledger/accounts?limit=200&cursor="+page.text("next_cursor"), nil))
	if len(next.body["items"].([]any)) == 0 || next.text("next_cursor") != "" {
		t.Errorf("second page: got %s", next.raw)
	}
	if got := s.wantOK(s.as(operator.RoleOperator, http.MethodPost, "/ledger/verify", nil)); got.body["clean"] != true {
		t.Errorf("got %s", got.raw)
	}
}

func TestAuditTellsWhoDidIt(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := s.call(http.MethodPost, "/api/operator/merchants/demo/disable", nil, header{
		"Authorization": "Bearer " + s.tokens[operator.RoleAdmin], "X-Request-Id": "audit-me",
	})
	s.wantOK(a)
	a = s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/audit?action=merchant.disable", nil))
	items := a.body["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("got %s", a.raw)
	}
	record := items[0].(map[string]any)
	actor := record["actor"].(map[string]any)
	if actor["kind"] != "operator" || actor["name"] != "admin@desk.example" || actor["address"] != "127.0.0.1" || record["request_id"] != "audit-me" {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/audit?cursor=!", nil), http.StatusBadRequest, "invalid_request")
}

func TestOperatorCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	admin := operator.RoleAdmin
	made := s.as(admin, http.MethodPost, "/operators", fields{"email": "night@desk.example", "role": "operator"})
	if made.status != http.StatusCreated {
		t.Fatalf("got %d %s", made.status, made.raw)
	}
	token := header{"Authorization": "Bearer " + made.text("token")}
	s.wantOK(s.call(http.MethodGet, "/api/operator/payouts", nil, token))
	s.wantError(s.as(admin, http.MethodPost, "/operators", fields{"email": "night@desk.example", "role": "operator"}), http.StatusConflict, "email_taken")
	s.wantError(s.as(admin, http.MethodPost, "/operators", fields{"email": "x", "role": "king"}), http.StatusBadRequest, "invalid_request")
	id := made.text("operator", "id")
	session, _, err := s.sessions.Enter(t.Context(), signin.Operators, "night@desk.example", signin.Visitor{}, func(context.Context) (string, error) { return id, nil })
	must(t, err)
	if a := s.wantOK(s.as(admin, http.MethodPost, "/operators/"+id+"/disable", nil)); a.body["disabled"] != true {
		t.Errorf("got %s", a.raw)
	}
	if _, err := s.sessions.Find(t.Context(), signin.Operators, session); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("the session of who was shut out: %v", err)
	}
	s.wantError(s.call(http.MethodGet, "/api/operator/payouts", nil, token), http.StatusUnauthorized, "invalid_token")
	s.wantError(s.as(admin, http.MethodPost, "/operators/admin@desk.example/disable", nil), http.StatusConflict, "last_admin")
	s.wantOK(s.as(admin, http.MethodPost, "/operators/"+id+"/enable", nil))
	s.wantOK(s.call(http.MethodGet, "/api/operator/payouts", nil, token))
	if a := s.wantOK(s.as(admin, http.MethodGet, "/operators", nil)); len(a.body["items"].([]any)) != 5 {
		t.Errorf("got %s", a.raw)
	}
}
