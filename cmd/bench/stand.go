package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/valyala/fasthttp"

	"disburse/gateway"
	"disburse/gateway/devmode/services"
	"disburse/gateway/fx"
	"disburse/gateway/gameprovider"
	"disburse/gateway/merchant"
	"disburse/gateway/vault"
	"disburse/ledger/money"
	"disburse/migrations"
	"disburse/ratelimit"
)

// Helpers are this program started again with another task, so that the
// gateway and the queue's worker are processes of their own.
const (
	helperVariable = "DISBURSE_BENCH_HELPER"
	helperGateway  = "gateway"
	helperQueue    = "queue"
)

// bench is the stand: servers, a gateway, a receiver of callbacks, and what
// was measured so far.
type bench struct {
	options  options
	config   gateway.Config
	db       *pgxpool.Pool
	services *services.Services
	gateway  *helper
	url      string
	client   *fasthttp.Client
	receiver *receiver
	runID    string
	serial   atomic.Int64 // of references and orders

	merchants []merchant.Created // the first is the hot one
	people    []person           // the first owns the hot ad
	desk      string             // an operator's token
	seats     []seat             // the first is the hot player
	provider  string             // of games
	pair      gameprovider.Pair  // its keys
	measures  []*measure
	looked    []looked       // of the console
	weights   map[string]int // of the files of its pages, by their address
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o, runID: strings.ToLower(rand.Text()[:8])}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	b.config = gateway.Config{
		DatabaseURL: os.Getenv("DISBURSE_DATABASE_URL"), RedisURL: os.Getenv("DISBURSE_REDIS_URL"),
		EncryptionKeys: os.Getenv("DISBURSE_ENCRYPTION_KEYS"), CallbackAllow: []string{"loopback"},
	}
	if b.config.PublicURL = os.Getenv("DISBURSE_PUBLIC_URL"); b.config.PublicURL == "" {
		b.config.PublicURL = strings.TrimRight(o.URL, "/")
	}
	if o.URL == "" {
		if err := b.startServers(ctx); err != nil {
			return b, err
		}
	}
	pool, err := pgxpool.ParseConfig(b.config.DatabaseURL)
	if err != nil {
		return b, errors.New("DISBURSE_DATABASE_URL is not set or is no PostgreSQL URL")
	}
	pool.MaxConns = int32(o.Clients) + 8 //nolint:gosec // a small number
	if b.db, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return b, err
	}
	if b.receiver, err = newReceiver(); err != nil {
		return b, err
	}
	b.client = &fasthttp.Client{MaxConnsPerHost: 4 * o.Clients, ReadTimeout: 15 * time.Second, MaxIdleConnDuration: time.Minute}
	b.url = strings.TrimRight(o.URL, "/")
	return b, nil
}

func (b *bench) startServers(ctx context.Context) (err error) {
	if b.services, err = services.Start(ctx, services.Options{Dir: b.options.Data}); err != nil {
		return err
	}
	b.config.DatabaseURL, b.config.RedisURL = b.services.DatabaseURL, b.services.RedisURL
	if err := b.findKeys(); err != nil {
		return err
	}
	_, err = migrations.Up(ctx, b.config.DatabaseURL)
	return err
}

// findKeys takes the keys of the run before on the same directory, so that what
// it sealed can be opened.
func (b *bench) findKeys() error {
	if b.config.EncryptionKeys != "" {
		return nil
	}
	b.config.EncryptionKeys = vault.Generate("bench").String()
	if b.options.Data == "" {
		return nil
	}
	kept := filepath.Join(b.options.Data, "bench.keys")
	before, err := os.ReadFile(kept) //nolint:gosec // it is ours
	switch {
	case err == nil:
		b.config.EncryptionKeys = string(before)
		return nil
	case errors.Is(err, os.ErrNotExist):
		return os.WriteFile(kept, []byte(b.config.EncryptionKeys), 0o600)
	default:
		return err
	}
}

// needGateway starts a gateway unless one runs; the ledger alone is measured
// without its polling beside it.
func (b *bench) needGateway(ctx context.Context) (err error) {
	if b.url != "" {
		return nil
	}
	b.config.Listen, b.config.PublicURL = "127.0.0.1:0", "http://127.0.0.1"
	if b.gateway, err = b.startGateway(ctx, b.config.Listen); err == nil {
		b.url = "http://" + b.gateway.said
	}
	return err
}

func (b *bench) startGateway(ctx context.Context, listen string) (*helper, error) {
	return startHelper(ctx, helperGateway,
		"DISBURSE_DATABASE_URL="+b.config.DatabaseURL, "DISBURSE_REDIS_URL="+b.config.RedisURL,
		"DISBURSE_ENCRYPTION_KEYS="+b.config.EncryptionKeys, "DISBURSE_LISTEN="+listen)
}

// restartGateway kills our gateway as a power cut does, and starts another at
// the same address.
func (b *bench) restartGateway(ctx context.Context) error {
	if err := b.gateway.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = b.gateway.cmd.Wait() // it was killed
	started, err := b.startGateway(ctx, b.gateway.said)
	if err != nil {
		return err
	}
	b.gateway = started
	return nil
}

// runGateway is the gateway's process: API and workers, as `disburse serve
// --with-workers`, with its log thrown away.
func runGateway(ctx context.Context) error {
	app, err := gateway.New(gateway.Config{
		DatabaseURL: os.Getenv("DISBURSE_DATABASE_URL"), RedisURL: os.Getenv("DISBURSE_REDIS_URL"),
		EncryptionKeys: os.Getenv("DISBURSE_ENCRYPTION_KEYS"), PublicURL: "http://127.0.0.1", Listen: os.Getenv("DISBURSE_LISTEN"),
		CallbackAllow: []string{"loopback"},
	}, slog.New(slog.NewJSONHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the process ends
	if err := app.Start(ctx, gateway.API, gateway.Workers); err != nil {
		return err
	}
	fmt.Println(app.Address())
	<-ctx.Done()
	return nil
}

// helper is a process of our own program that said one line when it was ready.
type helper struct {
	cmd  *exec.Cmd
	said string
}

func startHelper(ctx context.Context, task string, environment ...string) (*helper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self) //nolint:gosec // this very program
	cmd.Env = append(append(os.Environ(), helperVariable+"="+task), environment...)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // closes when this process ends, however it ends
		return nil, err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Wait()
		return nil, fmt.Errorf("the %s process did not come up", task)
	}
	return &helper{cmd, strings.TrimSpace(line)}, nil
}

// untilOrphaned is ctx for a helper: it ends when the program that started it
// does, which then closes the helper's input.
func untilOrphaned(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return ctx
}

func (h *helper) stop() {
	_ = h.cmd.Process.Signal(os.Interrupt)
	_ = h.cmd.Wait()
}

// peakMemory is the most memory the process ever held, in MiB; 0 where the
// system does not tell.
func (h *helper) peakMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024
		}
	}
	return 0
}

func (b *bench) close() {
	if b.gateway != nil {
		b.gateway.stop()
	}
	if b.receiver != nil {
		b.receiver.close()
	}
	if b.db != nil {
		b.db.Close()
	}
	if b.services != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := b.services.Stop(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench: stopping the servers:", err)
		}
	}
}

func (b *bench) needReference(ctx context.Context) error {
	_, err := b.db.Exec(ctx, sqlReferenceSchema)
	return err
}

// openApp is the gateway's services in this process, to make parties with.
func (b *bench) openApp() (*gateway.App, error) {
	config := b.config
	if config.PublicURL == "" {
		config.PublicURL = "http://127.0.0.1"
	}
	return gateway.New(config, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
}

// needMerchants makes the merchants of this run, with money, a rate, and no
// rate limits.
func (b *bench) needMerchants(ctx context.Context) ([]merchant.Created, error) {
	if err := b.needGateway(ctx); err != nil || b.merchants != nil {
		return b.merchants, err
	}
	app, err := b.openApp()
	if err != nil {
		return nil, err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	rate := fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234"), MaxAge: 24 * time.Hour, Confirm: true}
	if _, err := app.Rates.Set(ctx, rate); err != nil {
		return nil, err
	}
	many := make([]merchant.New, b.options.Merchants+1)
	for i := range many {
		many[i] = merchant.New{Name: fmt.Sprintf("bench-%s-%d", b.runID, i), FeeBPS: 100}
	}
	made, err := app.Merchants.CreateMany(ctx, many)
	if err != nil {
		return nil, err
	}
	off := map[merchant.LimitName]ratelimit.Limit{}
	for _, name := range merchant.LimitNames() {
		off[name] = ratelimit.Limit{}
	}
	for _, m := range made {
		if _, err := app.Merchants.Set(ctx, m.Merchant.ID, merchant.Change{Limits: off}); err != nil {
			return nil, err
		}
		amount := money.New(1_000_000_000_000_000, money.USDT)
		if _, err := app.Merchants.TopUp(ctx, m.Merchant.ID, amount, "bench"); err != nil {
			return nil, err
		}
	}
	b.merchants = made
	return made, nil
}
