package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/cmd/bench/seed"
	"disburse/gateway"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// What a page of the console may cost, with everything that it loads.
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

// consolePages are what is measured of the console, the first page first.
var consolePages = []string{
	"/", "/figures", "/charts/ended?span=30d", "/payouts", "/payouts?view=all", "/payouts?view=all&status=rejected_gate",
	"/payouts?view=all&q=4242", "/search?q=4242", "/search?q=customer-00042", "/card-orders", "/disputes", "/approvals", "/exceptions",
	"/callbacks", "/callbacks?state=dead", "/books", "/books/transfers", "/audit", "/merchants", "/users",
}

// callsOfPage is how often each page is asked for.
const callsOfPage = 20

// runConsole measures the pages of the console over as much data as the options
// say, one caller at a time: the first answer of each, with nothing kept in
// memory, is noted, and the usual one counts. A page that takes or weighs too
// much is an error.
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
	cookie, err := b.signIn(ctx)
	if err != nil {
		return err
	}
	if _, err := b.page(cookie, "/account"); err != nil { // opens the connections
		return err
	}
	for _, path := range consolePages {
		m, err := b.measurePage(cookie, path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.measures = append(b.measures, m)
	}
	return nil
}

func (b *bench) measurePage(cookie, path string) (*measure, error) {
	m := &measure{Name: "console " + path, Clients: 1, PerCall: 1}
	began := time.Now()
	var weight int
	for range callsOfPage {
		called := time.Now()
		body, err := b.page(cookie, path)
		if err != nil {
			return nil, err
		}
		m.latencies = append(m.latencies, time.Since(called))
		weight = body.size
		if m.Note != "" {
			continue
		}
		files, err := b.weigh(cookie, body.text)
		if err != nil {
			return nil, err
		}
		m.Note = fmt.Sprintf("first answer in %.1f ms; %.1f KiB packed, and %.1f KiB of files",
			float64(m.latencies[0].Microseconds())/1000, float64(weight)/1024, float64(files)/1024)
		if weight+files > pageSize {
			m.fail(fmt.Errorf("it weighs %d bytes with its files, and %d are allowed", weight+files, pageSize))
		}
	}
	m.Seconds = time.Since(began).Seconds()
	m.finish()
	if limit := float64(pageTime.Milliseconds()); m.P50 > limit {
		m.fail(fmt.Errorf("half of the answers took more than %.0f ms, and %.0f are allowed", m.P50, limit))
	}
	return m, nil
}

// signIn is the cookie of an administrator of this run.
func (b *bench) signIn(ctx context.Context) (string, error) {
	config := b.config
	config.FactorOptional = true
	app, err := b.openAppWith(config)
	if err != nil {
		return "", err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	made, err := app.Operators.Create(ctx, operator.NewOperator{Email: "console-" + b.runID + "@bench.example", Role: operator.RoleAdmin})
	if err != nil {
		return "", err
	}
	token, _, err := app.Sessions.Enter(ctx, signin.Operators, made.Operator.Email, signin.Visitor{Address: "127.0.0.1", Agent: "bench"},
		func(context.Context) (string, error) { return made.Operator.ID, nil })
	return "disburse_console=" + string(token), err
}

// answered is a page as it was sent and as it reads.
type answered struct {
	size int
	text string
}

func (b *bench) page(cookie, path string) (answered, error) {
	return b.fetch(cookie, "/console"+path)
}

func (b *bench) fetch(cookie, path string) (answered, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(b.url + path)
	request.Header.Set("Cookie", cookie)
	request.Header.Set("Accept-Encoding", "gzip")
	if err := b.client.DoTimeout(request, response, 10*time.Second); err != nil {
		return answered{}, err
	}
	if response.StatusCode() != http.StatusOK {
		return answered{}, refusedError{"GET", response.StatusCode(), ""}
	}
	a := answered{size: len(response.Body())}
	plain, err := response.BodyUncompressed()
	a.text = string(plain)
	return a, err
}

var file = regexp.MustCompile(`(?:href|src)="(/console/static/[^"]+)"`)

// weigh is how much the files of a page weigh as they are sent, each once.
func (b *bench) weigh(cookie, page string) (size int, err error) {
	seen := map[string]bool{}
	for _, found := range file.FindAllStringSubmatch(page, -1) {
		if seen[found[1]] {
			continue
		}
		seen[found[1]] = true
		a, err := b.fetch(cookie, found[1])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", found[1], err)
		}
		size += a.size
	}
	return size, nil
}

// openAppWith is openApp with another configuration.
func (b *bench) openAppWith(config gateway.Config) (*gateway.App, error) {
	kept := b.config
	b.config = config
	defer func() { b.config = kept }()
	return b.openApp()
}
