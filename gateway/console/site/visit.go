package site

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/signin"
)

// policy lets a page load from its own origin and run nothing that stands in
// it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Visit is one call of a page. It lives on the goroutine of the call.
type Visit struct {
	Ctx       context.Context
	RequestID string
	Person    Person
	Session   signin.Session

	site  *Site
	route Route
	c     *fiber.Ctx
	from  netip.Addr
	token signin.Token
	form  url.Values
}

func (v *Visit) begin() {
	header := &v.c.Response().Header
	header.Set(fiber.HeaderCacheControl, "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	v.token = signin.Token(v.c.Cookies(v.site.cookie()))
}

// admitted finds out who asks, and whether they may. What changes something
// must come from a page of ours.
func (v *Visit) admitted() error {
	if v.changes() && !v.fromOurPages() {
		return errForeign
	}
	if v.route.open {
		return nil
	}
	find := v.site.Sessions.Find
	if v.background() {
		find = v.site.Sessions.Peek
	}
	session, err := find(v.Ctx, v.site.Realm, v.token)
	if err != nil {
		return err
	}
	v.Session = session
	if v.changes() && !v.token.OwnsCSRF(v.csrfGiven()) {
		return errForeign
	}
	if !session.Verified {
		if v.route.half {
			return nil
		}
		return signin.ErrNoSession
	}
	if v.Person, err = v.site.Person(v.Ctx, session.Subject); err != nil {
		return v.shutOut(err)
	}
	v.Person.Actor.Address = v.from.String()
	v.Ctx = audit.WithActor(v.Ctx, v.Person.Actor)
	if v.route.Role != "" && !v.Person.May(v.route.Role) {
		return errForbidden
	}
	return nil
}

// shutOut ends the session of somebody who is shut out: it does not come back
// with them.
func (v *Visit) shutOut(cause error) error {
	if errors.Is(cause, signin.ErrNoSession) {
		if err := v.site.Sessions.Leave(v.Ctx, v.token); err != nil {
			return err
		}
	}
	return cause
}

var (
	errForeign   = fault.New(fault.Forbidden, "foreign", "this form is out of date, load the page again")
	errForbidden = fault.New(fault.Forbidden, "forbidden", "your role does not allow this")
)

func (v *Visit) changes() bool {
	method := v.c.Method()
	return method != http.MethodGet && method != http.MethodHead
}

// background reports what a page asks for by itself, with nobody's hand at it:
// what is live, and what is asked for again and again. It does not keep the
// session from ending, and means nothing else.
func (v *Visit) background() bool {
	return !v.changes() && (v.route.stream || v.c.Get("X-Background") == "true")
}

// fromOurPages refuses what another site makes a browser send. Browsers say
// where a request comes from; who says nothing is no browser, and has no cookie
// that it did not ask for.
func (v *Visit) fromOurPages() bool {
	if site := v.c.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origin := v.c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host == string(v.c.Request().Header.Host())
}

func (v *Visit) csrfGiven() string {
	if given := v.c.Get("X-Csrf-Token"); given != "" {
		return given
	}
	return v.Form("csrf")
}

// Param is a part of the path; text that no id can be is empty.
func (v *Visit) Param(name string) string {
	text, err := url.PathUnescape(v.c.Params(name))
	if err != nil || !storable(text) {
		return ""
	}
	return text
}

// Query is a value of the query string, trimmed.
func (v *Visit) Query(name string) string {
	text := strings.TrimSpace(v.c.Query(name))
	if !storable(text) {
		return ""
	}
	return text
}

// Form is a value of the form that was sent, trimmed.
func (v *Visit) Form(name string) string { return strings.TrimSpace(v.values().Get(name)) }

// FormAll is every value of one name of the form.
func (v *Visit) FormAll(name string) []string { return v.values()[name] }

func (v *Visit) values() url.Values {
	if v.form != nil {
		return v.form
	}
	v.form = url.Values{}
	if media, _, _ := strings.Cut(v.c.Get(fiber.HeaderContentType), ";"); strings.TrimSpace(media) == fiber.MIMEApplicationForm {
		if form, err := url.ParseQuery(string(v.c.Context().PostBody())); err == nil {
			for name, values := range form {
				for _, text := range values {
					if storable(text) {
						v.form.Add(name, text)
					}
				}
			}
		}
	}
	return v.form
}

// storable reports text that PostgreSQL can hold.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// Partial reports that a script asks for a part of the page.
func (v *Visit) Partial() bool { return v.c.Get("Hx-Request") == "true" }

// Now is the time of the site's clock.
func (v *Visit) Now() time.Time { return v.site.Now() }

// Render shows the page of that name.
func (v *Visit) Render(name string, data any) error { return v.show(http.StatusOK, name, data) }

// RenderInvalid shows a page whose form must be mended, with what is wrong. The
// template finds the faults by {{fault . "name"}}.
func (v *Visit) RenderInvalid(name string, data any, err error) error {
	known := fault.From(err)
	if status := statusOf(known); status < http.StatusInternalServerError {
		return v.showWith(status, name, data, known)
	}
	return err
}

// Fragment shows a part of the page of that name alone.
func (v *Visit) Fragment(name, part string, data any) error {
	return v.write(http.StatusOK, name, part, data, nil)
}

func (v *Visit) show(status int, name string, data any) error {
	return v.showWith(status, name, data, nil)
}

func (v *Visit) showWith(status int, name string, data any, problem *fault.Error) error {
	part := "frame"
	switch {
	case v.Partial():
		part = "main"
	case !v.Session.Verified || v.Person.ID == "":
		part = "outside"
	}
	return v.write(status, name, part, data, problem)
}

func (v *Visit) write(status int, name, part string, data any, problem *fault.Error) error {
	var out bytes.Buffer
	if err := v.site.templates[v.lang()].render(&out, name, part, v.view(data, problem)); err != nil {
		return err
	}
	v.c.Status(status)
	v.c.Response().Header.SetContentType("text/html; charset=utf-8")
	v.c.Response().Header.Set(fiber.HeaderVary, "Hx-Request")
	v.c.Response().SetBodyRaw(packed(v.c, out.Bytes()))
	return nil
}

// Goto sends the browser to a path below the base, and shows a note there when
// it is not empty.
func (v *Visit) Goto(path, note string) error {
	if note != "" {
		v.setCookie("note", base64.RawURLEncoding.EncodeToString([]byte(note)), time.Minute)
	}
	return v.goTo(v.site.Base + path)
}

func (v *Visit) goTo(target string) error {
	if v.Partial() {
		v.c.Set("Hx-Redirect", address(target))
		v.c.Status(http.StatusNoContent)
		return nil
	}
	return v.c.Redirect(address(target), http.StatusSeeOther)
}

// Back sends the browser to where it came from, if that is a page of this site.
func (v *Visit) Back(otherwise, note string) error {
	if path, ours := v.cameFrom(); ours {
		return v.Goto(path, note)
	}
	return v.Goto(otherwise, note)
}

// cameFrom is the page that the visitor was on, below the base, if it is one of
// this site.
func (v *Visit) cameFrom() (path string, ours bool) {
	from, err := url.Parse(v.c.Get(fiber.HeaderReferer))
	if err != nil || from.Host != string(v.c.Request().Header.Host()) {
		return "", false
	}
	path, below := strings.CutPrefix(from.Path, v.site.Base)
	if !below || path != "" && path[0] != '/' {
		return "", false
	}
	if from.RawQuery != "" {
		path += "?" + from.RawQuery
	}
	return path, true
}

// JSON answers a script of ours.
func (v *Visit) JSON(body any) error { return v.c.JSON(body) }

// Fiber is the server's view of the call, for files that are written as they are
// sent.
func (v *Visit) Fiber() *fiber.Ctx { return v.c }

// toSignIn sends who has no session to get one, and back here after.
func (v *Visit) toSignIn() {
	if v.route.stream {
		v.c.Status(http.StatusNoContent) // the end of what is live: the browser asks no more
		return
	}
	if v.Session.ID != "" && !v.Session.Verified {
		_ = v.goTo(v.site.Base + "/sign-in/code")
		return
	}
	q := url.Values{}
	if v.token != "" {
		q.Set("ended", "1")
	}
	if next := v.here(); next != "" {
		q.Set("next", next)
	}
	target := v.site.Base + "/sign-in"
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	_ = v.goTo(target)
}

// here is the page that the visitor looks at, as far as it can be told.
func (v *Visit) here() string {
	switch {
	case v.Partial():
		if at, err := url.Parse(v.c.Get("Hx-Current-Url")); err == nil && at.Path != "" {
			return at.RequestURI()
		}
		return ""
	case v.changes():
		if path, ours := v.cameFrom(); ours {
			return v.site.Base + path
		}
		return ""
	default:
		return string(v.c.Request().RequestURI())
	}
}

// next is where to go after signing in: a page of this site.
func (v *Visit) next(asked string) string {
	if strings.HasPrefix(asked, v.site.Base+"/") && !strings.Contains(asked, "\\") && !strings.Contains(asked, "//") && bare(asked) {
		return asked
	}
	return v.site.Base + "/"
}

func (s *Site) secure() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// cookie is the name of the session's cookie. The prefix makes browsers refuse
// one that another host or an unencrypted page has set.
func (s *Site) cookie() string { return s.guarded("") }

// browserCookie is the name of the cookie of a browser that is known.
func (s *Site) browserCookie() string { return s.guarded("_browser") }

func (s *Site) guarded(suffix string) string {
	name := "disburse_" + strings.Trim(s.Base, "/") + suffix
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func (v *Visit) setSession(token signin.Token) {
	v.token = token
	v.putCookie(v.site.cookie(), string(token), 0)
}

// entered keeps the session of who is in now, and the browser as one they came
// in with.
func (v *Visit) entered(token signin.Token) error {
	v.setSession(token)
	browser, err := v.site.Sessions.Remember(v.Ctx, v.site.Realm, token, v.browser())
	if err != nil {
		return err
	}
	v.putCookie(v.site.browserCookie(), string(browser), signin.BrowserAge)
	return nil
}

func (v *Visit) browser() signin.Browser {
	return signin.Browser(v.c.Cookies(v.site.browserCookie()))
}

// setCookie keeps a small thing of this site in the browser.
func (v *Visit) setCookie(name, value string, age time.Duration) {
	v.putCookie(strings.Trim(v.site.Base, "/")+"_"+name, value, age)
}

func (v *Visit) putCookie(name, value string, age time.Duration) {
	c := &fiber.Cookie{
		Name: name, Value: value, Path: "/", HTTPOnly: true, Secure: v.site.secure(), SameSite: fiber.CookieSameSiteLaxMode,
		SessionOnly: age == 0,
	}
	if age != 0 {
		c.MaxAge = int(age.Seconds())
	}
	v.c.Cookie(c)
}

// takeNote is the note that the last page left, once.
func (v *Visit) takeNote() string {
	raw := v.c.Cookies(strings.Trim(v.site.Base, "/") + "_note")
	if raw == "" || v.Partial() {
		return ""
	}
	v.setCookie("note", "", -time.Second)
	note, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil || len(note) > 500 || !utf8.Valid(note) {
		return ""
	}
	return string(note)
}

// Invalid reports that an error is about what somebody typed, so that the form
// is to be shown again.
func Invalid(err error) bool {
	var known *fault.Error
	if !errors.As(err, &known) {
		return false
	}
	return statusOf(known) < http.StatusInternalServerError && known.Kind != fault.Unauthenticated
}
