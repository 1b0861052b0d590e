package gameprovider_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/vault"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	rub money.Currency = "RUB"
	uri string         = "https://wallet.example.test/wallet/balance"
)

// process is one process: services with their own watcher on a shared database
// and a shared clock.
type process struct {
	*gameprovider.Service
	dir     *gameprovider.Directory
	deps    gameprovider.Deps
	pool    *pgxpool.Pool
	watcher *epoch.Watcher
	since   *atomic.Int64 // the clock: nanoseconds after noon
	keys    []vault.Key
}

func setup(t testing.TB) *process {
	t.Helper()
	return start(t, pgtest.New(t), &atomic.Int64{}, vault.Generate("k1"))
}

func start(t testing.TB, pool *pgxpool.Pool, since *atomic.Int64, keys ...vault.Key) *process {
	t.Helper()
	p := &process{pool: pool, since: since, keys: keys}
	v, err := vault.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	// The watcher's own clock stands still, so it never counts as out of sight.
	p.watcher, err = epoch.NewWatcher(epoch.Config{DB: pool, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	p.poll(t)
	p.deps = gameprovider.Deps{DB: pool, Vault: v, Watcher: p.watcher, Now: p.now}
	if p.Service, err = gameprovider.NewService(p.deps); err != nil {
		t.Fatal(err)
	}
	if p.dir, err = gameprovider.NewDirectory(p.deps); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) now() time.Time { return noon.Add(time.Duration(p.since.Load())) }

func (p *process) pass(d time.Duration) { p.since.Add(int64(d)) }

func (p *process) poll(t testing.TB) {
	t.Helper()
	if err := p.watcher.Poll(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (p *process) create(t testing.TB, name string) (gameprovider.Provider, gameprovider.Pair) {
	t.Helper()
	made, pair, err := p.Create(context.Background(), gameprovider.Spec{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return made, pair
}

// user makes a user of ours.
func (p *process) user(t testing.TB, name string) (id int64) {
	t.Helper()
	err := p.pool.QueryRow(context.Background(), `
insert into users (name, nickname, signup_bonus, cashback_bonus, deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
values ($1, $1, false, false, 0, 0, 0, 0, 0, $2) returning id`, name, noon).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// bind binds a player without limits to a new user.
func (p *process) bind(t testing.TB, provider, playerID string) gameprovider.Player {
	t.Helper()
	bound, err := p.BindPlayer(context.Background(), gameprovider.Binding{
		Provider: provider, PlayerID: playerID, UserID: p.user(t, playerID), Currency: rub,
	})
	if err != nil {
		t.Fatal(err)
	}
	return bound
}

func (p *process) open(t testing.TB, provider, playerID, id string) gameprovider.Session {
	t.Helper()
	s, err := p.OpenSession(context.Background(), gameprovider.SessionSpec{Provider: provider, PlayerID: playerID, SessionID: id})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (p *process) seat(t testing.TB, provider int64, playerID, sessionID string) gameprovider.Seat {
	t.Helper()
	seat, err := p.dir.Seat(context.Background(), provider, playerID, sessionID)
	if err != nil {
		t.Fatal(err)
	}
	return seat
}

// trail is what the audit rows of an action say of its subjects, oldest first.
func (p *process) trail(t testing.TB, action string) []audit.Item {
	t.Helper()
	found, err := audit.List(context.Background(), p.pool, audit.Filter{Action: action, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return found.Items
}

func (p *process) wantTrail(t testing.TB, action string, n int) {
	t.Helper()
	if got := len(p.trail(t, action)); got != n {
		t.Errorf("%d audit rows of %s, want %d", got, action, n)
	}
}

// wantCode checks the code of a fault, and its first field when one is named.
func wantCode(t testing.TB, err error, code, field string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if field != "" && (len(f.Fields) == 0 || f.Fields[0].Name != field) {
		t.Errorf("got fields %v, want %s first", f.Fields, field)
	}
}
