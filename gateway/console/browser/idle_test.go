package browser_test

import (
	"testing"

	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// A tab that stands open learns that its session has ended, by what it refreshes
// as by its stream, and goes to sign-in once; signing in leads back.
func TestAnEndedSession(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, path := range []string{"/console/callbacks?state=dead", "/console/account"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			o := s.hire(t, operator.RoleViewer)
			p := s.visit(t)
			p.who = o.Operator.Email
			p.setCookie("disburse_console", string(s.admit(t, signin.Operators, o.Operator.Email, o.Operator.ID)))
			p.open(path)
			p.await("its stream", `document.querySelector("[data-live-dot]").classList.contains("on")`)
			_, err := s.app.DB.Exec(t.Context(), `update signin_sessions set expires_at = now() where subject = $1`, o.Operator.ID)
			must(t, err)
			p.await("sign-in", `location.pathname === "/console/sign-in" && document.readyState === "complete"`)
			p.sees("Your session has ended")
			p.settled()
			p.give(o.Operator.Email, string(o.Password))
			if at := eval[string](p, "location.pathname + location.search"); at != path {
				t.Errorf("signing in leads to %s", at)
			}
		})
	}
}

// What a page asks for by itself says so; what a person asks for does not.
func TestPagesTellWhatTheyAskByThemselves(t *testing.T) {
	t.Parallel()
	p := shared(t).at(t, operator.RoleOperator)
	p.open("/console/payouts")
	const spy = `(() => { window.asked = []; document.addEventListener("htmx:beforeRequest", (e) => asked.push(e.detail.requestConfig.headers["X-Background"] || "a hand's"));
		return true; })()`
	eval[bool](p, spy)
	eval[bool](p, `document.body.dispatchEvent(new CustomEvent("live:payouts"))`)
	p.await("the list to be asked for", `asked.includes("true") && !asked.includes("a hand's")`)
	eval[bool](p, `(() => { const a = document.createElement("a"); a.id = "hand"; a.setAttribute("hx-get", "/console/payouts/list"); a.setAttribute("hx-target", "#rows"); a.textContent = "Hand";
		document.querySelector("main").append(a); htmx.process(a); a.click(); return true; })()`)
	p.await("a hand's request", `asked.includes("a hand's")`)
}

func TestOwnPassword(t *testing.T) {
	t.Parallel()
	s := shared(t)
	o := s.hire(t, operator.RoleViewer)
	p := s.visit(t)
	p.who = o.Operator.Email
	p.open("/console/account") // leads to signing in, and back here
	p.give(o.Operator.Email, string(o.Password))
	p.expect("/console/account/password")
	give := func(present, fresh, repeat string) {
		p.fill("Present password", present)
		p.fill("New password", fresh)
		p.fill("New password, once more", repeat)
		p.follow("Change the password")
	}
	give("wrong", "our cat eats nine", "our cat eats nine")
	p.sees("is not your password")
	give(string(o.Password), "our cat eats nine", "our cat eats ten")
	p.sees("is not the same")
	give(string(o.Password), "our cat eats nine", "our cat eats nine")
	p.sees("Your password is changed.")
	if n := s.recorded(t, "operator.change-password", o.Operator.ID); n != 1 {
		t.Errorf("the trail tells of %d changes", n)
	}
	p.follow("Sign out")
	p.give(o.Operator.Email, "our cat eats nine")
	p.sees("Dashboard")
}

// Charts are drawn again when the colours of the system change.
func TestChartsFollowTheColours(t *testing.T) {
	t.Parallel()
	p := shared(t).at(t, operator.RoleViewer)
	p.dim("light")
	p.open("/console/")
	p.await("charts", `document.querySelectorAll("[data-chart] canvas").length === document.querySelectorAll("[data-chart]").length`)
	const drawn = `[...document.querySelectorAll("[data-chart] canvas")].map((c) => c.toDataURL()).join()`
	p.await("the charts to stand still", `eyes.settled() && window.light === (window.light = `+drawn+`)`)
	p.dim("dark")
	p.await("dark charts", drawn+` !== window.light && document.querySelectorAll("[data-chart] canvas").length > 0`)
	p.dim("light")
	p.await("light charts again", drawn+` === window.light`)
}
