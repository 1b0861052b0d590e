package httpapi_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/operator"
)

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
