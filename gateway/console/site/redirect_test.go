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
