package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"disburse/gateway/operator"
	"disburse/gateway/virtualcard/simulator"
)

// colleague makes another operator and gives a way to call as them.
func (s *stack) colleague(email string, role operator.Role) func(method, path string, body any) answer {
	s.t.Helper()
	made, err := s.deps.Operators.Create(s.t.Context(), operator.NewOperator{Email: email, Role: role})
	must(s.t, err)
	return func(method, path string, body any) answer {
		s.t.Helper()
		return s.call(method, "/api/operator"+path, body, header{"Authorization": "Bearer " + string(made.Token)})
	}
}

// TestRulesOfApproval: stricter counts at once, looser waits for another admin.
func TestRulesOfApproval(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	approver, admin := operator.RoleApprover, operator.RoleAdmin
	other := s.colleague("second@example.com", admin)
	set := func(amount, reason string) answer {
		return s.as(admin, http.MethodPut, "/approvals/rules", fields{"currency": "rub", "at_or_above": amount, "reason": reason})
	}
	rule := func() string {
		return first(t, s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/approvals/rules", nil)), "items").text("at_or_above")
	}
	if a := s.wantOK(set("1500.00", "")); a.text("at_or_above") != "1500.00" || rule() != "1500.00" {
		t.Errorf("got %s", a.raw)
	}
	s.wantError(set("off", ""), http.StatusBadRequest, "invalid_request")
	for _, bad := range []fields{{"currency": "rub"}, {"currency": "rub", "at_or_above": nil}, {"currency": "xxx", "at_or_above": "1.00"}, {"currency": "rub", "at_or_above": "much"}} {
		s.wantError(s.as(admin, http.MethodPut, "/approvals/rules", bad), http.StatusBadRequest, "invalid_request")
	}
	asked := set("off", "a busy day")
	if asked.status != http.StatusAccepted || asked.text("approval", "what", "before") != "1500.00" || asked.text("approval", "what", "after") != "off" || rule() != "1500.00" {
		t.Fatalf("got %d %s", asked.status, asked.raw)
	}
	if again := set("off", "a busy day"); again.text("approval", "id") != asked.text("approval", "id") {
		t.Errorf("got %s", again.raw)
	}
	path := "/approvals/" + asked.text("approval", "id")
	s.wantError(s.as(admin, http.MethodPost, path+"/approve", nil), http.StatusForbidden, "own_approval")
	s.wantError(s.as(approver, http.MethodPost, path+"/approve", nil), http.StatusForbidden, "admin_required")
	if rule() != "1500.00" {
		t.Error("the rule is weaker already")
	}
	if a := s.wantOK(other(http.MethodPost, path+"/approve", nil)); a.text("state") != "approved" {
		t.Errorf("got %s", a.raw)
	}
	if a := first(t, s.wantOK(s.as(admin, http.MethodGet, "/approvals/rules", nil)), "items"); a.body["at_or_above"] != nil {
		t.Errorf("got %v", a.body)
	}
}

// TestACardOperationIsEndedByTwo: what the provider does not end.
func TestACardOperationIsEndedByTwo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	other := s.colleague("second@example.com", operator.RoleApprover)
	h := s.holder(t, 0, 50)
	s.provider(t, simulator.Withdraw, simulator.Error)
	h.denied(h.post(h.path("/withdraw"), `{"amount":10}`), http.StatusBadGateway, "Card provider is unavailable")
	s.later(13 * time.Second)
	path := "/virtual-cards/operations/" + s.exceptions(t, "")[0]["id"].(string) + "/resolve"
	ask := func(body fields) answer { return s.as(operator.RoleApprover, http.MethodPost, path, body) }
	for _, bad := range []fields{{"as": "lost", "reason": "x"}, {"as": "done"}, {"as": "done", "reason": "x", "moved": "much"}, {"as": "done", "reason": "x", "moved": "10.00"}} {
		s.wantError(ask(bad), http.StatusBadRequest, "invalid_request")
	}
	s.wantError(s.as(operator.RoleApprover, http.MethodPost, "/virtual-cards/operations/none/resolve", fields{"as": "done", "reason": "x"}), http.StatusNotFound, "not_found")
	asked := ask(fields{"as": "done", "reason": "told by phone"})
	if asked.status != http.StatusAccepted || asked.text("approval", "what", "operation") != "withdraw" {
		t.Fatalf("got %d %s", asked.status, asked.raw)
	}
	approval := "/approvals/" + asked.text("approval", "id") + "/approve"
	s.wantError(s.as(operator.RoleApprover, http.MethodPost, approval, nil), http.StatusForbidden, "own_approval")
	h.get("/wallet/balance").amounts(t, map[string]string{"balance": "0.00"})
	s.wantOK(other(http.MethodPost, approval, nil))
	h.get("/wallet/balance").amounts(t, map[string]string{"balance": "10.00"})
	s.wantError(ask(fields{"as": "failed", "reason": "x"}), http.StatusConflict, "already_ended")
	// The provider never did it, and says so later: people look into it again.
	s.later(time.Hour)
	_, err := s.deps.VirtualCards.Recover(t.Context(), 10)
	must(t, err)
	if items := s.exceptions(t, ""); len(items) != 1 || items[0]["state"] != "contradicted" {
		t.Errorf("exceptions: %v", items)
	}
	h.get("/wallet/balance").amounts(t, map[string]string{"balance": "10.00"})
	s.desk(t, operator.RoleViewer, http.MethodPost, "/ledger/verify", nil)
}
