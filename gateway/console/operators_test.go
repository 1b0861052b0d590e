package console_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

var operatorLink = regexp.MustCompile(`/operators/(opr_[0-9a-z]+)`)

func TestOperatorIsMadeAndChanged(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	made := boss.post("/operators/new", "email", "night@desk.example", "role", "operator")
	secrets := secretsOn(made.text)
	if made.status != http.StatusOK || len(secrets) != 2 {
		t.Fatalf("%d with %d secrets: %.300s", made.status, len(secrets), made.text)
	}
	path := "/operators/" + operatorLink.FindStringSubmatch(made.text)[1]
	o, err := s.app.Operators.CheckPassword(t.Context(), "night@desk.example", secrets[0])
	s.must(err)
	if _, err := s.app.Operators.Authenticate(t.Context(), secrets[1]); err != nil || o.Role != operator.RoleOperator {
		t.Errorf("%v, %s", err, o.Role)
	}
	s.shownOnceOnly(boss, secrets, path)
	boss.post("/operators/new", "email", "night@desk.example", "role", "operator").wants(t, http.StatusConflict, "")
	boss.post("/operators/new", "email", "x", "role", "king").wants(t, http.StatusUnprocessableEntity, "")
	boss.post(path+"/role", "role", "approver").wants(t, http.StatusSeeOther, path)
	boss.post(path+"/role", "role", "king").wants(t, http.StatusUnprocessableEntity, "")
	holds(t, boss.read(path), "approver", "operator.set-role", `"/console/audit?subject=operator&amp;subject_id=opr_`)
	token := boss.post(path+"/token", "name", "bot", "ttl", "24h")
	if len(secretsOn(token.text)) != 1 {
		t.Errorf("%d: %.300s", token.status, token.text)
	}
	revoke := regexp.MustCompile(`/tokens/opt_[0-9a-z]+/revoke`)
	for len(revoke.FindString(boss.read(path))) > 0 {
		boss.post(path+revoke.FindString(boss.read(path))).wants(t, http.StatusSeeOther, path)
	}
	if _, err := s.app.Operators.Authenticate(t.Context(), secretsOn(token.text)[0]); err == nil {
		t.Error("a token that was ended works")
	}
}

// TestResetsEndSessions: who had the password or the device is out at once.
func TestResetsEndSessions(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	for _, reset := range []string{"/reset-password", "/reset-factor", "/disable"} {
		victim := s.clerk(operator.RoleApprover)
		victim.read("/merchants")
		o, err := s.app.Operators.ByID(t.Context(), victim.email)
		s.must(err)
		answer := boss.post("/operators/" + o.ID + reset)
		if got := victim.get("/merchants"); got.status != http.StatusSeeOther {
			t.Errorf("%s: the session goes on with %d", reset, got.status)
		}
		boss.post("/operators/"+o.ID+"/enable").wants(t, http.StatusSeeOther, "/operators/"+o.ID)
		if got := victim.get("/merchants"); got.status != http.StatusSeeOther {
			t.Errorf("%s: the session came back with %d", reset, got.status)
		}
		if reset == "/reset-password" {
			if _, err := s.app.Operators.CheckPassword(t.Context(), victim.email, secretsOn(answer.text)[0]); err != nil {
				t.Errorf("the new password: %v", err)
			}
		}
	}
	boss.post("/operators/nobody/reset-factor").wants(t, http.StatusNotFound, "")
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	o, err := s.app.Operators.ByID(t.Context(), boss.email)
	s.must(err)
	boss.post("/operators/"+o.ID+"/disable").wants(t, http.StatusConflict, "")
	boss.post("/operators/"+o.ID+"/role", "role", "viewer").wants(t, http.StatusConflict, "")
	holds(t, boss.read("/operators/"+o.ID), "this is you")
	boss.get("/operators?q="+boss.email).wants(t, http.StatusSeeOther, "/operators/"+o.ID)
}

// TestRoleThatWasTakenIsGoneWithTheNextPage: no session keeps it, nor outlives it.
func TestRoleThatWasTakenIsGoneWithTheNextPage(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	second := s.clerk(operator.RoleAdmin)
	second.read("/operators")
	o, err := s.app.Operators.ByID(t.Context(), second.email)
	s.must(err)
	boss.post("/operators/"+o.ID+"/role", "role", "viewer")
	if got := second.get("/operators"); got.status != http.StatusSeeOther || !strings.Contains(got.where, "/sign-in") {
		t.Errorf("%d to %s", got.status, got.where)
	}
	sessions, err := s.app.Sessions.Sessions(context.Background(), signin.Operators, o.ID)
	s.must(err)
	if len(sessions) != 0 {
		t.Errorf("%d sessions", len(sessions))
	}
}
