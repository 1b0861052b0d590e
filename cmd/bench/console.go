package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/cmd/bench/crawl"
	"disburse/cmd/bench/seed"
	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// What a page or a list may cost: half of its answers in that time, and all that
// a browser loads for it in that size.
const (
	pageTime = 100 * time.Millisecond
	pageSize = 150 << 10
)

// seeded is how much a seed of the options is.
func (o options) seeded(name string, less int) seed.Options {
	n := max(0, o.Payouts-less)
	return seed.Options{
		Payouts: n, Callbacks: min(o.Callbacks, n), Open: min(2000, n/10), Merchants: 50, Name: name,
		Progress: func(done int) { fmt.Fprintf(os.Stderr, "bench: %d of %d payouts\n", done, n) },
	}
}

// runSeed fills the database, and measures nothing but that.
func runSeed(ctx context.Context, b *bench) error { return b.seed(ctx, 0) }

func (b *bench) seed(ctx context.Context, less int) error {
	app, err := b.openApp()
	if err != nil {
		return err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	o := b.options.seeded("seed-"+b.runID, less)
	began := time.Now()
	if err := seed.Fill(ctx, app, o); err != nil {
		return err
	}
	took := time.Since(began)
	b.measures = append(b.measures, &measure{
		Name: "seed", Clients: 1, PerCall: o.Payouts, Seconds: took.Seconds(), PerSecond: float64(o.Payouts) / took.Seconds(),
		Note: fmt.Sprintf("%d payouts and %d callbacks in %s", o.Payouts, o.Callbacks, took.Round(time.Second)),
	})
	return nil
}

// looked is a page or a list as it was measured.
type looked struct {
	Address string  `json:"address"`
	First   float64 `json:"first_ms"` // nothing of it was asked for before
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	KiB     float64 `json:"kib"` // as it is sent, with the files that it names
	Above   string  `json:"above,omitempty"`
}

// callsOfPage is how often each page is asked for after the first time: more
// often than a database plans a statement anew.
const callsOfPage = 12

// runConsole measures the pages of the console and of a merchant and the lists of
// the API over as much data as the options say, one caller at a time. It finds
// them by itself, with each filter and a page further on.
func runConsole(ctx context.Context, b *bench) error {
	if err := b.needGateway(ctx); err != nil {
		return err
	}
	if b.services != nil {
		var there int
		if err := b.db.QueryRow(ctx, "select count(*) from payouts").Scan(&there); err != nil {
			return err
		}
		if there < b.options.Payouts {
			if err := b.seed(ctx, there); err != nil {
				return err
			}
		}
	}
	values, err := b.asked(ctx)
	if err != nil {
		return err
	}
	as, err := b.enter(ctx, values["merchant"][0])
	if err != nil {
		return err
	}
	if _, err := b.fetch(as, "/console/account"); err != nil { // opens the connections
		return err
	}
	b.weights = make(map[string]int)
	isFile := func(address string) bool {
		return strings.Contains(address, "/reports/file") || strings.Contains(address, "/exports/")
	}
	get := func(address string) (crawl.Answer, error) { return b.fetch(as, address) }
	for _, base := range []string{"/console", "/merchant"} {
		found, err := crawl.Site{Base: base, Start: []string{base + "/"}, Values: values, Get: get, Skip: isFile}.Walk()
		if err := b.look(as, found, err); err != nil {
			return err
		}
	}
	document, err := get("/openapi.json")
	if err != nil {
		return err
	}
	found, err := crawl.API{
		Document: []byte(document.Text), Values: ofAPI(values), Skip: isFile,
		Get: func(address, _ string) (crawl.Answer, error) { return get(address) },
	}.Walk("/api/operator/")
	return b.look(as, found, err)
}

// look measures what was found, again and again. What could not be asked for,
// such as a filter that makes no sense alone, is only told.
func (b *bench) look(as visitor, found []crawl.Visited, unasked error) error {
	if unasked != nil {
		fmt.Fprintf(os.Stderr, "bench: not measured:\n%v\n", unasked)
	}
	if len(found) == 0 {
		return unasked
	}
	for _, f := range found {
		m, err := b.often(as, f.Address)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Address, err)
		}
		files, err := b.weigh(as, f.Answer.Text)
		if err != nil {
			return err
		}
		l := looked{
			Address: f.Address, First: float64(f.Answer.Took.Microseconds()) / 1000, P50: m.P50, P99: m.P99,
			KiB: float64(f.Answer.Size+files) / 1024,
		}
		switch {
		case l.P50 > float64(pageTime.Milliseconds()):
			l.Above = "time"
		case l.KiB > pageSize/1024:
			l.Above = "size"
		}
		b.looked = append(b.looked, l)
	}
	return nil
}

// often asks for a page again and again. One that took too much is asked anew,
// twice at most: what was busy beside it is not its fault.
func (b *bench) often(as visitor, address string) (best measure, err error) {
	for try := range 3 {
		var m measure
		for range callsOfPage {
			a, err := b.fetch(as, address)
			if err != nil {
				return m, err
			}
			m.latencies = append(m.latencies, a.Took)
		}
		m.finish()
		if try == 0 || m.P50 < best.P50 {
			best = m
		}
		if best.P50 <= float64(pageTime.Milliseconds()) {
			break
		}
	}
	return best, nil
}

// visitor is who asks: a person on both web sites, and a program.
type visitor struct{ cookie, token string }

// enter is an administrator of this run and a person of the merchant.
func (b *bench) enter(ctx context.Context, merchant string) (v visitor, err error) {
	config := b.config
	config.FactorOptional = true
	app, err := b.openAppWith(config)
	if err != nil {
		return v, err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	made, err := app.Operators.Create(ctx, operator.NewOperator{Email: "console-" + b.runID + "@bench.example", Role: operator.RoleAdmin})
	if err != nil {
		return v, err
	}
	person, _, err := app.People.Add(ctx, merchant, "person-"+b.runID+"@bench.example")
	if err != nil {
		return v, err
	}
	_, secret, err := app.Operators.IssueToken(ctx, made.Operator.Email, "bench", time.Hour)
	if err != nil {
		return v, err
	}
	v.token = string(secret)
	for _, p := range []struct {
		realm          signin.Realm
		name, id, base string
	}{{signin.Operators, made.Operator.Email, made.Operator.ID, "console"}, {signin.Merchants, person.Email, person.ID, "merchant"}} {
		token, _, err := app.Sessions.Enter(ctx, p.realm, p.name, signin.Visitor{Address: "127.0.0.1", Agent: "bench"},
			func(context.Context) (string, error) { return p.id, nil })
		if err != nil {
			return v, err
		}
		v.cookie += "disburse_" + p.base + "=" + string(token) + "; "
	}
	return v, nil
}

func (b *bench) fetch(as visitor, path string) (crawl.Answer, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(b.url + path)
	request.Header.Set("Cookie", as.cookie)
	request.Header.Set("Authorization", "Bearer "+as.token)
	request.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	if err := b.client.DoTimeout(request, response, 30*time.Second); err != nil {
		return crawl.Answer{}, err
	}
	a := crawl.Answer{Size: len(response.Body()), Took: time.Since(began)}
	if response.StatusCode() != http.StatusOK {
		return a, refusedError{"GET", response.StatusCode(), ""}
	}
	plain, err := response.BodyUncompressed()
	a.Text = string(plain)
	return a, err
}

var file = regexp.MustCompile(`(?:href|src)="(/\w+/static/[^"]+)"`)

// weigh is how much the files of a page weigh as they are sent, each once.
func (b *bench) weigh(as visitor, page string) (size int, err error) {
	for _, path := range slices.Compact(slices.Sorted(found(file, page))) {
		if _, known := b.weights[path]; !known {
			a, err := b.fetch(as, path)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			b.weights[path] = a.Size
		}
		size += b.weights[path]
	}
	return size, nil
}

// found are what the expression's group finds in a text.
func found(expression *regexp.Regexp, text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, f := range expression.FindAllStringSubmatch(text, -1) {
			if !yield(f[1]) {
				return
			}
		}
	}
}

// openAppWith is openApp with another configuration.
func (b *bench) openAppWith(config gateway.Config) (*gateway.App, error) {
	kept := b.config
	b.config = config
	defer func() { b.config = kept }()
	return b.openApp()
}
