package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Whatever a page asks for by itself, its session ends an hour after the last
// thing that somebody did.
func TestOpenTabDoesNotKeepASession(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test")
	for range 5 {
		h.wait(11 * time.Minute)
		b.get("/house/", "Hx-Request", "true", "X-Background", "true").want(t, http.StatusOK, "")
	}
	h.wait(6 * time.Minute)
	refreshed := b.get("/house/", "Hx-Request", "true", "X-Background", "true", "Hx-Current-Url", "http://pay.example/house/?say=hello")
	if got, want := refreshed.Header.Get("Hx-Redirect"), "/house/sign-in?ended=1&next=%2Fhouse%2F%3Fsay%3Dhello"; got != want {
		t.Errorf("%d, the tab is sent to %q, want %q", refreshed.StatusCode, got, want)
	}
	if a := b.get("/house/live", "Accept", "text/event-stream"); a.StatusCode != http.StatusNoContent {
		t.Errorf("a stream of an ended session: %d %s", a.StatusCode, a.text)
	}
	b.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in?ended=1&next=%2Fhouse%2F")
	if page := b.get("/house/sign-in?ended=1"); !strings.Contains(page.text, "Your session has ended") {
		t.Errorf("%s", page.text)
	}
	if page := b.get("/house/sign-in"); strings.Contains(page.text, "Your session has ended") {
		t.Errorf("%s", page.text)
	}
}

func TestStreamsDoNotKeepASession(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	h.site.Close() // streams end as they begin
	b := h.open()
	b.signIn("a@example.test")
	for range 6 {
		h.wait(11 * time.Minute)
		b.get("/house/live", "Accept", "text/event-stream")
	}
	b.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in?ended=1&next=%2Fhouse%2F")
}

func TestWorkKeepsASession(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test")
	for range 3 {
		h.wait(40 * time.Minute)
		b.get("/house/", "Hx-Request", "true").want(t, http.StatusOK, "")
	}
	// A change is somebody's, whatever it calls itself, and is let in by the same
	// rules.
	h.wait(40 * time.Minute)
	token := csrfOf(b.get("/house/", "X-Background", "true").text)
	b.do(http.MethodPost, "/house/change", url.Values{"what": {"x"}}, "X-Background", "true").want(t, http.StatusForbidden, "")
	b.do(http.MethodPost, "/house/change", url.Values{"what": {"x"}, "csrf": {token}}, "X-Background", "true").want(t, http.StatusSeeOther, "/house/")
	if a := b.get("/house/admins", "X-Background", "true"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a page of admins: %d", a.StatusCode)
	}
	h.wait(40 * time.Minute)
	b.get("/house/").want(t, http.StatusOK, "")
}

func TestForeignAddressesAreNowhereToGoOn(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	for at, want := range map[string]string{
		"https://evil.example/house/x": "/house/sign-in?next=%2Fhouse%2Fx", "//evil.example": "/house/sign-in", "": "/house/sign-in",
		"javascript:alert(1)": "/house/sign-in", "%zz": "/house/sign-in",
	} {
		if got := b.get("/house/", "Hx-Request", "true", "Hx-Current-Url", at).Header.Get("Hx-Redirect"); got != want {
			t.Errorf("%q: %q, want %q", at, got, want)
		}
	}
}

// Signing in gives a browser a session that nobody can have known before, and
// ends the one that it had.
func TestSigningInIsANewSession(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.cookies["disburse_house"] = "planted"
	b.signIn("a@example.test")
	first := b.cookies["disburse_house"]
	b.signIn("a@example.test")
	if second := b.cookies["disburse_house"]; first == "planted" || second == first {
		t.Error("a token is kept over a sign-in")
	}
	b.cookies["disburse_house"] = first
	b.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in?ended=1&next=%2Fhouse%2F")
}

func TestSessionCookies(t *testing.T) {
	t.Parallel()
	for publicURL, prefix := range map[string]string{"http://pay.example": "disburse_house", "https://pay.example": "__Host-disburse_house"} {
		h := buildAt(t, true, publicURL)
		set := h.open().signIn("a@example.test").Header.Values("Set-Cookie")
		if len(set) != 2 {
			t.Fatalf("cookies %q", set)
		}
		secure := strings.HasPrefix(publicURL, "https")
		for i, start := range []string{prefix + "=ss_", prefix + "_browser=sb_"} {
			c := strings.ToLower(set[i])
			lasts := strings.Contains(c, "expires") || strings.Contains(c, "max-age") // the session ends with the browser
			if !strings.HasPrefix(set[i], start) || !strings.Contains(c, "httponly") || !strings.Contains(c, "samesite=lax") ||
				!strings.Contains(c, "path=/;") || strings.Contains(c, "domain") || lasts != (i == 1) || strings.Contains(c, "; secure") != secure {
				t.Errorf("%s: %q", publicURL, set[i])
			}
		}
	}
}
