package merchant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"disburse/gateway/merchant"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/ledger"
)

// people are kept over the process's database and clock.
func (p *process) people(t *testing.T) *merchant.People {
	t.Helper()
	now := func() time.Time { return noon.Add(time.Duration(p.since.Load())) }
	box, err := vault.New(vault.Generate("k1"))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := signin.New(signin.Deps{DB: p.pool, Vault: box, Now: now, Issuer: "test"})
	if err != nil {
		t.Fatal(err)
	}
	people, err := merchant.NewPeople(merchant.PeopleDeps{DB: p.pool, Sessions: sessions.Of(signin.Merchants), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return people
}

func TestPeopleComeIn(t *testing.T) {
	t.Parallel()
	p := setup(t)
	people, ctx := p.people(t), t.Context()
	made := p.create(t, "shop")
	anna, secret, err := people.Add(ctx, "shop", " Anna@Shop.Example ")
	if err != nil || anna.Email != "anna@shop.example" || anna.MerchantID != made.Merchant.ID || !anna.LetIn() || anna.At() != made.Merchant.ID {
		t.Fatalf("%+v, %v", anna, err)
	}
	in := func(email, given string) error {
		who, err := people.CheckPassword(ctx, email, given)
		if err == nil && who.ID != anna.ID {
			t.Errorf("%s is %+v", email, who)
		}
		return err
	}
	refused := func(why string, err error) {
		t.Helper()
		if !errors.Is(err, merchant.ErrInvalidPassword) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if err := in("ANNA@shop.example", string(secret)); err != nil {
		t.Error(err)
	}
	refused("wrong password", in("anna@shop.example", string(secret)+"x"))
	refused("nobody", in("bob@shop.example", string(secret)))
	refused("no address", in("\x00", string(secret)))

	if who, err := people.Disable(ctx, "shop", anna.Email); err != nil || !who.Disabled || who.LetIn() {
		t.Errorf("disable: %+v, %v", who, err)
	}
	refused("a disabled person", in(anna.Email, string(secret)))
	if _, err := people.Enable(ctx, "shop", anna.ID); err != nil {
		t.Error(err)
	}
	_, fresh, err := people.ResetPassword(ctx, made.Merchant.ID, anna.ID)
	if err != nil {
		t.Fatal(err)
	}
	refused("the old password", in(anna.Email, string(secret)))
	if err := in(anna.Email, string(fresh)); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if _, err := p.Disable(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	refused("of a disabled merchant", in(anna.Email, string(fresh)))
	if who, err := people.ByID(ctx, anna.ID); err != nil || who.LetIn() {
		t.Errorf("of a disabled merchant: %+v, %v", who, err)
	}
	for _, r := range p.trail(t) {
		raw, err := json.Marshal(r)
		if err != nil || strings.Contains(string(raw), string(secret)) || strings.Contains(string(raw), string(fresh)) || strings.Contains(string(raw), "argon2") {
			t.Errorf("the trail tells a secret: %s, %v", raw, err)
		}
	}
	if text := fmt.Sprintf("%s %v %#v", secret, fresh, []any{secret}); strings.Contains(text, "pw") {
		t.Errorf("printed: %s", text)
	}
}

func TestPeopleOfOthersAreNotFound(t *testing.T) {
	t.Parallel()
	p := setup(t)
	people, ctx := p.people(t), t.Context()
	p.create(t, "shop")
	p.create(t, "other")
	anna, _, err := people.Add(ctx, "shop", "anna@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"Show":    func() error { _, err := people.Show(ctx, "other", anna.ID); return err },
		"Disable": func() error { _, err := people.Disable(ctx, "other", anna.ID); return err },
		"Enable":  func() error { _, err := people.Enable(ctx, "other", anna.Email); return err },
		"Reset":   func() error { _, _, err := people.ResetPassword(ctx, "other", anna.Email); return err },
		"Nobody":  func() error { _, err := people.ByID(ctx, "mpe_nobody"); return err },
	} {
		if err := do(); !errors.Is(err, merchant.ErrNoPerson) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := people.List(ctx, "other"); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := people.List(ctx, "shop"); err != nil || len(list) != 1 || list[0] != anna {
		t.Errorf("%+v, %v", list, err)
	}
	for _, of := range []string{"nobody", "a/b", "\x00"} {
		if _, _, err := people.Add(ctx, of, "x@shop.example"); !errors.Is(err, merchant.ErrNotFound) {
			t.Errorf("%q: %v", of, err)
		}
	}
	_, _, err = people.Add(ctx, "other", "anna@shop.example")
	checkFault(t, err, "email_taken", nil)
	_, _, err = people.Add(ctx, "other", "anna")
	checkFault(t, err, "invalid_request", []string{"email"})
}

func TestSandboxOfALiveMerchant(t *testing.T) {
	t.Parallel()
	p := setup(t)
	people, ctx := p.people(t), t.Context()
	live := p.create(t, "shop").Merchant
	anna, _, err := people.Add(ctx, "shop", "anna@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	now := func() merchant.Person {
		t.Helper()
		who, err := people.ByID(ctx, anna.ID)
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	if err := people.GoOver(ctx, anna.ID, true); err != nil || now().InSandbox() || now().At() != live.ID {
		t.Errorf("went over to nowhere: %+v, %v", now(), err)
	}
	made, err := p.MakeSandbox(ctx, "shop")
	if err != nil || made.Merchant.Name != "shop-sandbox" || made.Merchant.Mode != ledger.Sandbox || made.Merchant.FeeBPS != live.FeeBPS || made.Secrets.SignKey == "" {
		t.Fatalf("%+v, %v", made.Merchant, err)
	}
	if d, err := p.Show(ctx, made.Merchant.ID); err != nil || d.Available != merchant.PlayMoney {
		t.Errorf("%v, %v", d.Available, err)
	}
	if who := now(); !who.InSandbox() || who.At() != made.Merchant.ID {
		t.Errorf("%+v", who)
	}
	if err := people.GoOver(ctx, anna.ID, false); err != nil || now().At() != live.ID || !now().HasSandbox() {
		t.Errorf("back: %+v, %v", now(), err)
	}
	// A sandbox that is shut is nowhere to go, and shuts nobody out.
	if err := people.GoOver(ctx, anna.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Disable(ctx, made.Merchant.ID); err != nil || now().At() != live.ID || !now().LetIn() {
		t.Errorf("%+v, %v", now(), err)
	}

	_, err = p.MakeSandbox(ctx, "shop")
	checkFault(t, err, "has_sandbox", nil)
	_, err = p.MakeSandbox(ctx, "shop-sandbox")
	checkFault(t, err, "not_live", nil)
	_, err = p.MakeSandbox(ctx, "nobody")
	checkFault(t, err, "not_found", nil)
}

func TestLinkSandbox(t *testing.T) {
	t.Parallel()
	p := setup(t)
	ctx := t.Context()
	p.create(t, "shop")
	p.create(t, "other")
	play, err := p.Create(ctx, merchant.New{Name: "play", Mode: ledger.Sandbox})
	if err != nil {
		t.Fatal(err)
	}
	checkFault(t, p.LinkSandbox(ctx, "shop", "other"), "not_sandbox", nil)
	checkFault(t, p.LinkSandbox(ctx, "play", "play"), "not_live", nil)
	checkFault(t, p.LinkSandbox(ctx, "shop", "nobody"), "not_found", nil)
	for range 2 { // the second time changes nothing
		if err := p.LinkSandbox(ctx, "shop", "play"); err != nil {
			t.Fatal(err)
		}
	}
	checkFault(t, p.LinkSandbox(ctx, "other", play.Merchant.ID), "not_sandbox", nil)
	_, err = p.MakeSandbox(ctx, "shop")
	checkFault(t, err, "has_sandbox", nil)
	// The name is another's: nothing is left behind, or the last would be has_sandbox.
	p.create(t, "other-sandbox")
	_, err = p.MakeSandbox(ctx, "other")
	checkFault(t, err, "name_taken", nil)
	checkFault(t, p.LinkSandbox(ctx, "other", "play"), "not_sandbox", nil)
}
