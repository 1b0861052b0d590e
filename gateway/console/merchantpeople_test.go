package console_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// signsIn lets a merchant's person in with a password and, when asked, a second
// factor of their own.
func (s *workStand) signsIn(email, password string, factor bool) (merchant.Person, signin.Token) {
	s.t.Helper()
	ctx := s.t.Context()
	var who merchant.Person
	token, _, err := s.app.Sessions.Enter(ctx, signin.Merchants, email, signin.Visitor{Address: "192.0.2.9", Agent: "test"},
		func(context.Context) (_ string, err error) {
			who, err = s.app.People.CheckPassword(ctx, email, password)
			return who.ID, err
		})
	s.must(err)
	if factor {
		enrolment, err := s.app.Sessions.Enrol(ctx, signin.Merchants, token)
		s.must(err)
		code, err := totp.GenerateCode(enrolment.Secret, time.Now())
		s.must(err)
		token, _, err = s.app.Sessions.Verify(ctx, signin.Merchants, token, code)
		s.must(err)
	}
	return who, token
}

func (s *workStand) sessionEnded(token signin.Token) bool {
	_, err := s.app.Sessions.Find(s.t.Context(), signin.Merchants, token)
	return err != nil
}

func TestPeopleOfAMerchant(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	holds(t, boss.read("/merchants/shop"), `id="people"`, "Nobody signs in for this merchant yet.")
	made := boss.post("/merchants/shop/people/new", "email", " Anna@Shop.Example ")
	passwords := secretsOn(made.text)
	if made.status != http.StatusOK || len(passwords) != 1 {
		t.Fatalf("%d with %d passwords: %.300s", made.status, len(passwords), made.text)
	}
	holds(t, boss.read("/merchants/shop"), "anna@shop.example", "enabled", "not set up", "never", "New password", "Disable")
	anna, token := s.signsIn("anna@shop.example", passwords[0], true)
	row := boss.read("/merchants/shop")
	holds(t, row, "anna@shop.example", "set up", "<time", "New password", "Reset the second factor")
	of := "/merchants/shop/people/" + anna.ID

	boss.post(of+"/reset-factor").wants(t, http.StatusSeeOther, "/merchants/shop#people")
	if !s.sessionEnded(token) {
		t.Error("the session outlived its second factor")
	}
	holds(t, boss.read("/merchants/shop"), "anna@shop.example", "not set up")
	_, token = s.signsIn("anna@shop.example", passwords[0], false)
	fresh := secretsOn(boss.post(of + "/reset-password").text)
	if len(fresh) != 1 || fresh[0] == passwords[0] || !s.sessionEnded(token) {
		t.Error("a new password leaves the old one or its session")
	}
	s.shownOnceOnly(boss, append(passwords, fresh...), "/merchants/shop", of+"/reset-password")
	boss.post(of+"/disable").wants(t, http.StatusSeeOther, "/merchants/shop#people")
	if _, err := s.app.People.CheckPassword(t.Context(), anna.Email, fresh[0]); err == nil {
		t.Error("a disabled person is let in")
	}
	holds(t, boss.read("/merchants/shop"), "anna@shop.example", "disabled", "Let in again")
	boss.post(of+"/enable").wants(t, http.StatusSeeOther, "/merchants/shop#people")
	s.signsIn("anna@shop.example", fresh[0], false)
	for _, action := range []string{"merchant.add-person", "merchant.disable-person", "merchant.enable-person", "merchant.reset-person-password"} {
		if s.deeds(action, s.shop.ID) != 1 {
			t.Errorf("the trail lacks %s", action)
		}
	}
	if s.deeds("factor.reset", anna.ID) != 1 {
		t.Error("the trail lacks the reset of the second factor")
	}

	boss.post("/merchants/shop/people/new", "email", "anna@shop.example").wants(t, http.StatusConflict, "")
	wrong := boss.post("/merchants/shop/people/new", "email", "nobody")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, `value="nobody"`, "must be an email address")
}

// TestPeopleAreTheAdminsAndTheirMerchants: no other role sees or changes them,
// and none is reached by way of another merchant.
func TestPeopleAreTheAdminsAndTheirMerchants(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	s.merchant("other", "0.0001")
	anna, _, err := s.app.People.Add(t.Context(), "shop", "anna@shop.example")
	s.must(err)
	for _, act := range []string{"reset-password", "reset-factor", "disable", "enable"} {
		boss.post("/merchants/other/people/"+anna.ID+"/"+act).wants(t, http.StatusNotFound, "")
		for _, role := range []operator.Role{operator.RoleViewer, operator.RoleOperator, operator.RoleApprover} {
			c := s.clerk(role)
			c.post("/merchants/shop/people/"+anna.ID+"/"+act).wants(t, http.StatusForbidden, "")
			lacks(t, c.read("/merchants/shop"), `id="people"`, "/people/")
		}
	}
	if s.deeds("factor.reset", anna.ID) != 0 || s.deeds("merchant.disable-person", s.shop.ID) != 0 {
		t.Error("something was done all the same")
	}
}
