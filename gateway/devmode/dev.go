package devmode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"disburse/gateway"
	"disburse/gateway/devmode/services"
	"disburse/migrations"
)

const (
	// DefaultListen is where the API listens unless told otherwise.
	DefaultListen = "127.0.0.1:8080"

	readyTimeout = 20 * time.Second
	readyPoll    = 20 * time.Millisecond
	stopTimeout  = 30 * time.Second
)

// Options says what to start. The zero value is the usual dev mode.
type Options struct {
	Dir      string       // where data is kept; empty: DefaultDir
	Fresh    bool         // forget the data of earlier runs
	Listen   string       // host:port of the API; port 0 takes a free one; DefaultListen when empty
	Log      *slog.Logger // nothing is logged when nil
	Progress func(string) // is told, in words, what takes a while; optional
	Now      func() time.Time
}

// Dev is a running dev mode.
type Dev struct {
	Instance Instance
	App      *gateway.App

	log       *slog.Logger
	listener  net.Listener
	servers   *services.Services
	inspector *Inspector
	cards     *cardProvider
	watch     context.CancelFunc
	watched   chan struct{}
	closing   sync.Once
	closeErr  error
}

// Start starts everything and returns when all of it answers. ctx bounds the
// start only. When the API's address is taken it says so before anything else
// is started. The errors of package services (missing programs, a data
// directory in use) come through. Close what was started.
func Start(ctx context.Context, o Options) (_ *Dev, err error) {
	o = o.withDefaults()
	d := &Dev{log: o.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close(ctx))
		}
	}()
	// First of all, because it can fail and because the public URL follows from
	// the port.
	if d.listener, err = listen(o.Listen); err != nil {
		return nil, err
	}
	data, err := openData(ctx, o.Dir, o.Fresh)
	if err != nil {
		return nil, err
	}
	o.Progress("Starting PostgreSQL and Redis")
	if d.servers, err = services.Start(ctx, services.Options{Dir: data.servers()}); err != nil {
		return nil, err
	}
	d.supervise()
	o.Progress("Bringing the schema up to date")
	if _, err = migrations.Up(ctx, d.servers.DatabaseURL); err != nil {
		return nil, err
	}
	o.Progress("Starting the gateway")
	if err = d.startGateway(ctx, o, data); err != nil {
		return nil, err
	}
	return d, d.waitReady(ctx)
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// listen opens the API's address, and says what to do when it is taken.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: stop that, or choose another address with --listen (port 0 takes a free one)", address)
	}
	return listener, err
}

// startGateway builds the gateway, puts the demo in order, and starts the
// inspector before the workers, so that waiting callbacks find it.
func (d *Dev) startGateway(ctx context.Context, o Options, data dataDir) error {
	keys, err := data.encryptionKeys()
	if err != nil {
		return err
	}
	kept, err := data.loadCredentials()
	if err != nil {
		return err
	}
	if d.cards, err = startCardProvider(o, data, &kept); err != nil {
		return err
	}
	d.Instance = newInstance(localURL(d.listener.Addr()), d.servers, keys, string(data))
	d.Instance.reachCards(d.cards)
	d.App, err = gateway.New(gateway.Config{
		FactorOptional: true, // one tries things out
		DatabaseURL:    d.servers.DatabaseURL, RedisURL: d.servers.RedisURL, EncryptionKeys: keys,
		PublicURL: d.Instance.BaseURL, Listener: d.listener, CallbackAllow: []string{"loopback"},
		CardProviderURL: d.cards.url, CardProviderKey: d.cards.key,
	}, d.log)
	if err != nil {
		return err
	}
	err = seeder{app: d.App, kept: &kept, now: o.Now}.run(ctx, &d.Instance)
	if err = errors.Join(err, data.storeCredentials(kept)); err != nil {
		return fmt.Errorf("%w (--fresh starts anew with no data)", err)
	}
	if err := d.startInspector(o, &kept); err != nil {
		return err
	}
	if err := errors.Join(data.storeCredentials(kept), data.storeEnv(d.Instance.shell())); err != nil {
		return err
	}
	return d.App.Start(ctx, gateway.API, gateway.Workers)
}

// startInspector prefers the port of the last run: callbacks that wait name it.
// At the first start it is the one after the API's.
func (d *Dev) startInspector(o Options, kept *credentials) error {
	port := kept.ReceiverPort
	if _, text, err := net.SplitHostPort(o.Listen); port == 0 && err == nil {
		if api, err := strconv.Atoi(text); err == nil && api > 0 && api < 65535 {
			port = api + 1
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		if kept.ReceiverPort != 0 {
			d.log.Warn("the callback inspector's port is taken; callbacks of earlier runs go to whoever has it", "port", port)
		}
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("callback inspector: %w", err)
	}
	d.Instance.ReceiverURL = localURL(listener.Addr())
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		kept.ReceiverPort = address.Port
	}
	d.inspector = NewInspector(InspectorOptions{
		Merchants: senders{d.App}, URL: d.Instance.ReceiverURL, Log: d.log, Now: o.Now,
	})
	d.inspector.Serve(listener)
	return nil
}

func newInstance(baseURL string, servers *services.Services, keys, dir string) Instance {
	return Instance{
		Env: map[string]string{
			"DISBURSE_DATABASE_URL": servers.DatabaseURL, "DISBURSE_REDIS_URL": servers.RedisURL,
			"DISBURSE_ENCRYPTION_KEYS": keys, "DISBURSE_PUBLIC_URL": baseURL, "DISBURSE_CALLBACK_ALLOW": "loopback",
		},
		BaseURL: baseURL, ConsoleURL: baseURL + "/console/", MerchantURL: baseURL + "/merchant/", DocsURL: baseURL + "/docs", MetricsURL: baseURL + "/metrics",
		DatabaseURL: servers.DatabaseURL, RedisURL: servers.RedisURL, DataDir: dir,
		Users: []User{}, Games: []Game{}, Players: []Player{}, VirtualCards: []VirtualCard{},
	}
}

// localURL is how this machine reaches a listener, also one on all addresses.
func localURL(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// waitReady waits until everything that is printed answers.
func (d *Dev) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	i := &d.Instance
	for _, url := range []string{i.BaseURL + "/readyz", i.DocsURL, i.ReceiverURL, i.CardProviderURL} {
		for answers(ctx, url) != nil {
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s does not answer: %w", url, answers(ctx, url))
			case <-time.After(readyPoll):
			}
		}
	}
	if console := i.BaseURL + "/console"; answers(ctx, console) == nil {
		i.ConsoleURL = console
	}
	return nil
}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// Close stops everything in the order in which requests flow, and waits. It
// returns after half a minute at most, whatever ctx says. Closing twice is
// harmless.
func (d *Dev) Close(ctx context.Context) error {
	d.closing.Do(func() { d.closeErr = d.close(ctx) })
	return d.closeErr
}

func (d *Dev) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	var faults []error
	if d.App != nil {
		faults = append(faults, d.App.Close(ctx))
	}
	if d.listener != nil {
		d.listener.Close() // the API has closed it if it ever started
	}
	if d.inspector != nil {
		faults = append(faults, d.inspector.Close(ctx))
	}
	if d.cards != nil {
		faults = append(faults, d.cards.Close(ctx))
	}
	if d.watch != nil {
		d.watch()
		<-d.watched
	}
	if d.servers != nil {
		faults = append(faults, d.servers.Stop(ctx))
	}
	return errors.Join(faults...)
}
