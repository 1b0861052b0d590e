package httpapi_test

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/merchant"
	"disburse/gateway/operator"
)

// leastRole is the least role of every operator route; what is not here does
// not exist.
var leastRole = map[string]operator.Role{
	"GET /payouts": operator.RoleViewer, "GET /payouts/po_x": operator.RoleViewer, "POST /payouts/claim": operator.RoleOperator,
	"POST /payouts/po_x/renew": operator.RoleOperator, "POST /payouts/po_x/release": operator.RoleOperator,
	"POST /payouts/po_x/complete": operator.RoleOperator, "POST /payouts/po_x/reject": operator.RoleOperator,
	"POST /payouts/po_x/receipts": operator.RoleOperator, "GET /exceptions": operator.RoleViewer, "GET /virtual-cards": operator.RoleViewer,
	"GET /callbacks": operator.RoleViewer, "GET /callbacks/evt_x": operator.RoleViewer,
	"POST /callbacks/evt_x/resend": operator.RoleOperator, "POST /callbacks/resend": operator.RoleOperator,
	"GET /merchants": operator.RoleViewer, "POST /merchants": operator.RoleAdmin, "GET /merchants/demo": operator.RoleViewer,
	"PATCH /merchants/demo": operator.RoleAdmin, "POST /merchants/nobody/rotate-keys": operator.RoleAdmin,
	"POST /merchants/demo/topup": operator.RoleAdmin, "POST /merchants/nobody/disable": operator.RoleAdmin,
	"POST /merchants/nobody/enable": operator.RoleAdmin, "GET /rates": operator.RoleViewer, "PUT /rates": operator.RoleAdmin,
	"GET /capacity": operator.RoleViewer, "PUT /capacity": operator.RoleAdmin, "GET /operators": operator.RoleAdmin,
	"POST /operators": operator.RoleAdmin, "POST /operators/nobody/disable": operator.RoleAdmin, "POST /operators/nobody/enable": operator.RoleAdmin,
	"GET /ledger/accounts": operator.RoleViewer, "GET /ledger/accounts/1/statement": operator.RoleViewer,
	"GET /ledger/transfers/1": operator.RoleViewer, "POST /ledger/verify": operator.RoleViewer, "GET /audit": operator.RoleViewer,
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
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := newStack(t)
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
	for call, least := range leastRole {
		method, path, _ := strings.Cut(call, " ")
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

func TestDesk(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	desk, admin := operator.RoleOperator, operator.RoleAdmin
	if a := s.as(desk, http.MethodPost, "/payouts/claim", nil); a.status != http.StatusNoContent || len(a.raw) != 0 {
		t.Errorf("nothing to claim: got %d %s", a.status, a.raw)
	}
	s.wantOK(s.create(payoutBody("order-1", byMethod["card"])))
	other := s.created("order-2").text("internal_transaction_id")

	claimed := s.wantOK(s.as(desk, http.MethodPost, "/payouts/claim", fields{"filter": fields{
		"currency": "rub", "method": "card", "merchant": "demo", "min_amount": "1.00", "max_amount": "2000.00", "mode": "live",
	}}))
	id := claimed.text("payout", "id")
	if claimed.text("payout", "order_id") != "order-1" || claimed.text("payout", "requisite") != card || claimed.text("lease_expires_at") == "" {
		t.Errorf("claim: got %s", claimed.raw)
	}
	t.Run("OnlyTheHolderSeesTheRequisite", func(t *testing.T) {
		if got := s.wantOK(s.as(desk, http.MethodGet, "/payouts/"+id, nil)).text("requisite"); got != card {
			t.Errorf("holder: got %q", got)
		}
		for _, path := range []string{"/payouts/" + id, "/payouts"} {
			if a := s.wantOK(s.as(admin, http.MethodGet, path, nil)); bytes.Contains(a.raw, []byte(card)) || !bytes.Contains(a.raw, []byte("****0004")) {
				t.Errorf("another: got %s", a.raw)
			}
		}
	})
	t.Run("OnlyTheHolderMayEndIt", func(t *testing.T) {
		for _, verb := range []string{"renew", "release", "complete", "reject"} {
			s.wantError(s.as(admin, http.MethodPost, "/payouts/"+id+"/"+verb, nil), http.StatusConflict, "claimed_by_other")
			s.wantError(s.as(desk, http.MethodPost, "/payouts/"+other+"/"+verb, nil), http.StatusConflict, "claim_required")
		}
		s.wantError(s.as(admin, http.MethodPost, "/payouts/claim", fields{"id": id}), http.StatusConflict, "claimed_by_other")
	})
	s.wantOK(s.as(desk, http.MethodPost, "/payouts/"+id+"/renew", nil))
	link := s.attach(id)
	done := s.as(desk, http.MethodPost, "/payouts/"+id+"/complete", fields{"cheque_urls": []string{"https://bank.example/1.pdf"}, "note": "paid"})
	for _, name := range []string{"Complete", "CompleteAgain"} {
		if done = s.wantOK(done); done.text("status") != "successful" || done.text("claimed_by") != "" {
			t.Errorf("%s: got %s", name, done.raw)
		}
		done = s.as(desk, http.MethodPost, "/payouts/"+id+"/complete", nil)
	}
	s.wantError(s.as(desk, http.MethodPost, "/payouts/"+id+"/reject", nil), http.StatusConflict, "already_final")
	t.Run("TheMerchantSeesTheReceipts", func(t *testing.T) {
		urls, _ := s.wantOK(s.status("order-1")).body["cheque_urls"].([]any)
		if len(urls) != 2 || urls[0] != "https://bank.example/1.pdf" || !strings.HasPrefix(fmt.Sprint(urls[1]), strings.SplitN(link, "?", 2)[0]) {
			t.Errorf("got %v", urls)
		}
	})
	t.Run("ByIDAndReject", func(t *testing.T) {
		s.wantOK(s.as(desk, http.MethodPost, "/payouts/claim", fields{"id": other}))
		s.wantOK(s.as(desk, http.MethodPost, "/payouts/"+other+"/release", nil))
		s.wantOK(s.as(desk, http.MethodPost, "/payouts/claim", fields{"filter": fields{"id": other}}))
		a := s.wantOK(s.as(desk, http.MethodPost, "/payouts/"+other+"/reject", fields{"reason": "refused by the bank"}))
		if a.text("status") != "rejected_gate" || a.text("reason") != "refused by the bank" {
			t.Errorf("got %s", a.raw)
		}
	})
	s.wantDetail(id)
}

// wantDetail wants the history of a completed payout.
func (s *stack) wantDetail(id string) {
	s.t.Helper()
	a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/payouts/"+id, nil))
	var kinds []string
	for _, e := range a.body["timeline"].([]any) {
		kinds = append(kinds, e.(map[string]any)["kind"].(string))
	}
	if diff := cmp.Diff([]string{"created", "claimed", "renewed", "receipt", "successful"}, kinds); diff != "" {
		s.t.Errorf("timeline (-want +got):\n%s", diff)
	}
	for name, want := range map[string]int{"transfers": 3, "receipts": 1, "callbacks": 1} {
		if got := len(a.body[name].([]any)); got != want {
			s.t.Errorf("%s: got %d, want %d: %s", name, got, want, a.raw)
		}
	}
}

var pdf = []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")

// form is a multipart body with one file.
func form(t testing.TB, field string, content []byte) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="../../x.html"`, field)}, "Content-Type": {"application/octet-stream"},
	})
	must(t, err)
	_, err = part.Write(content)
	must(t, err)
	must(t, w.Close())
	return out.Bytes(), w.FormDataContentType()
}

func (s *stack) upload(id, field string, content []byte) answer {
	s.t.Helper()
	body, media := form(s.t, field, content)
	return s.send(http.MethodPost, "/api/operator/payouts/"+id+"/receipts", body,
		header{"Authorization": "Bearer " + s.tokens[operator.RoleOperator], "Content-Type": media})
}

// attach uploads a receipt, follows its link and tries what must not work.
func (s *stack) attach(id string) string {
	s.t.Helper()
	html := []byte("<html><script>alert(1)</script></html>")
	s.wantError(s.upload(id, "file", html), http.StatusBadRequest, "unsupported_receipt")
	s.wantError(s.upload(id, "file", append(pdf, make([]byte, 5<<20)...)), http.StatusRequestEntityTooLarge, "too_large")
	s.wantError(s.upload(id, "other", pdf), http.StatusBadRequest, "invalid_request")
	s.wantError(s.as(operator.RoleOperator, http.MethodPost, "/payouts/"+id+"/receipts", fields{}), http.StatusUnsupportedMediaType, "unsupported_media_type")

	a := s.upload(id, "file", append(pdf, make([]byte, 5<<20-len(pdf))...))
	if a.status != http.StatusCreated || a.text("content_type") != "application/pdf" {
		s.t.Fatalf("got %d %s", a.status, a.raw)
	}
	link := a.text("url")
	path := strings.TrimPrefix(link, publicURL)
	file := s.wantOK(s.send(http.MethodGet, path, nil, nil))
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": `attachment; filename="` + a.text("id") + `.pdf"`,
	} {
		if got := file.header.Get(name); got != want {
			s.t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if !bytes.HasPrefix(file.raw, pdf) || len(file.raw) != 5<<20 {
		s.t.Errorf("got %d bytes", len(file.raw))
	}
	for _, forged := range []string{path + "x", strings.Replace(path, "expires=", "expires=9", 1), path[:strings.Index(path, "&")] + "&token=x"} {
		s.wantError(s.send(http.MethodGet, forged, nil, nil), http.StatusNotFound, "not_found")
	}
	return link
}

func TestPayoutLists(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for i := range 5 {
		s.created(fmt.Sprint("order-", i))
	}
	s.wantOK(s.create(payoutBody("card-order", byMethod["card"])))
	s.wantOK(s.cancel("order-0"))
	list := func(query string) []string {
		a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/payouts?"+query, nil))
		var orders []string
		for _, item := range a.body["items"].([]any) {
			orders = append(orders, item.(map[string]any)["order_id"].(string))
		}
		return orders
	}
	for query, want := range map[string][]string{
		"status=rejected_merchant": {"order-0"}, "method=card": {"card-order"}, "q=card-o": {"card-order"}, "merchant=demo&limit=2": {"card-order", "order-4"},
		"currency=eur": nil, "claimed_by=me": nil, "mode=sandbox": nil, "from=2100-01-01T00:00:00Z": nil, "to=2001-01-01T00:00:00Z": nil,
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	t.Run("Pages", func(t *testing.T) {
		var got []string
		cursor := ""
		for range 10 {
			a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/payouts?limit=4&cursor="+cursor, nil))
			got = append(got, fmt.Sprint(len(a.body["items"].([]any))))
			if cursor = a.text("next_cursor"); cursor == "" {
				break
			}
		}
		if strings.Join(got, " ") != "4 2" {
			t.Errorf("pages of %v", got)
		}
	})
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=201": "limit", "limit=x": "limit", "cursor=x": "cursor", "from=yesterday": "from", "status=x": "status",
		"method=x": "method", "mode=x": "mode", "merchant=nobody": "merchant", "q=%00": "q", "claimed_by=%ff": "claimed_by",
	} {
		t.Run(query, func(t *testing.T) {
			a := s.as(operator.RoleViewer, http.MethodGet, "/payouts?"+query, nil)
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			if a.text("error", "fields", field) == "" {
				t.Errorf("got %s, want %s named", a.raw, field)
			}
		})
	}
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

func TestMerchantCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	admin := operator.RoleAdmin
	made := s.as(admin, http.MethodPost, "/merchants", fields{"name": "acme", "mode": "live", "fee_bps": 50, "fee_fixed": "0.2500"})
	if made.status != http.StatusCreated || made.text("secrets", "sign_key") == "" || made.text("merchant", "fee_fixed") != "0.2500" {
		t.Fatalf("got %d %s", made.status, made.raw)
	}
	s.wantError(s.as(admin, http.MethodPost, "/merchants", fields{"name": "acme"}), http.StatusConflict, "name_taken")
	s.wantError(s.as(admin, http.MethodPost, "/merchants", fields{"name": "Acme!", "fee_fixed": "x"}), http.StatusBadRequest, "invalid_request")

	topUp := fields{"amount": "100.5000", "ref": "wire-1"}
	for _, want := range []string{"", "true"} {
		a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/topup", topUp))
		if a.text("available_usdt") != "100.5000" || a.header.Get("Idempotent-Replayed") != want {
			t.Errorf("topup: got %s %v", a.raw, a.header)
		}
	}
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/topup", fields{"amount": "1.0000", "ref": "wire-1"}), http.StatusConflict, "reference_reused")
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/topup", fields{"amount": "1e3", "ref": "w"}), http.StatusBadRequest, "invalid_request")

	changed := s.wantOK(s.as(admin, http.MethodPatch, "/merchants/acme", fields{
		"require_v2": true, "mask_requisites": true, "luhn": true, "standart_sign": "merchant:order_id:sign_key", "fee_bps": 75, "fee_fixed": "0.1000",
		"timeout": 90, "methods": fields{"rub/iban": fields{"enabled": true, "min": "500.00"}}, "limits": fields{"status": "20/s:40", "reject": "off"},
	}))
	if changed.body["require_v2"] != true || changed.text("timeout") != "90" || changed.text("limits", "reject") != "off" || changed.text("limits", "status") != "20/s:40" {
		t.Errorf("got %s", changed.raw)
	}
	for name, body := range map[string]fields{
		"standart_sign": {"standart_sign": "x"}, "timeout": {"timeout": 0}, "limits.status": {"limits": fields{"status": "fast"}}, "methods": {"methods": fields{"cash": fields{}}},
		"methods.rub/sbp.min": {"methods": fields{"rub/sbp": fields{"min": "1,00"}}}, "fee_bps": {"fee_bps": 20000}, "fee_fixed": {"fee_fixed": "x"},
		"require_v2": {"require_v2": "yes"},
	} {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			a := s.as(admin, http.MethodPatch, "/merchants/acme", body)
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			if a.text("error", "fields", name) == "" {
				t.Errorf("got %s, want %s named", a.raw, name)
			}
		})
	}
	rotated := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/rotate-keys", fields{"only": []merchant.KeyKind{merchant.SignKey}, "grace": "1h"}))
	if rotated.text("secrets", "sign_key") == "" || rotated.text("secrets", "api_key") != "" || rotated.text("secrets", "sign_key") == made.text("secrets", "sign_key") {
		t.Errorf("rotate: got %s", rotated.raw)
	}
	s.wantError(s.as(admin, http.MethodPatch, "/merchants/acme", fields{"fee_fixed": ""}), http.StatusBadRequest, "invalid_request")
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/rotate-keys", fields{"grace": "long"}), http.StatusBadRequest, "invalid_request")
	for verb, disabled := range map[string]bool{"disable": true} {
		if a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/"+verb, nil)); a.body["disabled"] != disabled {
			t.Errorf("%s: got %s", verb, a.raw)
		}
	}
	if a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/enable", nil)); a.body["disabled"] != false {
		t.Errorf("enable: got %s", a.raw)
	}
	shown := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/merchants/acme", nil))
	if shown.text("available_usdt") != "100.5000" || bytes.Contains(shown.raw, []byte(rotated.text("secrets", "sign_key"))) {
		t.Errorf("got %s", shown.raw)
	}
	page := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/merchants?limit=1", nil))
	if len(page.body["items"].([]any)) != 1 || page.text("next_cursor") == "" {
		t.Errorf("got %s", page.raw)
	}
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/merchants/nobody", nil), http.StatusNotFound, "not_found")
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/merchants/%00", nil), http.StatusNotFound, "not_found")
}

func TestFaultsOfMerchantCallsComeAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for call, tt := range map[string]struct {
		body fields
		want []string
	}{
		"POST /merchants": {
			fields{"name": "Acme!", "mode": "test", "fee_bps": 20000, "fee_fixed": "x"},
			[]string{"fee_bps", "fee_fixed", "mode", "name"},
		},
		"PATCH /merchants/demo": {
			fields{
				"standart_sign": "x", "timeout": 0, "fee_bps": -1, "fee_fixed": "x",
				"methods": fields{"cash": fields{}, "rub/sbp": fields{"min": "1,00"}, "rub/card": fields{"max": "0.01"}},
				"limits":  fields{"status": "fast", "create": "1/0s", "payouts": "1/s"},
			},
			[]string{
				"fee_bps", "fee_fixed", "limits", "limits.create", "limits.status",
				"methods", "methods.rub/card.max", "methods.rub/sbp.min", "standart_sign", "timeout",
			},
		},
		"POST /merchants/demo/rotate-keys": {fields{"only": []string{"all"}, "grace": "long"}, []string{"grace", "only"}},
		"POST /merchants/demo/topup":       {fields{"amount": "1e3"}, []string{"amount", "ref"}},
		"PUT /rates":                       {fields{"currency": "xxx", "rate": "x", "max_age": "long"}, []string{"currency", "max_age", "rate"}},
		"PUT /capacity":                    {fields{"currency": "rub", "method": "cash", "max_open": -1, "max_open_amount": "x"}, []string{"max_open", "max_open_amount", "method"}},
		"POST /operators":                  {fields{"email": "x", "role": "king"}, []string{"email", "role"}},
	} {
		t.Run(strings.ReplaceAll(call, "/", "_"), func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(call, " ")
			a := s.as(operator.RoleAdmin, method, path, tt.body)
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			named, _ := a.body["error"].(map[string]any)["fields"].(map[string]any)
			if got := slices.Sorted(maps.Keys(named)); !slices.Equal(got, tt.want) {
				t.Errorf("named %v, want %v", got, tt.want)
			}
		})
	}
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
	if a := s.wantOK(s.as(admin, http.MethodPost, "/operators/"+id+"/disable", nil)); a.body["disabled"] != true {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(s.call(http.MethodGet, "/api/operator/payouts", nil, token), http.StatusUnauthorized, "invalid_token")
	s.wantError(s.as(admin, http.MethodPost, "/operators/admin@desk.example/disable", nil), http.StatusConflict, "last_admin")
	s.wantOK(s.as(admin, http.MethodPost, "/operators/"+id+"/enable", nil))
	s.wantOK(s.call(http.MethodGet, "/api/operator/payouts", nil, token))
	if a := s.wantOK(s.as(admin, http.MethodGet, "/operators", nil)); len(a.body["items"].([]any)) != 5 {
		t.Errorf("got %s", a.raw)
	}
}
