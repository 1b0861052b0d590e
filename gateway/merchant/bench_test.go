package merchant_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/merchant"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// process is one process: services with their own watcher on a shared database
// and a shared clock.
type process struct {
	*merchant.Service
	dir     *merchant.Directory
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
	books, err := ledger.New(ledger.Config{DB: pool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := books.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	// The watcher's own clock stands still, so it never counts as out of sight.
	p.watcher, err = epoch.NewWatcher(epoch.Config{DB: pool, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	p.poll(t)
	now := func() time.Time { return noon.Add(time.Duration(since.Load())) }
	p.Service, err = merchant.NewService(merchant.Deps{DB: pool, Ledger: books, Vault: v, Watcher: p.watcher, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	p.dir, err = merchant.NewDirectory(merchant.DirectoryDeps{DB: pool, Vault: v, Watcher: p.watcher, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) poll(t testing.TB) {
	t.Helper()
	if err := p.watcher.Poll(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (p *process) create(t testing.TB, name string) merchant.Created {
	t.Helper()
	made, err := p.Create(context.Background(), merchant.New{Name: name, FeeBPS: 100})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (p *process) byName(t testing.TB, name string) merchant.Merchant {
	t.Helper()
	m, err := p.dir.ByName(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (p *process) trail(t testing.TB) []audit.Item {
	t.Helper()
	page, err := audit.List(context.Background(), p.pool, audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func usdt(t testing.TB, text string) money.Money {
	t.Helper()
	m, err := money.Parse(text, money.USDT)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func BenchmarkByName(b *testing.B) {
	p := setup(b)
	p.create(b, "demo")
	for b.Loop() {
		p.byName(b, "demo")
	}
}

func BenchmarkCreateThousand(b *testing.B) {
	p := setup(b)
	round := 0
	for b.Loop() {
		round++
		many := make([]merchant.New, 1000)
		for i := range many {
			many[i].Name = "m" + strconv.Itoa(round) + "-" + strconv.Itoa(i)
		}
		if _, err := p.CreateMany(context.Background(), many); err != nil {
			b.Fatal(err)
		}
	}
}

func (p *process) clock() time.Time { return noon.Add(time.Duration(p.since.Load())) }

func vaultOf(p *process) (*vault.Vault, error) { return vault.New(p.keys...) }
