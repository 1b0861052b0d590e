package httpapi_test

import (
	"net/http"
	"testing"

	"disburse/gateway/operator"
	"disburse/ledger/money"
)

// rule lets payouts in rubles need two people from 1500.00 on.
func (s *stack) rule() {
	s.t.Helper()
	rub, _ := money.Lookup("rub")
	from := money.New(150000, rub)
	_, err := s.deps.Payouts.SetApprovalRule(s.t.Context(), "rub", &from)
	must(s.t, err)
}

// first is the first thing of a list, as an answer of its own.
func first(t *testing.T, a answer, list string) answer {
	t.Helper()
	things, _ := a.body[list].([]any)
	if len(things) == 0 {
		t.Fatalf("no %s in %s", list, a.raw)
	}
	a.body = things[0].(map[string]any)
	return a
}

// TestALargePayoutNeedsTwoPeople goes through every call that a completer has.
func TestALargePayoutNeedsTwoPeople(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rule()
	desk, approver, admin := operator.RoleOperator, operator.RoleApprover, operator.RoleAdmin
	id := s.created("order-1").text("internal_transaction_id")
	path := "/payouts/" + id
	// An admin completes: the role would let it approve.
	s.wantOK(s.as(admin, http.MethodPost, "/payouts/claim", fields{"id": id}))
	for range 2 {
		a := s.wantOK(s.as(admin, http.MethodPost, path+"/complete", fields{"note": "bank reference 4711"}))
		if a.text("status") != "expectation" || a.text("stage") != "awaiting_approval" || a.text("claimed_by") != "" || a.text("completed_by") == "" {
			t.Errorf("got %s", a.raw)
		}
	}
	if a := s.wantOK(s.send(http.MethodGet, s.path("status_pay_out/order-1"), nil, header{"X-Api-Key": s.keys.APIKey})); a.text("status") != "expectation" {
		t.Errorf("the merchant sees %s", a.raw)
	}
	s.wantError(s.cancel("order-1"), http.StatusConflict, "in_progress")
	listed := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/approvals?state=waiting&kind=payout", nil))
	waiting := first(t, listed, "items")
	if len(listed.body["items"].([]any)) != 1 || waiting.text("what", "order_id") != "order-1" {
		t.Fatalf("got %s", listed.raw)
	}
	approval := waiting.text("id")
	if a := s.wantOK(s.as(desk, http.MethodGet, "/payouts?stage=awaiting_approval", nil)); len(a.body["items"].([]any)) != 1 {
		t.Errorf("got %s", a.raw)
	}
	for _, call := range []struct {
		path string
		body any
	}{
		{path + "/approve", nil}, {path + "/approve", fields{"approval": approval, "note": "me"}}, {path + "/reject", fields{"reason": "me"}},
		{"/approvals/" + approval + "/approve", nil}, {"/approvals/" + approval + "/refuse", fields{"reason": "me"}},
	} {
		s.wantError(s.as(admin, http.MethodPost, call.path, call.body), http.StatusForbidden, "own_approval")
	}
	for _, parameter := range []fields{{"force": true}, {"approved": true}, {"by": "other"}} {
		a := s.as(admin, http.MethodPost, path+"/complete", parameter)
		if a.status == http.StatusOK && a.text("status") != "expectation" {
			t.Errorf("%v: got %s", parameter, a.raw)
		}
	}
	for _, verb := range []string{"renew", "release"} {
		s.wantError(s.as(admin, http.MethodPost, path+"/"+verb, nil), http.StatusConflict, "awaiting_approval")
	}
	s.wantError(s.as(admin, http.MethodPost, "/payouts/claim", fields{"id": id}), http.StatusConflict, "awaiting_approval")
	s.wantError(s.as(desk, http.MethodPost, path+"/approve", nil), http.StatusForbidden, "forbidden")
	s.wantError(s.as(desk, http.MethodPost, path+"/reject", nil), http.StatusForbidden, "approver_required")
	s.wantError(s.as(approver, http.MethodPost, path+"/recall", nil), http.StatusForbidden, "not_yours")
	s.wantError(s.as(approver, http.MethodPost, path+"/approve", fields{"approval": "apr_01k3v8q4zmc2h6t9x5r7w0yabd"}), http.StatusConflict, "approval_void")
	s.wantError(s.as(approver, http.MethodPost, "/approvals/"+approval+"/refuse", nil), http.StatusBadRequest, "invalid_request")
	for range 2 {
		if a := s.wantOK(s.as(approver, http.MethodPost, path+"/approve", fields{"approval": approval})); a.text("status") != "successful" {
			t.Errorf("got %s", a.raw)
		}
	}
	shown := s.wantOK(s.as(desk, http.MethodGet, path, nil))
	if first(t, shown, "approvals").text("state") != "approved" || shown.text("completed_by") == shown.text("ended_by") {
		t.Errorf("got %s", shown.raw)
	}
}

func TestTheWayBack(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.rule()
	desk, approver := operator.RoleOperator, operator.RoleApprover
	id := s.created("order-1").text("internal_transaction_id")
	path := "/payouts/" + id
	s.wantError(s.as(approver, http.MethodPost, path+"/approve", nil), http.StatusConflict, "not_awaiting_approval")
	s.wantError(s.as(desk, http.MethodPost, path+"/recall", nil), http.StatusConflict, "not_awaiting_approval")
	s.wantOK(s.as(desk, http.MethodPost, "/payouts/claim", fields{"id": id}))
	s.wantOK(s.as(desk, http.MethodPost, path+"/complete", nil))
	asked := first(t, s.wantOK(s.as(desk, http.MethodGet, "/approvals", nil)), "items").text("id")
	if a := s.wantOK(s.as(desk, http.MethodPost, path+"/recall", nil)); a.text("stage") != "waiting" || a.text("claimed_by") == "" {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(s.as(approver, http.MethodPost, "/approvals/"+asked+"/approve", nil), http.StatusConflict, "not_awaiting_approval")
	s.wantOK(s.as(desk, http.MethodPost, path+"/complete", nil))
	again := first(t, s.wantOK(s.as(desk, http.MethodGet, "/approvals?state=waiting", nil)), "items").text("id")
	s.wantOK(s.as(desk, http.MethodPost, "/approvals/"+again+"/withdraw", nil))
	s.wantOK(s.as(desk, http.MethodPost, path+"/complete", nil))
	if a := s.wantOK(s.as(approver, http.MethodPost, path+"/reject", fields{"reason": "never arrived"})); a.text("status") != "rejected_gate" {
		t.Errorf("got %s", a.raw)
	}
}

func TestAdjustAndRotateByTwo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	approver, admin := operator.RoleApprover, operator.RoleAdmin
	body := fields{"amount": "-0.5000", "ref": "case-7", "reason": "counted twice"}
	before := s.wantOK(s.as(admin, http.MethodGet, "/merchants/demo", nil)).text("available_usdt")
	asked := s.as(admin, http.MethodPost, "/merchants/demo/adjust", body)
	if asked.status != http.StatusAccepted || asked.text("approval", "what", "amount") != "-0.5000" {
		t.Fatalf("got %d %s", asked.status, asked.raw)
	}
	if again := s.as(admin, http.MethodPost, "/merchants/demo/adjust", body); again.text("approval", "id") != asked.text("approval", "id") {
		t.Errorf("got %s", again.raw)
	}
	path := "/approvals/" + asked.text("approval", "id")
	if a := s.wantOK(s.as(admin, http.MethodGet, "/merchants/demo", nil)); a.text("available_usdt") != before {
		t.Errorf("it moved before: %s", a.raw)
	}
	s.wantError(s.as(admin, http.MethodPost, path+"/approve", nil), http.StatusForbidden, "own_approval")
	if a := s.wantOK(s.as(approver, http.MethodPost, path+"/approve", fields{"note": "seen"})); a.text("state") != "approved" {
		t.Errorf("got %s", a.raw)
	}
	if a := s.wantOK(s.as(admin, http.MethodGet, "/merchants/demo", nil)); a.text("available_usdt") == before {
		t.Errorf("nothing moved: %s", a.raw)
	}
	for name, bad := range map[string]fields{"amount": {"amount": "x", "reason": "y"}, "reason": {"amount": "1"}} {
		a := s.as(admin, http.MethodPost, "/merchants/demo/adjust", bad)
		s.wantError(a, http.StatusBadRequest, "invalid_request")
		if a.text("error", "fields", name) == "" {
			t.Errorf("%s is not named: %s", name, a.raw)
		}
	}

	rotate := func() answer {
		return s.as(admin, http.MethodPost, "/merchants/demo/rotate-keys", fields{"only": []string{"api"}, "grace": "1h"})
	}
	waiting := rotate()
	if waiting.status != http.StatusAccepted || waiting.text("secrets", "api_key") != "" {
		t.Fatalf("got %d %s", waiting.status, waiting.raw)
	}
	path = "/approvals/" + waiting.text("approval", "id")
	s.wantError(s.as(admin, http.MethodPost, path+"/approve", nil), http.StatusForbidden, "own_approval")
	if a := s.wantOK(s.as(approver, http.MethodPost, path+"/approve", nil)); a.text("secrets", "api_key") != "" {
		t.Errorf("who approves sees keys: %s", a.raw)
	}
	if made := s.wantOK(rotate()); made.text("secrets", "api_key") == "" {
		t.Errorf("got %s", made.raw)
	}
	if a := rotate(); a.status != http.StatusAccepted {
		t.Errorf("once more: %d %s", a.status, a.raw)
	}
}
