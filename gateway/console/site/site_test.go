package site_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"

	"disburse/gateway/audit"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/signin"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

var errCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "invalid email or password")

// gate lets everybody through.
type gate struct{ failures int }

func (*gate) Blocked(string) (time.Duration, bool) { return 0, false }
func (g *gate) Fail(context.Context, string)       { g.failures++ }

// house is a small site: a page that echoes, one for admins, one that fails.
type house struct {
	t        *testing.T
	app      *fiber.App
	db       *pgxpool.Pool
	gate     *gate
	seen     []string // what was changed
	past     atomic.Int64
	password atomic.Value

	// live answers in the place of what everybody follows.
	live atomic.Pointer[site.Live]

	site     *site.Site
	sessions *signin.Service
	pages    []site.Page
}

func (h *house) wait(by time.Duration) { h.past.Add(int64(by)) }
func (h *house) now() time.Time        { return time.Now().Add(time.Duration(h.past.Load())) }

func build(t *testing.T, optional bool) *house {
	t.Helper()
	return buildAt(t, optional, "http://pay.example")
}

func buildAt(t *testing.T, optional bool, publicURL string) *house {
	t.Helper()
	v, err := vault.New(vault.Generate("k1"))
	must(t, err)
	h := &house{t: t, gate: new(gate), app: fiber.New(fiber.Config{Immutable: true, DisablePreParseMultipartForm: true})}
	h.password.Store("right")
	h.db = pgtest.New(t)
	h.sessions, err = signin.New(signin.Deps{DB: h.db, Vault: v, Now: h.now, Issuer: "test", FactorOptional: optional})
	must(t, err)
	pages := fstest.MapFS{
		"echo.html": {Data: []byte(`{{define "title"}}Echo{{end}}{{define "main"}}<p id="echo">{{.Data}}</p><form>{{template "csrf" .}}</form>{{end}}`)},
	}
	h.site, err = site.New(site.Config{
		Base: "/house", Title: "Console", Realm: signin.Operators, Sessions: h.sessions, Gate: h.gate, Pages: pages,
		Log: slog.New(slog.DiscardHandler), Now: h.now, PublicURL: publicURL, Replace: h.replace,
		Check: func(_ context.Context, name, password string) (string, error) {
			if password != h.password.Load() {
				return "", errCredentials
			}
			return name, nil
		},
		Person: func(_ context.Context, subject string) (site.Person, error) {
			if subject == "gone@example.test" {
				return site.Person{}, signin.ErrNoSession
			}
			return site.Person{
				ID: subject, Name: subject, Role: "viewer", Actor: audit.Actor{Kind: audit.Operator, ID: subject},
				May: func(role string) bool { return role == "viewer" || subject == "admin@example.test" },
			}, nil
		},
		Menu: []site.MenuItem{{Name: "Everybody", Path: "/"}, {Name: "Admins", Path: "/admins", Role: "admin"}},
		Routes: []site.Route{
			{Method: http.MethodGet, Path: "/", Handle: func(v *site.Visit) error { return v.Render("echo", v.Query("say")) }},
			{Method: http.MethodPost, Path: "/change", Handle: func(v *site.Visit) error {
				h.seen = append(h.seen, v.Form("what"))
				return v.Goto("/", "Changed: "+v.Form("what"))
			}},
			{Method: http.MethodGet, Path: "/admins", Role: "admin", Handle: func(v *site.Visit) error { return v.Render("echo", "secret") }},
			{Method: http.MethodPost, Path: "/files/:id", Role: "admin", Upload: true, Handle: func(v *site.Visit) error {
				content, err := v.File("file", 10)
				if err != nil {
					return v.Problem(err)
				}
				return v.JSON(len(content))
			}},
			{Method: http.MethodGet, Path: "/both/:id", Handle: nobody}, {Method: http.MethodPost, Path: "/both/:id", Handle: nobody},
			{Method: http.MethodGet, Path: "/faulty", Handle: func(v *site.Visit) error {
				return fault.Invalid(fault.Field{Name: v.Query("name"), Why: v.Query("why")})
			}},
			{Method: http.MethodGet, Path: "/broken", Handle: func(*site.Visit) error { return errors.New("password of the database") }},
		},
		Live: h.versions,
		About: func(p site.Person) string {
			if h.live.Load() == nil {
				return ""
			}
			return p.ID
		},
	})
	must(t, err)
	t.Cleanup(h.site.Close)
	h.pages = h.site.Served()
	for _, p := range h.pages {
		h.app.Add(p.Method, p.Path, func(c *fiber.Ctx) error {
			_, _ = p.Handle(c.UserContext(), c, "req_1", netip.MustParseAddr("192.0.2.1"))
			return nil
		})
	}
	return h
}

// nobody is a page about something that is not there.
func nobody(*site.Visit) error { return fault.New(fault.NotFound, "not_found", "nobody is here") }

func (h *house) versions(ctx context.Context, about []string) (map[string]map[string]string, error) {
	if live := h.live.Load(); live != nil {
		return (*live)(ctx, about)
	}
	return map[string]map[string]string{"": {"payouts": "3/x"}}, nil
}

// replace changes the one password of the house.
func (h *house) replace(ctx context.Context, _, present, fresh string, with func(pgx.Tx) error) error {
	if present != h.password.Load() {
		return errCredentials
	}
	return transact.Run(ctx, h.db, func(tx pgx.Tx) error {
		if err := with(tx); err != nil {
			return err
		}
		h.password.Store(fresh)
		return nil
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a page as a browser gets it.
type answer struct {
	*http.Response
	text string
}

// browser keeps cookies.
type browser struct {
	*house
	cookies map[string]string
}

func (h *house) open() *browser { return &browser{house: h, cookies: map[string]string{}} }

func (b *browser) do(method, path string, form url.Values, headers ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.send(r, headers...)
}

// raw posts a body of any kind.
func (b *browser) raw(path, body string, headers ...string) answer {
	b.t.Helper()
	return b.send(httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)), headers...)
}

func (b *browser) send(r *http.Request, headers ...string) answer {
	b.t.Helper()
	r.Host = "pay.example"
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.app.Test(r, 10_000)
	must(b.t, err)
	for _, c := range response.Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		}
	}
	body, err := io.ReadAll(response.Body)
	must(b.t, err)
	return answer{response, string(body)}
}

func (b *browser) get(path string, headers ...string) answer {
	return b.do(http.MethodGet, path, nil, headers...)
}

// post sends a form with the token that pages of this session carry.
func (b *browser) post(path string, form url.Values, headers ...string) answer {
	if token := csrfOf(b.get("/house/").text); token != "" {
		form.Set("csrf", token)
	}
	return b.do(http.MethodPost, path, form, headers...)
}

func csrfOf(page string) string {
	if found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page); found != nil {
		return found[1]
	}
	return ""
}

func (b *browser) signIn(name string) answer {
	return b.do(http.MethodPost, "/house/sign-in", url.Values{"name": {name}, "password": {"right"}})
}

func (a answer) want(t *testing.T, status int, location string) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Location") != location {
		t.Errorf("%s: %d to %q, want %d to %q\n%.300s", a.Request.URL, a.StatusCode, a.Header.Get("Location"), status, location, a.text)
	}
}

func TestStrangersSignInFirst(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.get("/house/?say=hello").want(t, http.StatusSeeOther, "/house/sign-in?next=%2Fhouse%2F%3Fsay%3Dhello")
	b.do(http.MethodPost, "/house/change", url.Values{"what": {"x"}}).want(t, http.StatusSeeOther, "/house/sign-in")
	if a := b.get("/house/", "Hx-Request", "true"); a.Header.Get("Hx-Redirect") != "/house/sign-in" {
		t.Errorf("a script is told %d %v", a.StatusCode, a.Header)
	}
	if len(b.seen) > 0 {
		t.Errorf("changed: %v", b.seen)
	}
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	wrong := b.do(http.MethodPost, "/house/sign-in", url.Values{"name": {"a@example.test"}, "password": {"wrong"}})
	if wrong.StatusCode != http.StatusUnauthorized || !strings.Contains(wrong.text, "invalid email or password") ||
		!strings.Contains(wrong.text, `value="a@example.test"`) || h.gate.failures != 1 {
		t.Errorf("%d, %d failures: %s", wrong.StatusCode, h.gate.failures, wrong.text)
	}
	b.signIn("a@example.test").want(t, http.StatusSeeOther, "/house/")
	page := b.get("/house/?say=" + url.QueryEscape("<script>alert(1)</script>"))
	if page.StatusCode != http.StatusOK || !strings.Contains(page.text, "&lt;script&gt;") || strings.Contains(page.text, "<script>alert") {
		t.Errorf("%d %s", page.StatusCode, page.text)
	}
	b.post("/house/sign-out", url.Values{}).want(t, http.StatusSeeOther, "/house/sign-in")
	b.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in?next=%2Fhouse%2F")
}

// Others who guess lock the name for themselves, and not for its owner.
func TestGuessesElsewhere(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test").want(t, http.StatusSeeOther, "/house/")
	b.post("/house/sign-out", url.Values{}).want(t, http.StatusSeeOther, "/house/sign-in")
	guess := url.Values{"name": {"a@example.test"}, "password": {"wrong"}}
	for range 10 {
		h.open().do(http.MethodPost, "/house/sign-in", guess).want(t, http.StatusUnauthorized, "")
	}
	h.open().signIn("a@example.test").want(t, http.StatusTooManyRequests, "")
	b.signIn("a@example.test").want(t, http.StatusSeeOther, "/house/")
	b.post("/house/account/password", change("right", fresh, fresh, "")).want(t, http.StatusSeeOther, "/house/account")
	h.password.Store("right")
	b.post("/house/sign-out", url.Values{}).want(t, http.StatusSeeOther, "/house/sign-in")
	b.signIn("a@example.test").want(t, http.StatusSeeOther, "/house/")
}

func TestSecondFactorStandsBetween(t *testing.T) {
	t.Parallel()
	b := build(t, false).open()
	b.signIn("a@example.test").want(t, http.StatusSeeOther, "/house/sign-in/code")
	b.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in/code")
	form := b.get("/house/sign-in/code")
	secret := regexp.MustCompile(`<code>([A-Z2-7]{16,})</code>`).FindStringSubmatch(form.text)
	if secret == nil || !strings.Contains(form.text, "data:image/png;base64,") {
		t.Fatalf("no secret in %s", form.text)
	}
	token := csrfOf(form.text)
	b.do(http.MethodPost, "/house/sign-in/code", url.Values{"csrf": {token}, "code": {"000000"}}).want(t, http.StatusUnauthorized, "")
	code, err := totp.GenerateCode(secret[1], time.Now())
	must(t, err)
	b.do(http.MethodPost, "/house/sign-in/code", url.Values{"code": {code}}).want(t, http.StatusForbidden, "")
	b.do(http.MethodPost, "/house/sign-in/code", url.Values{"csrf": {token}, "code": {code}}).want(t, http.StatusSeeOther, "/house/")
	b.get("/house/").want(t, http.StatusOK, "")
}

func TestWhereSigningInLeads(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	for next, want := range map[string]string{
		"/house/admins?x=1": "/house/admins?x=1", "": "/house/", "https://evil.example/": "/house/", "//evil.example": "/house/",
		"/house//evil.example": "/house/", `/house/\evil.example`: "/house/", "/other": "/house/", "/housekeeper": "/house/",
	} {
		h.open().do(http.MethodPost, "/house/sign-in", url.Values{"name": {"a@example.test"}, "password": {"right"}, "next": {next}}).
			want(t, http.StatusSeeOther, want)
	}
}

func TestFormsComeFromOurPages(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test")
	other := h.open()
	other.signIn("b@example.test")
	theirs := csrfOf(other.get("/house/").text)
	for name, tt := range map[string]struct {
		token   string
		headers []string
		ok      bool
	}{
		"Own":           {"own", []string{"Sec-Fetch-Site", "same-origin"}, true},
		"OldBrowser":    {"own", []string{"Origin", "http://pay.example"}, true},
		"ErrNoToken":    {"", nil, false},
		"ErrAnothers":   {theirs, nil, false},
		"ErrCrossSite":  {"own", []string{"Sec-Fetch-Site", "cross-site"}, false},
		"ErrSameSite":   {"own", []string{"Sec-Fetch-Site", "same-site"}, false},
		"ErrOrigin":     {"own", []string{"Origin", "http://evil.example"}, false},
		"ErrNullOrigin": {"own", []string{"Origin", "null"}, false},
	} {
		token := tt.token
		if token == "own" {
			token = csrfOf(b.get("/house/").text)
		}
		before := len(h.seen)
		a := b.do(http.MethodPost, "/house/change", url.Values{"what": {name}, "csrf": {token}}, tt.headers...)
		if changed := len(h.seen) > before; changed != tt.ok || (a.StatusCode == http.StatusSeeOther) != tt.ok {
			t.Errorf("%s: %d, changed %v", name, a.StatusCode, changed)
		}
	}
	b.post("/house/change", url.Values{"what": {"O"}}).want(t, http.StatusSeeOther, "/house/")
	if page := b.get("/house/"); !strings.Contains(page.text, "Changed: O") {
		t.Errorf("no note in %s", page.text)
	}
	if page := b.get("/house/"); strings.Contains(page.text, "Changed: O") {
		t.Error("the note is shown twice")
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	viewer, admin, gone := h.open(), h.open(), h.open()
	viewer.signIn("a@example.test")
	admin.signIn("admin@example.test")
	gone.signIn("gone@example.test")
	if a := viewer.get("/house/admins"); a.StatusCode != http.StatusForbidden || strings.Contains(a.text, "secret") || !strings.Contains(a.text, "your role does not allow this") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
	admin.get("/house/admins").want(t, http.StatusOK, "")
	gone.get("/house/").want(t, http.StatusSeeOther, "/house/sign-in?ended=1&next=%2Fhouse%2F")
	if strings.Contains(viewer.get("/house/").text, "Admins") || !strings.Contains(admin.get("/house/").text, "Admins") {
		t.Error("the menu does not go by role")
	}
}

func TestFailuresTellNoCause(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("a@example.test")
	if a := b.get("/house/broken"); a.StatusCode != http.StatusInternalServerError || strings.Contains(a.text, "database") || !strings.Contains(a.text, "req_1") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
	if a := b.get("/house/no/such"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.text, "there is no such page") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("a@example.test")
	page := b.get("/house/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if !strings.HasPrefix(page.Header.Get(name), want) {
			t.Errorf("%s: %s", name, page.Header.Get(name))
		}
	}
	links := regexp.MustCompile(`(?:src|href)="(/house/static/[^"]+)"`).FindAllStringSubmatch(page.text, -1)
	if len(links) < 4 {
		t.Errorf("%d files in %s", len(links), page.text)
	}
	for _, link := range links {
		if a := b.get(link[1]); a.StatusCode != http.StatusOK || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", link[1], a.StatusCode)
		}
	}
	if regexp.MustCompile(`(?i)\son\w+=|\sstyle=|https?://`).MatchString(page.text) {
		t.Errorf("inline script or style, or an address, in %s", page.text)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	if page := b.get("/house/sign-in", "Accept-Language", "de, ru-RU;q=0.8, en;q=0.5"); !strings.Contains(page.text, "Пароль") || !strings.Contains(page.text, `lang="ru"`) {
		t.Errorf("%s", page.text)
	}
	b.do(http.MethodPost, "/house/look", url.Values{"lang": {"en"}, "theme": {"dark"}}).want(t, http.StatusSeeOther, "/house/")
	if page := b.get("/house/sign-in", "Accept-Language", "ru"); !strings.Contains(page.text, "Password") || !strings.Contains(page.text, `data-theme="dark"`) {
		t.Errorf("%s", page.text)
	}
}
