package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	_ "embed"
)

const (
	// patience is how long something may take on a machine that is busy.
	patience = 45 * time.Second
	glance   = 25 * time.Millisecond
)

// eyes are what the tests look at pages with. They run in every page.
//
//go:embed eyes.js
var eyes string

// tab is one person's browser: a tab with cookies of its own.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
	who  string

	mu       sync.Mutex
	faults   []string
	expected map[string]bool // addresses whose refusal is wanted
}

// visit opens a browser that knows nobody yet.
func (s stand) visit(t *testing.T) *tab {
	t.Helper()
	root, err := theBrowser()
	must(t, err)
	p := &tab{t: t, base: s.base, who: "nobody", expected: map[string]bool{}}
	ctx, cancel := chromedp.NewContext(root, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	p.ctx = ctx
	must(t, chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)))
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(t, err)
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: eyes})
	must(t, err)
	t.Cleanup(func() {
		_, _ = try[bool](p, "true") // what the page had to say has been heard
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			t.Errorf("%s: %s", p.who, fault)
		}
	})
	return p
}

// hear keeps what must not happen on any page.
func (p *tab) hear(event any) {
	switch event := event.(type) {
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError {
			p.blame(event.Entry.URL, fmt.Sprintf("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		p.blame("", "exception: "+event.ExceptionDetails.Text+" "+exception(event.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, arg := range event.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			p.blame("", "console: "+strings.Join(words, " "))
		}
	}
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception == nil {
		return ""
	}
	return d.Exception.Description
}

func (p *tab) blame(address, fault string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if address == "" || !p.expected[address] {
		p.faults = append(p.faults, fault)
	}
}

// expect says that an address will be refused, which the browser reports.
func (p *tab) expect(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected[p.base+address] = true
}

func (p *tab) setCookie(name, value string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: p.base + "/"})
	must(p.t, err)
}

// try evaluates an expression, which must come to a value of type T.
func try[T any](p *tab, expression string) (T, error) {
	return chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// eval is try that must not fail.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := try[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.who, expression, err)
	}
	return value
}

// call is a call of one of the functions of eyes.js.
func call(name string, args ...any) string {
	parts := make([]string, len(args))
	for i, arg := range args {
		encoded, err := json.Marshal(arg)
		if err != nil {
			panic(err)
		}
		parts[i] = string(encoded)
	}
	return "eyes." + name + "(" + strings.Join(parts, ", ") + ")"
}

// await waits until an expression is true. Pages may come and go meanwhile.
func (p *tab) await(what, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for {
		held, err := try[bool](p, expression)
		if err == nil && held {
			return
		}
		if time.Now().After(deadline) {
			text, _ := try[string](p, `location.href + "\n" + document.body.innerText.slice(0, 3000)`)
			p.t.Fatalf("%s waited for %s (last: %v) at %s", p.who, what, err, text)
		}
		select {
		case <-p.t.Context().Done():
			p.t.Fatalf("%s waited for %s: the test ended", p.who, what)
		case <-ticker.C:
		}
	}
}

// settled waits until the page and all that it loads by itself are there.
func (p *tab) settled() { p.await("the page to be complete", call("settled")) }

// open goes to a path, which must be there.
func (p *tab) open(path string) {
	p.t.Helper()
	if status := p.load(path); status >= 400 {
		p.t.Fatalf("%s: %s answers %d: %s", p.who, path, status, p.text("main"))
	}
}

// refused goes to a path that must not be shown.
func (p *tab) refused(path string, want int) {
	p.t.Helper()
	p.expect(path)
	if status := p.load(path); status != want {
		p.t.Errorf("%s: %s answers %d, want %d", p.who, path, status, want)
	}
}

func (p *tab) load(path string) int {
	p.t.Helper()
	response, err := chromedp.Run(p.ctx, chromedp.NavigateResponse(p.base+path))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.who, path, err)
	}
	p.settled()
	return int(response.Status)
}

// press presses the button or link of that name, once it can be pressed, and
// stays on the page.
func (p *tab) press(name string) {
	p.t.Helper()
	p.await("something named "+name+" to press", call("press", name))
}

// follow presses what leads to a page, and waits for the page.
func (p *tab) follow(name string) {
	p.t.Helper()
	p.leave("something named "+name+" to press", call("press", name))
}

// leave waits until an action is done, and for the page that it leads to.
func (p *tab) leave(what, action string) {
	p.t.Helper()
	p.settled()
	before := eval[string](p, "eyes.page")
	p.await(what, action)
	p.await("the next page", fmt.Sprintf("eyes.page !== %q && eyes.settled()", before))
}

// fill gives the field of that name or label a value.
func (p *tab) fill(field, value string) {
	p.t.Helper()
	p.await("the field "+field, call("fill", field, value))
}

// sees waits until the page says all of it, in any letter case.
func (p *tab) sees(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.await("the text "+text, call("says", text))
	}
}

// sayNot fails when the page says one of the texts.
func (p *tab) sayNot(texts ...string) {
	p.t.Helper()
	p.settled()
	for _, text := range texts {
		if eval[bool](p, call("says", text)) {
			p.t.Errorf("%s sees %q at %s", p.who, text, eval[string](p, "location.pathname"))
		}
	}
}

// text is what the first element of a selector says.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return eval[string](p, call("text", selector))
}

// resize gives the window another width and, with touch, a phone's manners.
func (p *tab) resize(width int64) {
	p.t.Helper()
	must(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(width, 900)))
}

// dim sets what the system's colours are.
func (p *tab) dim(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	must(p.t, err)
}

// download does what begins a download, and returns the file.
func (p *tab) download(action func()) (name string, content []byte) {
	p.t.Helper()
	dir := p.t.TempDir()
	_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	must(p.t, err)
	action()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for range ticker.C {
		files, err := os.ReadDir(dir)
		must(p.t, err)
		if len(files) == 1 && !strings.HasSuffix(files[0].Name(), ".crdownload") && !strings.HasPrefix(files[0].Name(), ".") {
			content, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
			must(p.t, err)
			return files[0].Name(), content
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s got no file: %v", p.who, files)
		}
	}
	return "", nil
}

// key presses a key of the keyboard.
func (p *tab) key(key string) {
	p.t.Helper()
	must(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent(key)))
}
