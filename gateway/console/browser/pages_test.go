package browser_test

import (
	"flag"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"disburse/gateway/enduser"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
	"disburse/ledger"
	"disburse/signing"
)

var screenshots = flag.String("screenshots", "", "take a picture of every page into this folder")

// sight is how many pages of one kind are looked at.
const sight = 2

// trail finds pages by their links, a few of each kind.
type trail struct {
	base   string // of the site, such as /console
	queue  []string
	known  map[string]bool
	counts map[string]int
}

func startingAt(base string, paths ...string) *trail {
	tr := &trail{base: base, known: map[string]bool{}, counts: map[string]int{}}
	for _, path := range paths {
		tr.add(path)
	}
	return tr
}

var ours = regexp.MustCompile(`[0-9_@%]`)

// lists are followed by the name of one of their things.
var lists = []string{"merchants", "players", "profiles", "providers", "rates"}

// kind is a path with the names of things left out, and what is asked of it
// without the values.
func kind(address *url.URL) string {
	parts := strings.Split(address.Path, "/")
	for i, part := range parts {
		named := i > 0 && slices.Contains(lists, parts[i-1]) || i > 1 && parts[i-2] == "players"
		if ours.MatchString(part) || named && part != "new" && part != "set" {
			parts[i] = ":x"
		}
	}
	var asked []string
	for name := range address.Query() {
		asked = append(asked, name)
	}
	slices.Sort(asked)
	return strings.Join(parts, "/") + "?" + strings.Join(asked, "&")
}

// add takes a link up, when it leads to a page of the site that is not known.
func (tr *trail) add(link string) {
	address, err := url.Parse(link)
	if err != nil {
		return
	}
	address.Fragment = ""
	path := address.RequestURI()
	below := path == tr.base || strings.HasPrefix(path, tr.base+"/") || strings.HasPrefix(path, tr.base+"?")
	if !below || strings.Contains(path, "/static/") || tr.known[path] {
		return
	}
	tr.known[path] = true
	if key := kind(address); tr.counts[key] < sight {
		tr.counts[key]++
		tr.queue = append(tr.queue, path)
	}
}

func (tr *trail) next() (path string, ok bool) {
	if len(tr.queue) == 0 {
		return "", false
	}
	path, tr.queue = tr.queue[0], tr.queue[1:]
	return path, true
}

// reader calls pages without a browser, as fast as they are answered.
type reader struct {
	t      *testing.T
	base   string
	cookie string
}

func (s stand) reader(t *testing.T, role operator.Role) *reader {
	t.Helper()
	o := s.hire(t, role).Operator
	return &reader{t: t, base: s.base, cookie: "disburse_console=" + string(s.admit(t, signin.Operators, o.Email, o.ID))}
}

// readerAt calls the pages of a merchant as somebody of it.
func (s stand) readerAt(t *testing.T, merchantName string) *reader {
	t.Helper()
	_, token := s.seat(t, merchantName)
	return &reader{t: t, base: s.base, cookie: "disburse_merchant=" + token}
}

// answer is what an address answers.
type answer struct {
	path   string
	status int
	page   bool // not a file or data
	whole  bool // not a part of a page
	body   string
}

var client = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (r *reader) get(path string) answer {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	must(r.t, err)
	request.Header.Set("Cookie", r.cookie)
	response, err := client.Do(request)
	must(r.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(r.t, err)
	body := string(content)
	page := strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
	return answer{path: path, status: response.StatusCode, page: page, whole: page && strings.Contains(body, "<html"), body: body}
}

var (
	hrefs   = regexp.MustCompile(`(?:href|hx-get|data-chart)="([^"]*)"`)
	actions = regexp.MustCompile(`<form[^>]*\bmethod="post"[^>]*>`)
	target  = regexp.MustCompile(`(?:action|hx-post)="([^"]*)"`)
)

func find(pattern *regexp.Regexp, body string) []string {
	var all []string
	for _, m := range pattern.FindAllStringSubmatch(body, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	return all
}

// follow reads every page that a trail finds.
func (r *reader) follow(tr *trail) (all []answer) {
	r.t.Helper()
	for path, ok := tr.next(); ok; path, ok = tr.next() {
		a := r.get(path)
		if a.page {
			for _, link := range find(hrefs, a.body) {
				tr.add(link)
			}
		}
		all = append(all, a)
	}
	return all
}

// TestEveryLink follows every link as each role: none leads nowhere, and nobody
// is led to what the role does not allow. Who may only read is shown no form
// that changes anything but the own session and looks.
func TestEveryLink(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.furnish(t)
	t.Run("merchant", func(t *testing.T) {
		t.Parallel()
		checkLinks(t, s.readerAt(t, m.name).follow(startingAt("/merchant", "/merchant/")), 10)
	})
	for _, role := range operator.Roles() {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			all := s.reader(t, role).follow(startingAt("/console", "/console/"))
			checkLinks(t, all, 40)
			for _, a := range all {
				if role == operator.RoleViewer && a.page {
					checkReadsOnly(t, a)
				}
			}
		})
	}
}

func checkLinks(t *testing.T, all []answer, atLeast int) {
	t.Helper()
	for _, a := range all {
		if a.status >= 400 {
			t.Errorf("%s answers %d", a.path, a.status)
		}
	}
	if len(all) < atLeast {
		t.Errorf("only %d pages were found", len(all))
	}
}

// harmless is what forms of who may only read may do: their own session, looks,
// and a proof of the books, which changes none.
var harmless = []string{"/console/look", "/console/sign-out", "/console/account", "/console/books/verify"}

func checkReadsOnly(t *testing.T, a answer) {
	t.Helper()
	for _, form := range actions.FindAllString(a.body, -1) {
		for _, action := range find(target, form) {
			if !slices.ContainsFunc(harmless, func(h string) bool { return strings.HasPrefix(action, h) }) {
				t.Errorf("%s shows a viewer the form %s", a.path, action)
			}
		}
	}
}

// words are what pages in Russian may say in Latin letters.
const words = `usdt|usd|rub|eur|csv|xlsx|api|id|ip|url|utc|json|http|https|pdf|png|jpe?g|qr|sse|v[12]|hmac|sha-?256|p2p|bps?|iban|sbp|score|card|` +
	`order_id|sign|standart_sign|sign_key|api_key|webhook|webhook-id|webhook-timestamp|webhook-signature|x-api-key|asynq|redis|postgresql|cli|email|sandbox|live|rtp|totp|disburse|english|русский|` +
	`get|post|enter|esc|ctrl|mib|kib|ms`

// TestEveryPage looks at every page, of the console as an admin and of a
// merchant: nothing is breached or broken, it can be used without a mouse and by
// ear, it fits a phone, it can be read in light and in dark, and it is wholly in
// Russian when that is asked for. Told to, it takes pictures.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.furnish(t)
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		tour(t, []answer{{path: "/console/sign-in", status: http.StatusOK, whole: true}, {path: "/merchant/sign-in", status: http.StatusOK, whole: true}},
			func() *tab { return s.visit(t) })
	})
	t.Run("operators", func(t *testing.T) {
		t.Parallel()
		tour(t, s.reader(t, operator.RoleAdmin).follow(startingAt("/console", "/console/")), func() *tab { return s.at(t, operator.RoleAdmin) })
	})
	t.Run("merchants", func(t *testing.T) {
		t.Parallel()
		tour(t, s.readerAt(t, m.name).follow(startingAt("/merchant", "/merchant/")), func() *tab { return s.across(t, m.name) })
	})
}

// tour looks at one page of each shape, in several tabs at once. What is wrong
// with several pages is told of the first.
func tour(t *testing.T, all []answer, open func() *tab) {
	t.Helper()
	tabs := make(chan *tab, runtime.GOMAXPROCS(0))
	for range cap(tabs) {
		tabs <- open()
	}
	var told sync.Map
	shapes, whole := map[string]bool{}, t
	for _, a := range all {
		shape := shapeOf(t, a.path)
		if a.status != http.StatusOK || !a.whole || shapes[shape] {
			continue
		}
		shapes[shape] = true
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			p := <-tabs
			defer func() { p.t = whole; tabs <- p }()
			p.t = t
			p.open(a.path)
			for _, fault := range append(p.inspect(shape), p.foreign(a.path)...) {
				if _, before := told.LoadOrStore(fault, true); !before {
					t.Errorf("%s: %s", a.path, fault)
				}
			}
		})
	}
}

// shapeOf is what pages have in common that differ in what they show alone.
func shapeOf(t *testing.T, path string) string {
	t.Helper()
	address, err := url.Parse(path)
	must(t, err)
	shape, _, _ := strings.Cut(kind(address), "?")
	if view := address.Query().Get("view"); view != "" {
		shape += "=" + view
	}
	return strings.Trim(shape, "/")
}

// inspect looks at the page that is open in every size and colour, and returns
// what is wrong with it.
func (p *tab) inspect(shape string) (wrong []string) {
	p.t.Helper()
	wrong = eval[[]string](p, "eyes.faults()")
	for _, width := range []int64{390, 1440} {
		p.resize(width)
		for _, scheme := range []string{"dark", "light"} {
			p.dim(scheme)
			if *screenshots != "" { // as it is for who comes with such a window
				must(p.t, chromedp.Do(p.ctx, chromedp.Reload()))
			}
			p.await("the page to stand still", "eyes.still() && eyes.settled()")
			p.picture(shape, width, scheme)
			if width == 1440 { // a phone has the same colours
				wrong = append(wrong, eval[[]string](p, call("faint", scheme))...)
			}
		}
		wrong = append(wrong, eval[[]string](p, "eyes.wide()")...)
	}
	return wrong
}

// foreign is what a page says in another language than Russian when Russian is
// asked for.
func (p *tab) foreign(path string) []string {
	p.t.Helper()
	return eval[[]string](p, fmt.Sprintf(`fetch(%q, {headers: {"Accept-Language": "ru"}}).then((a) => a.text()).then((text) => eyes.foreign(%q, text))`, path, words))
}

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9.=-]+`)

func (p *tab) picture(shape string, width int64, scheme string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	image, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	must(p.t, err)
	name := strings.Trim(unsafe.ReplaceAllString(strings.ReplaceAll(shape, ":x", "one"), "-"), "-")
	must(p.t, os.MkdirAll(*screenshots, 0o750))
	must(p.t, os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s.%d.%s.png", name, width, scheme)), image, 0o600))
}

// TestLongNames: what merchants call their orders is up to them. A phone is no
// wider for it, and no list hides its other columns.
func TestLongNames(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	order := unique("order") + strings.Repeat("w", 200)
	_, err := s.app.Users.Create(t.Context(), enduser.Spec{Name: order[:128], Nickname: order[:128]})
	must(t, err)
	id := m.pay(t, order, "1500.00")
	ask(t, http.MethodPost, s.base+"/api/merchant/"+m.name+"/rejected_pay_out/", "", "", map[string]any{
		"order_id": order, "standart_sign": signing.StandartSign(signing.OrderKey, m.name, order, m.signKey),
	})
	told, err := s.app.Callbacks.About(t.Context(), id)
	must(t, err)
	if len(told) != 1 {
		t.Fatalf("%d callbacks, want one", len(told))
	}
	for base, p := range map[string]*tab{"/console": s.at(t, operator.RoleAdmin), "/merchant": s.across(t, m.name)} {
		for _, path := range []string{base + "/payouts/" + id, base + "/callbacks/" + told[0].ID} {
			p.open(path)
			for _, fault := range p.inspect(shapeOf(t, path)) {
				t.Errorf("%s: %s", path, fault)
			}
		}
		lists := []string{base + "/payouts?view=all&q=" + order, base + "/callbacks?order_id=" + order}
		if base == "/console" {
			lists = append(lists, base+"/search?q="+order[:60], base+"/users")
		}
		for _, path := range lists {
			p.open(path)
			p.sees(order[:60])
			if cut := eval[[]string](p, "eyes.cut()"); len(cut) > 0 {
				t.Errorf("%s: wider than its place: %s", path, cut)
			}
		}
	}
}

// TestLargeText: who doubles the size of letters has no page wider than the window.
func TestLargeText(t *testing.T) {
	t.Parallel()
	s := shared(t)
	id := s.found(t, ledger.Live).pay(t, unique("large-text-"), "1500.00")
	p := s.at(t, operator.RoleAdmin)
	for _, width := range []int64{1024, 390} {
		p.resize(width)
		for _, path := range []string{"/console/", "/console/payouts", "/console/payouts/" + id, "/console/callbacks", "/console/reports", "/console/books"} {
			p.open(path)
			eval[bool](p, `(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("html, :root { font-size: 30px !important; --pico-font-size: 30px !important }");
				document.adoptedStyleSheets = [sheet]; return true; })()`)
			if now := eval[int64](p, "document.documentElement.scrollWidth"); now > width {
				t.Errorf("%s is %d wide in a window of %d: %s", path, now, width, eval[[]string](p, "eyes.wide()"))
			}
		}
	}
}
