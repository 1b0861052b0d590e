package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/shopspring/decimal"

	"disburse/gateway"
	"disburse/gateway/devmode/services"
	"disburse/gateway/enduser"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/migrations"
	"disburse/ratelimit"
)

// stand is one installation under load: servers of its own that write to disk,
// gateways and workers as processes, merchants, and operators at the desk.
type stand struct {
	t       *testing.T
	lasting time.Duration // how long the fault goes on
	servers *services.Services
	db      *pgxpool.Pool // for looking, and for turning the clock forward
	redis   *redis.Client
	env     []string

	gateways, workers []*process
	shops             []*shop
	tokens            []string // of operators; the last may settle disputes
	customers         []*customer
	http              *http.Client

	closing, deskClosing chan struct{}
	clients, desk        sync.WaitGroup
	creates, polls, rest tally

	mu       sync.Mutex
	orders   map[string]*order // by order_id
	deals    []*deal
	problems []string
}

// shop is a merchant.
type shop struct {
	name    string
	mode    ledger.Mode
	secrets merchant.Secrets
	inbox   *inbox
}

// toppedUp is what every merchant starts with: plenty.
const toppedUp = "50000000"

// patience is how long anything may take once the fault is over. The longest
// wait by design is the 30 seconds for which a dead worker's attempts are left
// alone; the rest is for busy machines.
const patience = 3 * time.Minute

func newStand(t *testing.T, gateways, workers int) *stand {
	t.Helper()
	s := &stand{
		t: t, lasting: faultTime(t), orders: map[string]*order{},
		closing: make(chan struct{}), deskClosing: make(chan struct{}),
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	t.Cleanup(s.http.CloseIdleConnections)
	s.startServers()
	s.seed()
	logs := t.ArtifactDir()
	for i := range gateways {
		s.gateways = append(s.gateways, newProcess(t, fmt.Sprintf("gateway%d", i), logs, s.env, "serve", "--listen", "127.0.0.1:0"))
	}
	for i := range workers {
		s.workers = append(s.workers, newProcess(t, fmt.Sprintf("worker%d", i), logs, s.env, "work"))
	}
	return s
}

func (s *stand) startServers() {
	t := s.t
	var err error
	if s.servers, err = services.Start(t.Context(), services.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.servers.Stop(ctx); err != nil {
			t.Error("stopping the servers:", err)
		}
	})
	s.env = []string{
		"DISBURSE_DATABASE_URL=" + s.servers.DatabaseURL, "DISBURSE_REDIS_URL=" + s.servers.RedisURL,
		"DISBURSE_ENCRYPTION_KEYS=" + vault.Generate("faults").String(),
		"DISBURSE_PUBLIC_URL=http://127.0.0.1", "DISBURSE_CALLBACK_ALLOW=loopback",
	}
	if _, err := migrations.Up(t.Context(), s.servers.DatabaseURL); err != nil {
		t.Fatal(err)
	}
	if s.db, err = pgxpool.New(t.Context(), s.servers.DatabaseURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.db.Close)
	options, err := redis.ParseURL(s.servers.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	s.redis = redis.NewClient(options)
	t.Cleanup(func() { _ = s.redis.Close() })
}

// seed makes a rate, two live and two sandbox merchants, two operators, and six
// end users.
func (s *stand) seed() {
	t, ctx := s.t, s.t.Context()
	app, err := gateway.New(gateway.Config{
		DatabaseURL: s.servers.DatabaseURL, PublicURL: noPublicURL, DatabaseConns: 4,
		EncryptionKeys: strings.TrimPrefix(s.env[2], "DISBURSE_ENCRYPTION_KEYS="),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = app.Rates.Set(ctx, fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234"), MaxAge: 24 * time.Hour})
	must(err)
	amount, err := money.Parse(toppedUp, money.USDT)
	must(err)
	// Creates are not limited. The other limits are wide enough never to bite,
	// and are taken from Redis all the same.
	wide := ratelimit.Limit{Rate: 100_000, Per: time.Second, Burst: 100_000}
	limits := map[merchant.LimitName]ratelimit.Limit{
		merchant.LimitCreate: {}, merchant.LimitReject: wide, merchant.LimitStatus: wide, merchant.LimitStatusPayout: wide,
	}
	for i, mode := range []ledger.Mode{ledger.Live, ledger.Sandbox, ledger.Live, ledger.Sandbox} {
		made, err := app.Merchants.Create(ctx, merchant.New{Name: fmt.Sprintf("%s%d", mode, i), Mode: mode, FeeBPS: 100})
		must(err)
		_, err = app.Merchants.Set(ctx, made.Merchant.ID, merchant.Change{Limits: limits})
		must(err)
		_, err = app.Merchants.TopUp(ctx, made.Merchant.ID, amount, "first")
		must(err)
		s.shops = append(s.shops, &shop{
			name: made.Merchant.Name, mode: mode, secrets: made.Secrets,
			inbox: newInbox(t, made.Secrets.SignKey, made.Secrets.WebhookSecret),
		})
	}
	for _, role := range []operator.Role{operator.RoleOperator, operator.RoleApprover} {
		made, err := app.Operators.Create(ctx, operator.NewOperator{Email: string(role) + "@desk.example", Role: role})
		must(err)
		s.tokens = append(s.tokens, string(made.Token))
	}
	for i := range 6 {
		made, err := app.Users.Create(ctx, enduser.Spec{Name: fmt.Sprintf("user%d", i)})
		must(err)
		must(app.Users.Deposit(ctx, made.ID, money.New(startedWith, enduser.RUB), "first"))
		token, _, err := app.Users.IssueToken(ctx, made.ID, time.Hour)
		must(err)
		s.customers = append(s.customers, &customer{id: made.ID, name: made.Name, token: token})
	}
}

// problem notes something that must not be, to be told together in the end.
func (s *stand) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// tell fails the test with what was noted.
func (s *stand) tell() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 30
	for i, p := range s.problems {
		if i == most {
			s.t.Errorf("and %d more", len(s.problems)-most)
			break
		}
		s.t.Error(p)
	}
}

// hold makes all merchants' endpoints leave callbacks unanswered, or answer.
func (s *stand) hold(on bool) {
	for _, shop := range s.shops {
		shop.inbox.hold(on)
	}
}

// open is how many attempts wait for an answer.
func (s *stand) open() (n int) {
	for _, shop := range s.shops {
		n += shop.inbox.open()
	}
	return n
}

// progress waits until n more creates were answered.
func (s *stand) progress(n int64) {
	s.t.Helper()
	target := s.creates.answered.Load() + n
	if !await(s.t, fmt.Sprintf("%d more creates answered", n), patience, func() bool { return s.creates.answered.Load() >= target }) {
		s.t.FailNow()
	}
}

// Turning the clock forward: for payouts that are to time out, and, once the
// fault is over, for executors' answers that were lost and are asked for again
// after a minute.
const (
	expireNow = `update payouts set expires_at = created_at + interval '1 millisecond'
where status = 'expectation' and order_id like '%-late' and created_at < now() - interval '100 milliseconds'`
	lookNow = `update payouts set look_at = now() where status = 'expectation' and look_at > now()`
)

// expireSome lets the time of payouts run out while the fault goes on.
func (s *stand) expireSome() {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-s.t.Context().Done():
			return
		case <-tick.C:
			// It fails while PostgreSQL is away; the next one does it.
			_, _ = s.db.Exec(s.t.Context(), expireNow)
		}
	}
}

// settle ends the load, and waits until every payout has ended and every
// callback has arrived.
func (s *stand) settle() {
	t := s.t
	t.Helper()
	close(s.closing)
	s.clients.Wait()
	s.tell()
	await(t, "all payouts end", patience, func() bool {
		for _, sql := range []string{expireNow, lookNow} {
			if _, err := s.db.Exec(t.Context(), sql); err != nil {
				return false
			}
		}
		var open int
		err := s.db.QueryRow(t.Context(), `select count(*) from payouts where status = 'expectation'`).Scan(&open)
		return err == nil && open == 0
	})
	close(s.deskClosing)
	s.desk.Wait()
	await(t, "all callbacks are delivered", patience, func() bool {
		var pending int
		err := s.db.QueryRow(t.Context(), `select count(*) from callback_deliveries where state <> 'delivered'`).Scan(&pending)
		return err == nil && pending == 0
	})
}
