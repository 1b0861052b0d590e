package console_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"disburse/gateway/approval"
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

// boxOf makes a sandbox merchant, whose people one admin sees to.
func (s *workStand) boxOf(boss *clerk) merchant.Merchant {
	s.t.Helper()
	boss.post("/merchants/new", "name", "box", "mode", "sandbox")
	d, err := s.app.Merchants.Show(s.t.Context(), "box")
	s.must(err)
	return d.Merchant
}

func TestPeopleOfAMerchant(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	box := s.boxOf(boss)
	holds(t, boss.read("/merchants/box"), `id="people"`, "Nobody signs in for this merchant yet.")
	made := boss.post("/merchants/box/people/new", "email", " Anna@Shop.Example ")
	passwords := secretsOn(made.text)
	if made.status != http.StatusOK || len(passwords) != 1 {
		t.Fatalf("%d with %d passwords: %.300s", made.status, len(passwords), made.text)
	}
	holds(t, boss.read("/merchants/box"), "anna@shop.example", "enabled", "not set up", "never", "New password", "Disable")
	anna, token := s.signsIn("anna@shop.example", passwords[0], true)
	row := boss.read("/merchants/box")
	holds(t, row, "anna@shop.example", "set up", "<time", "New password", "Reset the second factor")
	of := "/merchants/box/people/" + anna.ID

	boss.post(of+"/reset-factor").wants(t, http.StatusSeeOther, "/merchants/box#people")
	if !s.sessionEnded(token) {
		t.Error("the session outlived its second factor")
	}
	holds(t, boss.read("/merchants/box"), "anna@shop.example", "not set up")
	_, token = s.signsIn("anna@shop.example", passwords[0], false)
	fresh := secretsOn(boss.post(of + "/reset-password").text)
	if len(fresh) != 1 || fresh[0] == passwords[0] || !s.sessionEnded(token) {
		t.Error("a new password leaves the old one or its session")
	}
	s.shownOnceOnly(boss, append(passwords, fresh...), "/merchants/box", of+"/reset-password")
	boss.post(of+"/disable").wants(t, http.StatusSeeOther, "/merchants/box#people")
	if _, err := s.app.People.CheckPassword(t.Context(), anna.Email, fresh[0]); err == nil {
		t.Error("a disabled person is let in")
	}
	holds(t, boss.read("/merchants/box"), "anna@shop.example", "disabled", "Let in again")
	boss.post(of+"/enable").wants(t, http.StatusSeeOther, "/merchants/box#people")
	s.signsIn("anna@shop.example", fresh[0], false)
	for _, action := range []string{"merchant.add-person", "merchant.disable-person", "merchant.enable-person", "merchant.reset-person-password"} {
		if s.deeds(action, box.ID) != 1 {
			t.Errorf("the trail lacks %s", action)
		}
	}
	if s.deeds("factor.reset", anna.ID) != 1 {
		t.Error("the trail lacks the reset of the second factor")
	}

	boss.post("/merchants/box/people/new", "email", "anna@shop.example").wants(t, http.StatusConflict, "")
	wrong := boss.post("/merchants/box/people/new", "email", "nobody")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, `value="nobody"`, "must be an email address")
}

// TestPeopleOfALiveMerchantNeedTwo: what one admin asks for another one approves,
// and only who asked sees the password, once.
func TestPeopleOfALiveMerchantNeedTwo(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	other, ctx := s.clerk(operator.RoleAdmin), t.Context()
	anna, old, err := s.app.People.Add(ctx, "shop", "anna@shop.example")
	s.must(err)
	_, err = s.app.People.Disable(ctx, "shop", anna.ID)
	s.must(err)
	of := "/merchants/shop/people/"
	holds(t, boss.read(of+"new"), "another person must approve it first", "Ask for it")
	holds(t, boss.read(of+anna.ID+"/reset-password"), "another person must approve it first", "Ask for it")
	for _, tc := range []struct {
		path, email, what string
		password          bool
	}{
		{of + "new", "vera@shop.example", "add person", true},
		{of + anna.ID + "/enable", anna.Email, "let in again", false},
		{of + anna.ID + "/reset-factor", anna.Email, "reset second factor", false},
		{of + anna.ID + "/reset-password", anna.Email, "new password", true},
	} {
		for range 2 {
			asked := boss.post(tc.path, "email", tc.email)
			asked.wants(t, http.StatusSeeOther, "/merchants/shop")
			if len(secretsOn(asked.text)) != 0 {
				t.Errorf("%s: a password at once", tc.what)
			}
		}
		waiting, err := s.app.Approvals.List(ctx, approval.Filter{State: approval.Waiting, Kind: approval.MerchantPerson})
		s.must(err)
		if len(waiting.Items) != 1 {
			t.Fatalf("%s: %d wait", tc.what, len(waiting.Items))
		}
		id := waiting.Items[0].ID
		do := func(c *clerk) paper { return c.post(of+"approved", "approval", id) }
		do(boss).wants(t, http.StatusConflict, "")
		holds(t, boss.read("/approvals/"+id), "merchant person", "You asked for this", tc.what, tc.email)
		boss.post("/approvals/"+id+"/approve").wants(t, http.StatusForbidden, "")
		lacks(t, boss.read("/merchants/shop"), "Do what was approved")
		if granted := other.post("/approvals/"+id+"/approve", "note", "agreed"); len(secretsOn(granted.text)) != 0 {
			t.Errorf("%s: the approver sees a password", tc.what)
		}
		do(other).wants(t, http.StatusForbidden, "")
		lacks(t, other.read("/merchants/shop"), "Do what was approved")
		holds(t, boss.read("/merchants/shop"), tc.what+": "+tc.email, "Do what was approved")
		holds(t, boss.ask(http.MethodGet, "/approvals/"+id, nil).text, "do it on the merchant&#39;s page")
		done := do(boss)
		if got := len(secretsOn(done.text)) == 1; got != tc.password {
			t.Errorf("%s: %d, %d passwords: %.300s", tc.what, done.status, len(secretsOn(done.text)), done.text)
		}
		do(boss).wants(t, http.StatusConflict, "")
		holds(t, other.read("/approvals/"+id), "it was done")
		if tc.password {
			s.shownOnceOnly(other, secretsOn(done.text), "/merchants/shop", "/approvals/"+id)
			s.signsIn(tc.email, secretsOn(done.text)[0], false)
		}
	}
	if _, err := s.app.People.CheckPassword(ctx, anna.Email, string(old)); err == nil {
		t.Error("the old password works")
	}
	boss.post(of+anna.ID+"/disable").wants(t, http.StatusSeeOther, "/merchants/shop#people")
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
