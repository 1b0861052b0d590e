package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/enduser"
	"disburse/gateway/epoch"
	"disburse/gateway/exchange"
	"disburse/gateway/export"
	"disburse/gateway/fx"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/httpapi"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/gateway/payout/sandbox"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/gateway/virtualcard"
	"disburse/gateway/worker"
	"disburse/ledger"
	"disburse/migrations"
	"disburse/ratelimit"
)

// App is the gateway as a value: the services, and, once started, the API and
// the workers over them. The server, dev mode, the command line and the
// end-to-end tests all build this one value.
type App struct {
	Config     Config
	DB         *pgxpool.Pool
	Ledger     *ledger.Ledger
	Directory  *merchant.Directory
	Merchants  *merchant.Service
	People     *merchant.People
	Payouts    *payout.Service
	Approvals  *approval.Service // what waits for a second person
	Rates      *fx.Rates
	Operators  *operator.Service
	Users      *enduser.Service
	Chat       *chat.Store
	CardOrders *cardorder.Service
	Exchange   *exchange.Service

	VirtualCards *virtualcard.Service
	Sessions     *signin.Service // of people on the web pages
	Callbacks    Journal
	Exports      *export.Service // lists as files, and statements
	Registry     *prometheus.Registry

	GameDirectory *gameprovider.Directory
	GameProviders *gameprovider.Service
	Games         *gamewallet.Service

	log     *slog.Logger
	vault   *vault.Vault
	allow   callbacks.AllowList
	metrics *metrics

	exposition exposition

	sites   []*site.Site
	http    *fiber.App
	address string
	worker  *worker.Worker
	closers []func() error
	failed  chan error
	closing sync.Once
	quit    context.CancelFunc
	running sync.WaitGroup
}

// Obligations says what open orders must hold on the ledger, for Verify.
func Obligations() []ledger.Obligation {
	return []ledger.Obligation{
		{Purpose: ledger.PurposeHeld, SQL: payout.HeldObligation}, cardorder.Obligation, exchange.Obligation,
		virtualcard.Obligation,
	}
}

// New builds the services on a valid configuration. It connects to nothing
// yet; Close it in the end, started or not.
func New(cfg Config, log *slog.Logger) (*App, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	redis.SetLogger(redisLog{log})
	ctx, quit := context.WithCancel(context.Background())
	a := &App{Config: cfg, Registry: prometheus.NewRegistry(), log: log, quit: quit, failed: make(chan error, 1)}
	if err := a.build(ctx); err != nil {
		_ = a.Close(ctx)
		return nil, err
	}
	return a, nil
}

func (a *App) build(ctx context.Context) (err error) {
	a.metrics = newMetrics(a.Registry)
	if a.allow, err = callbacks.ParseAllow(a.Config.CallbackAllow...); err != nil {
		return err
	}
	keys, err := vault.Parse(a.Config.EncryptionKeys)
	if err != nil {
		return err
	}
	if a.vault, err = vault.New(keys...); err != nil {
		return err
	}
	if a.DB, err = openPool(ctx, a.Config); err != nil {
		return err
	}
	a.Ledger, err = ledger.New(ledger.Config{DB: a.DB, Observe: a.metrics.group})
	if err != nil {
		return err
	}
	watcher, err := epoch.NewWatcher(epoch.Config{DB: a.DB, Log: a.log})
	if err != nil {
		return err
	}
	a.running.Go(func() { watcher.Run(ctx) })
	return a.buildServices(watcher)
}

func (a *App) buildServices(watcher *epoch.Watcher) (err error) {
	now := time.Now
	a.Directory, err = merchant.NewDirectory(merchant.DirectoryDeps{DB: a.DB, Vault: a.vault, Watcher: watcher, Now: now})
	if err != nil {
		return err
	}
	a.Merchants, err = merchant.NewService(merchant.Deps{DB: a.DB, Ledger: a.Ledger, Vault: a.vault, Watcher: watcher, Now: now})
	if err != nil {
		return err
	}
	if a.Rates, err = fx.New(fx.Deps{DB: a.DB, Watcher: watcher, Now: now}); err != nil {
		return err
	}
	a.Sessions, err = signin.New(signin.Deps{
		DB: a.DB, Vault: a.vault, Now: now, Issuer: "disburse", FactorOptional: a.Config.FactorOptional,
	})
	if err != nil {
		return err
	}
	if a.Operators, err = operator.New(operator.Deps{DB: a.DB, Watcher: watcher, Sessions: a.Sessions.Of(signin.Operators), Now: now}); err != nil {
		return err
	}
	if a.People, err = merchant.NewPeople(merchant.PeopleDeps{DB: a.DB, Sessions: a.Sessions.Of(signin.Merchants), Now: now}); err != nil {
		return err
	}
	if err := a.buildWallet(now); err != nil {
		return err
	}
	if err := a.buildCards(now); err != nil {
		return err
	}
	if err := a.buildGames(watcher, now); err != nil {
		return err
	}
	if a.Exports, err = export.New(export.Deps{DB: a.DB, Now: now, Log: a.log}); err != nil {
		return err
	}
	a.Callbacks = Journal{Journal: callbacks.Journal{DB: a.DB, Now: now}, db: a.DB, open: payout.BodyOpener(a.vault)}
	a.Payouts, err = payout.New(payout.Deps{
		DB: a.DB, Ledger: a.Ledger, Merchants: a.Directory, Rates: a.Rates, Vault: a.vault, Watcher: watcher,
		CheckURL:  func(target string) error { return callbacks.CheckURL(target, a.allow) },
		PublicURL: a.Config.PublicURL,
		Executors: []payout.Executor{&sandbox.Executor{ReceiptBase: a.Config.PublicURL + httpapi.SandboxReceipts, Now: now}},
		Now:       now, Log: a.log, Observe: a.metrics.payouts(),
	})
	if err != nil {
		return err
	}
	a.Approvals, err = approval.New(approval.Deps{DB: a.DB, Now: now, Deciders: map[approval.Kind]approval.Decider{
		approval.Payout: a.Payouts, approval.Adjustment: a.Merchants, approval.KeyRotation: a.Merchants,
		approval.Rule: a.Payouts, approval.VirtualCard: a.VirtualCards, approval.MerchantPerson: a.Merchants,
	}})
	return err
}

func openPool(ctx context.Context, cfg Config) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig(cfg.DatabaseURL)
	if err != nil {
		return nil, errors.New("DISBURSE_DATABASE_URL is not a PostgreSQL URL") // its own error quotes the URL
	}
	pool.MaxConns = int32(cfg.DatabaseConns) //nolint:gosec // a small number
	pool.ConnConfig.ConnectTimeout = 5 * time.Second
	pool.ConnConfig.Tracer = cfg.Tracer
	return pgxpool.NewWithConfig(ctx, pool)
}

// Start takes up the given roles. It returns when the API listens and the
// workers run, and the metrics are served if they have a listener of their own.
func (a *App) Start(ctx context.Context, roles ...Role) error {
	if err := a.Config.Validate(roles...); err != nil {
		return err
	}
	pending, err := migrations.Pending(ctx, a.DB)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if pending > 0 {
		return fmt.Errorf("the database lacks %d migrations: run `disburse migrate up`", pending)
	}
	if a.Config.MetricsListen != "" && len(roles) > 0 {
		if err := a.startExposition(); err != nil {
			return err
		}
	}
	for _, role := range roles {
		start := map[Role]func() error{API: a.startAPI, Workers: a.startWorkers}[role]
		if err := start(); err != nil {
			return fmt.Errorf("%s: %w", role, err)
		}
	}
	return nil
}

// Failed tells of a part that ended by itself: the process should end too.
func (a *App) Failed() <-chan error { return a.failed }

// Address is where the API listens, once started.
func (a *App) Address() string { return a.address }

func (a *App) startAPI() error {
	redisClient, err := ratelimit.NewClient(a.Config.RedisURL)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, redisClient.Close)
	limiter := ratelimit.New(ratelimit.Options{
		Redis: redisClient, Observe: a.metrics.limit,
		RedisAway: func(away bool, cause error) { a.redisAway(away, cause) },
	})
	proxies, err := a.Config.trustedProxies()
	if err != nil {
		return err
	}
	addressGate := limiter.FailureGate("authentication_address", 60)
	pages, err := a.buildPages(addressGate, redisClient)
	if err != nil {
		return err
	}
	a.http, err = httpapi.New(httpapi.Deps{
		Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
		Registry: a.Registry, MetricsElsewhere: a.Config.MetricsListen != "",
		Directory: a.Directory, Merchants: a.Merchants, Payouts: a.Payouts, Approvals: a.Approvals, Operators: a.Operators, Rates: a.Rates,
		EndUsers: a.Users, CardOrders: a.CardOrders, Exchange: a.Exchange, VirtualCards: a.VirtualCards,
		GameDirectory: a.GameDirectory, GameProviders: a.GameProviders, Games: a.Games,
		Ledger: a.Ledger, VerifyLedger: a.VerifyLedger, Callbacks: a.Callbacks, Exports: a.Exports,
		Audit:        func(ctx context.Context, f audit.Filter) (audit.Page, error) { return audit.List(ctx, a.DB, f) },
		Limiter:      limiter,
		MerchantGate: limiter.FailureGate("authentication_merchant", 10),
		AddressGate:  addressGate, Pages: pages,
		Checks: a.Checks(redisClient), TrustedProxies: proxies, Timeout: a.Config.RequestTimeout,
	})
	if err != nil {
		return err
	}
	listener := a.Config.Listener
	if listener == nil {
		if listener, err = net.Listen("tcp", a.Config.Listen); err != nil {
			return err
		}
	}
	a.address = listener.Addr().String()
	a.running.Go(func() {
		if err := httpapi.Serve(a.http, listener); err != nil {
			a.failed <- fmt.Errorf("the API stopped listening: %w", err)
		}
	})
	a.log.Info("API listens", "address", a.address, "public_url", a.Config.PublicURL)
	return nil
}

func (a *App) redisAway(away bool, cause error) {
	if away {
		a.log.Warn("Redis does not answer; limits are kept in this process", "error", cause.Error())
		return
	}
	a.log.Info("Redis answers again")
}

func (a *App) startWorkers() error {
	client, err := ratelimit.Connect(a.Config.RedisURL)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, client.Close)
	sender, err := callbacks.NewSender(callbacks.Config{
		DB: a.DB, Redis: client, Secrets: a.Directory.WebhookSecrets, OpenBody: payout.BodyOpener(a.vault),
		Log: a.log, OnAttempt: a.metrics.attempt, Allow: a.allow,
	})
	if err != nil {
		return err
	}
	a.worker, err = worker.New(worker.Deps{
		Payouts: a.Payouts, Exchange: a.Exchange, Cards: a.VirtualCards, Sessions: a.Sessions, Ledger: a.Ledger, Callbacks: sender, Log: a.log,
	})
	if err != nil {
		return err
	}
	if err := a.worker.Start(); err != nil {
		return err
	}
	a.startGauges(client)
	a.log.Info("workers run")
	return nil
}

// VerifyLedger replays the books; see ledger.Verify.
func (a *App) VerifyLedger(ctx context.Context) (ledger.Report, error) {
	return a.Ledger.Verify(ctx, Obligations(), nil)
}

// Checks are what must hold before the gateway takes requests.
func (a *App) Checks(redisClient redis.UniversalClient) []httpapi.Check {
	return []httpapi.Check{
		{Name: "postgresql", Probe: a.DB.Ping},
		{Name: "redis", Probe: func(ctx context.Context) error { return redisClient.Ping(ctx).Err() }},
		{Name: "migrations", Probe: func(ctx context.Context) error {
			pending, err := migrations.Pending(ctx, a.DB)
			if err == nil && pending > 0 {
				err = fmt.Errorf("%d are pending", pending)
			}
			return err
		}},
	}
}

// Close stops what was started, in the order in which requests flow: the API
// takes no more and finishes, the workers finish, waiting postings commit.
// What ctx cuts short is safe to lose: it is finished by another process or
// the next start. Closing once more does nothing.
func (a *App) Close(ctx context.Context) (err error) {
	a.closing.Do(func() { err = a.close(ctx) })
	return err
}

func (a *App) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Config.ShutdownTimeout)
	defer cancel()
	var faults []error
	for _, s := range a.sites {
		s.Close()
	}
	if a.Exports != nil {
		a.Exports.Close() // they can be asked for again, and would outlast what is waited for
	}
	if a.http != nil {
		faults = append(faults, a.http.ShutdownWithContext(ctx))
	}
	if a.worker != nil {
		faults = append(faults, a.worker.Stop(ctx))
	}
	if a.Ledger != nil {
		faults = append(faults, a.Ledger.Close(ctx))
	}
	// The last numbers of an orderly end can still be collected.
	if a.exposition.server != nil {
		faults = append(faults, a.exposition.server.Close())
	}
	a.quit()
	a.running.Wait()
	for _, closer := range a.closers {
		faults = append(faults, closer())
	}
	if a.DB != nil {
		a.DB.Close()
	}
	return errors.Join(faults...)
}

// redisLog turns what the Redis client would print by itself into log lines.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(_ context.Context, format string, v ...any) {
	l.log.Debug("redis client", "message", fmt.Sprintf(format, v...))
}
