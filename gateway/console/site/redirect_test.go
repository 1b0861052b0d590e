package site_test

import (
	"net/http"
	"net/url"
	"testing"
)

// What a visitor sent, and is sent back to, adds no header to the answer.
func TestAddressesEndNoHeader(t *testing.T) {
	t.Parallel()
	const evil = "\r\nSet-Cookie: planted=1\r\n\r\n<script>"
	h := build(t, false)
	signIn := h.open().do(http.MethodPost, "/house/sign-in", url.Values{"name": {"a@example.test"}, "password": {"right"}, "next": {"/house/" + evil}})
	signIn.want(t, http.StatusSeeOther, "/house/sign-in/code")
	h = build(t, true)
	entered := h.open().do(http.MethodPost, "/house/sign-in", url.Values{"name": {"a@example.test"}, "password": {"right"}, "next": {"/house/" + evil}})
	entered.want(t, http.StatusSeeOther, "/house/")
	from := "http://pay.example/house/a" + url.PathEscape(evil) + "?b=c"
	look := h.open().do(http.MethodPost, "/house/look", url.Values{"theme": {"dark"}}, "Referer", from)
	look.want(t, http.StatusSeeOther, "/house/a%0D%0ASet-Cookie:%20planted=1%0D%0A%0D%0A<script>?b=c")
	for name, a := range map[string]answer{"Code": signIn, "Next": entered, "Look": look} {
		for _, c := range a.Cookies() {
			if c.Name == "planted" {
				t.Errorf("%s: a cookie was planted", name)
			}
		}
	}
}

// The page of a refused form has the form's address. Asked for again, as by the
// form for the language, it is the page that the form stands on.
func TestAddressesOfFormsLeadToTheirPages(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("admin@example.test")
	for path, want := range map[string]string{
		"/house/change": "/house/", "/house/files/1": "/house/", "/house/look?x=1": "/house/", "/house/account/sessions/ses_1/end": "/house/account",
	} {
		b.get(path).want(t, http.StatusSeeOther, want)
	}
	for _, path := range []string{"/house/changes", "/house/files", "/house/account/sessions", "/house/both/1"} {
		b.get(path).want(t, http.StatusNotFound, "")
	}
	b.do(http.MethodPost, "/house/nowhere", url.Values{}).want(t, http.StatusNotFound, "")
	look := b.do(http.MethodPost, "/house/look", url.Values{"lang": {"ru"}}, "Referer", "http://pay.example/house/account/password")
	b.get(look.Header.Get("Location")).want(t, http.StatusSeeOther, "/house/account")
}

// Who sent a form after the session had ended is led back to the form.
func TestSigningInLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	for from, want := range map[string]string{
		"http://pay.example/house/admins?say=x": "/house/sign-in?next=%2Fhouse%2Fadmins%3Fsay%3Dx",
		"http://evil.example/house/admins":      "/house/sign-in", "http://pay.example/other": "/house/sign-in", "%zz": "/house/sign-in", "": "/house/sign-in",
	} {
		b.do(http.MethodPost, "/house/change", url.Values{"what": {"x"}}, "Referer", from).want(t, http.StatusSeeOther, want)
	}
}
