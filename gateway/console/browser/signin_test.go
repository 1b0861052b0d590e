package browser_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
	"disburse/ratelimit/redistest"
)

// strict is a gateway as it is in production: nobody is let in without a second
// factor.
func strict(t *testing.T) stand {
	t.Helper()
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pgtest.New(t)), RedisURL: redistest.URL(t), EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: "http://127.0.0.1", Listen: "127.0.0.1:0", DatabaseConns: 6,
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() {
		if err := app.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	must(t, app.Start(t.Context(), gateway.API))
	return stand{base: "http://" + app.Address(), app: app}
}

// code is what an authenticator app shows.
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	text, err := totp.GenerateCode(secret, at)
	must(t, err)
	return text
}

// give gives a password.
func (p *tab) give(name, password string) {
	p.t.Helper()
	p.fill("Email", name)
	p.fill("Password", password)
	p.follow("Sign in")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := strict(t)
	o := s.hire(t, operator.RoleAdmin)
	email, password := o.Operator.Email, string(o.Password)

	p := s.visit(t)
	p.who = "the first browser"
	p.open("/console/account?x=1") // leads to signing in, and back here
	p.expect("/console/sign-in")
	p.give(email, "wrong")
	p.sees("invalid email or password")
	p.give(email, password)
	p.sees("Scan this with an authenticator app")
	if width := eval[int](p, `document.querySelector(".qr img").naturalWidth`); width < 100 {
		t.Errorf("the picture of the secret is %d wide", width)
	}
	secret := p.text(".copy code")
	p.expect("/console/sign-in/code")
	p.fill("Code", "000000")
	p.follow("Continue")
	p.sees("the code is wrong")
	p.follow("Begin again with a new secret")
	if again := p.text(".copy code"); again == secret || again == "" {
		t.Errorf("beginning again keeps the secret %q", again)
	}
	secret = p.text(".copy code")
	used := code(t, secret, time.Now())
	p.fill("Code", used)
	p.follow("Continue")
	if at := eval[string](p, "location.pathname + location.search"); at != "/console/account?x=1" {
		t.Errorf("signing in leads to %s, want the page that was asked for", at)
	}

	// A second browser needs the code, and a code that was used is worth nothing.
	q := s.visit(t)
	q.who = "the second browser"
	q.open("/console/")
	q.give(email, password)
	q.sees("Give the six digits")
	q.expect("/console/sign-in/code")
	q.fill("Code", used)
	q.follow("Continue")
	q.sees("the code is wrong or was used already")
	q.fill("Code", code(t, secret, time.Now().Add(30*time.Second)))
	q.follow("Continue")
	q.open("/console/account")
	if rows := eval[int](q, `document.querySelectorAll("main tbody tr").length`); rows != 2 {
		t.Errorf("the account shows %d sessions, want both", rows)
	}
	q.follow("Sign out everywhere else")
	q.sees("Sessions ended: 1")
	p.open("/console/account")
	p.sees("Password") // signed out by the other
	q.follow("Sign out")
	q.sees("You are signed out.")
	q.open("/console/")
	q.sees("Password")
}

func TestLook(t *testing.T) {
	t.Parallel()
	p := shared(t).at(t, operator.RoleViewer)
	p.open("/console/account")
	p.leave("the choice of a language", call("fill", "lang", "ru"))
	p.sees("Сеансы")
	p.leave("the choice of colours", call("fill", "theme", "dark"))
	if got := eval[string](p, `document.documentElement.dataset.theme`); got != "dark" {
		t.Errorf("the colours are %q", got)
	}
	if light := eval[bool](p, `getComputedStyle(document.body).color === "rgb(0, 0, 0)"`); light {
		t.Error("dark pages have black text")
	}
}

// TestKeyboard moves through a page without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := shared(t).at(t, operator.RoleAdmin)
	p.open("/console/account")
	p.key("\t")
	p.await("the way past the menu to be shown", `document.activeElement.matches(".skip") && document.activeElement.getBoundingClientRect().width > 20`)
	p.key("\r")
	p.await("the content to be reached", `location.hash === "#main" || document.activeElement.id === "main"`)
	p.key("\t")
	p.await("the focus to be seen", `(() => { const el = document.activeElement, s = getComputedStyle(el); return document.querySelector("main").contains(el) && (s.outlineStyle !== "none" || s.boxShadow !== "none"); })()`)
	p.key("?")
	p.await("the list of keys", `document.getElementById("keys").open`)
	p.press("Close")
	p.await("the list of keys to go", `!document.getElementById("keys").open`)
}
