package site_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"disburse/gateway/console/site"
)

func TestUploadIsJudgedByItsHead(t *testing.T) {
	t.Parallel()
	optional, strict := build(t, true), build(t, false)
	admin, viewer, half := optional.open(), optional.open(), strict.open()
	admin.signIn("admin@example.test")
	viewer.signIn("a@example.test")
	half.signIn("admin@example.test")
	files := func(p site.Page) bool { return p.Path == "/house/files/:id" }
	for name, tt := range map[string]struct {
		by    *browser
		token string
		ok    bool
	}{
		"Admin":       {admin, csrfOf(admin.get("/house/").text), true},
		"ErrViewer":   {viewer, csrfOf(viewer.get("/house/").text), false},
		"ErrAnothers": {admin, csrfOf(viewer.get("/house/").text), false},
		"ErrNoToken":  {admin, "", false},
		"ErrHalfIn":   {half, csrfOf(half.get("/house/sign-in/code").text), false},
		"ErrStranger": {optional.open(), "", false},
	} {
		var head fasthttp.RequestHeader
		for cookie, value := range tt.by.cookies {
			head.SetCookie(cookie, value)
		}
		head.Set("X-Csrf-Token", tt.token)
		page := tt.by.pages[slices.IndexFunc(tt.by.pages, files)]
		if err := page.Upload(t.Context(), &head); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range optional.pages {
		if p.Upload != nil && !files(p) {
			t.Errorf("%s takes files", p.Path)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("admin@example.test")
	token := csrfOf(b.get("/house/").text)
	const start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	for name, tt := range map[string]struct {
		media, body string
		status      int
		want        string
	}{
		"Taken":         {"multipart/form-data; boundary=x", start + "0123456789\r\n--x--\r\n", http.StatusOK, "10"},
		"ErrTooLarge":   {"multipart/form-data; boundary=x", start + "0123456789A\r\n--x--\r\n", http.StatusUnprocessableEntity, "too_large"},
		"ErrOtherField": {"multipart/form-data; boundary=x", strings.Replace(start, `"file"`, `"other"`, 1) + "1\r\n--x--\r\n", http.StatusUnprocessableEntity, "is required"},
		"ErrCutOff":     {"multipart/form-data; boundary=x", start + "012", http.StatusUnprocessableEntity, "bad_form"},
		"ErrNoForm":     {"text/plain", "0123", http.StatusUnprocessableEntity, "bad_form"},
	} {
		a := b.raw("/house/files/1", tt.body, "Content-Type", tt.media, "X-Csrf-Token", token)
		if a.StatusCode != tt.status || !strings.Contains(a.text, tt.want) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
		}
	}
}
