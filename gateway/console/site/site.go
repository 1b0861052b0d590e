package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/signin"
)

// Page is one path as the HTTP server takes it. Handle answers, failures
// included; what it returns is for the log: who called, and the failure.
type Page struct {
	Method  string
	Path    string
	Timeout time.Duration
	Handle  func(ctx context.Context, c *fiber.Ctx, requestID string, from netip.Addr) (who string, err error)
	// Upload says whether who sends this head may send a file after it; nil where
	// no file is taken.
	Upload func(ctx context.Context, h *fasthttp.RequestHeader) error
}

// Route is one page of a site, below its base.
type Route struct {
	Method string
	Path   string // "/payouts/:id"
	Role   string // the least role of who may; empty for everybody who is signed in
	Handle func(*Visit) error
	Upload bool // takes a file: see Visit.File

	open    bool          // needs no session
	half    bool          // needs a session, which may miss its second factor
	stream  bool          // goes on by itself
	timeout time.Duration // zero for the server's usual one
}

// Within gives the route a deadline of its own.
func (r Route) Within(d time.Duration) Route {
	r.timeout = d
	return r
}

// MenuItem is one entry of the frame's list.
type MenuItem struct {
	Name  string // English; translated
	Path  string // below the base
	Role  string
	Topic string // of Live, whose number is shown beside the name; optional
}

// Person is who is signed in.
type Person struct {
	ID    string
	Name  string
	Role  string // as it is shown
	Actor audit.Actor
	May   func(role string) bool
	Of    any // what the site knows of the person, such as the operator
}

// Gate counts failed sign-ins by address.
type Gate interface {
	Blocked(key string) (wait time.Duration, blocked bool)
	Fail(ctx context.Context, key string)
}

// Config is a site. Everything before Live must be set.
type Config struct {
	Base     string // "/console"
	Title    string // "Console"
	Realm    signin.Realm
	Sessions *signin.Service
	// Check tells whose name and password these are.
	Check func(ctx context.Context, name, password string) (subject string, err error)
	// Replace changes the password of somebody who is signed in.
	Replace signin.Replace
	// Person is who a session belongs to; it fails with signin.ErrNoSession for
	// somebody who is shut out.
	Person func(ctx context.Context, subject string) (Person, error)
	Gate   Gate
	Pages  fs.FS
	Routes []Route
	Menu   []MenuItem
	Log    *slog.Logger
	Now    func() time.Time
	// PublicURL is where the site is reached: cookies are kept to https there.
	PublicURL string

	// Live tells the versions of the topics that pages may follow, by whom or what
	// they are about: it is asked for what About says of the people who follow, and
	// tells each of them of that alone. A page is told when one changes.
	Live Live
	// About is empty for everybody where it is nil.
	About func(Person) string
	// Funcs are more functions for templates.
	Funcs map[string]any
	// Russian is the Russian of this site's own texts, by the English.
	Russian map[string]string
}

// Site is a set of pages. It is safe for concurrent use.
type Site struct {
	Config
	templates map[Lang]*templates
	words     map[Lang]map[string]string // by the English ones
	live      *hub
}

// New builds a site and parses all its templates.
func New(c Config) (*Site, error) {
	for name, missing := range map[string]bool{
		"Base": c.Base == "", "Title": c.Title == "", "Realm": c.Realm == "", "Sessions": c.Sessions == nil, "Check": c.Check == nil, "Replace": c.Replace == nil,
		"Person": c.Person == nil, "Gate": c.Gate == nil, "Pages": c.Pages == nil, "Log": c.Log == nil, "Now": c.Now == nil, "PublicURL": c.PublicURL == "",
	} {
		if missing {
			return nil, fmt.Errorf("site: %s is missing", name)
		}
	}
	s := &Site{Config: c, templates: make(map[Lang]*templates), words: make(map[Lang]map[string]string), live: newHub(c.Live, c.Log)}
	for _, lang := range Languages {
		s.words[lang] = c.texts(lang)
		t, err := parse(c.Pages, lang, c.Base, s.words[lang], c.Funcs)
		if err != nil {
			return nil, fmt.Errorf("site: %s: %w", c.Base, err)
		}
		s.templates[lang] = t
	}
	return s, nil
}

// Close ends what is live, so that the server can stop.
func (s *Site) Close() { s.live.close() }

// Served is every page of the site, the ones that all sites have included.
func (s *Site) Served() []Page {
	routes := append(s.own(), s.Routes...)
	pages := make([]Page, 0, len(routes)+2)
	for _, r := range routes {
		p := Page{Method: r.Method, Path: s.Base + r.Path, Timeout: r.timeout, Handle: s.handle(r)}
		if r.Upload {
			p.Upload = s.mayUpload(r)
		}
		pages = append(pages, p)
	}
	pages = append(pages, Page{Method: http.MethodGet, Path: s.Base + "/static/:file", Handle: serveStatic})
	lost := Route{open: true, Handle: func(*Visit) error { return errNoPage }}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		pages = append(pages, Page{Method: method, Path: s.Base + "/*", Handle: s.handle(lost)})
	}
	return pages
}

// own are the pages that every site has.
func (s *Site) own() []Route {
	const get, post = http.MethodGet, http.MethodPost
	return []Route{
		{Method: get, Path: "/sign-in", Handle: signInPage, open: true},
		{Method: post, Path: "/sign-in", Handle: signIn, open: true},
		{Method: get, Path: "/sign-in/code", Handle: codePage, half: true},
		{Method: post, Path: "/sign-in/code", Handle: giveCode, half: true},
		{Method: post, Path: "/sign-out", Handle: signOut, half: true},
		{Method: get, Path: "/account", Handle: accountPage},
		{Method: post, Path: "/account/password", Handle: changePassword},
		{Method: get, Path: "/account/factor", Handle: factorPage},
		{Method: post, Path: "/account/factor", Handle: giveCode},
		{Method: post, Path: "/account/sessions/:id/end", Handle: endSession},
		{Method: post, Path: "/account/sessions/end-others", Handle: endOtherSessions},
		{Method: post, Path: "/look", Handle: setLook, open: true},
		{Method: get, Path: "/live", Handle: (*Visit).follow, stream: true},
	}
}

var errNoPage = fault.New(fault.NotFound, "not_found", "there is no such page")

// handle is everything that each page needs: who asks, whether they may, the
// page, and what to show when it fails.
func (s *Site) handle(r Route) func(context.Context, *fiber.Ctx, string, netip.Addr) (string, error) {
	return func(ctx context.Context, c *fiber.Ctx, requestID string, from netip.Addr) (string, error) {
		v := &Visit{site: s, route: r, c: c, Ctx: audit.WithRequestID(ctx, requestID), RequestID: requestID, from: from}
		v.begin()
		err := v.admitted()
		if err == nil {
			err = r.Handle(v)
		}
		if err != nil {
			v.refuse(err)
		}
		return v.Person.ID, err
	}
}

// refuse shows a failure: the sign-in page to who is not signed in, a note in
// place of a part of a page, or a page of its own. Where a form was refused its
// page has the form's address, which the browser may ask for again.
func (v *Visit) refuse(err error) {
	known := fault.From(err)
	if page, found := v.site.pageOf(v.c.Path()); found && known.Kind == fault.NotFound && !v.changes() {
		_ = v.goTo(page)
		return
	}
	if errors.Is(err, signin.ErrNoSession) && !v.route.open {
		v.toSignIn()
		return
	}
	if err := v.show(statusOf(known), "problem", known); err != nil {
		v.site.Log.Error("page not rendered", "request_id", v.RequestID, "cause", err.Error())
		v.c.Status(http.StatusInternalServerError)
		_ = v.c.SendString("internal error, request " + v.RequestID)
	}
}

// pageOf is the page with the form that is sent to a path, for a path that takes
// forms alone.
func (s *Site) pageOf(path string) (page string, found bool) {
	routes := append(s.own(), s.Routes...)
	below, _ := strings.CutPrefix(path, s.Base)
	takes := func(method string) func(Route) bool {
		return func(r Route) bool { return r.Method == method && fiber.RoutePatternMatch(below, r.Path) }
	}
	i := slices.IndexFunc(routes, takes(http.MethodPost))
	if i < 0 || slices.ContainsFunc(routes, func(r Route) bool { return r.Method == http.MethodGet && r.Path == routes[i].Path }) {
		return "", false
	}
	for below != "" {
		below = below[:strings.LastIndexByte(below, '/')]
		if slices.ContainsFunc(routes, takes(http.MethodGet)) {
			break
		}
	}
	return s.Base + cmp.Or(below, "/"), true
}

func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.InvalidInput, fault.Rule, fault.InsufficientFunds:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
