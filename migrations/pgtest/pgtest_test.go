package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/migrations"
	"disburse/migrations/pgtest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	t.Run("HasThePresentSchema", func(t *testing.T) {
		t.Parallel()
		pending, err := migrations.Pending(t.Context(), pgtest.New(t))
		if err != nil || pending != 0 {
			t.Fatalf("pending migrations: got %d, %v, want none", pending, err)
		}
	})
	t.Run("IsItsOwn", func(t *testing.T) {
		t.Parallel()
		one, other := pgtest.New(t), pgtest.New(t)
		if _, err := one.Exec(t.Context(), "create table mine (id bigint)"); err != nil {
			t.Fatal(err)
		}
		if tableExists(t, other, "mine") {
			t.Error("a table made in one database is seen in another")
		}
	})
	t.Run("IsDroppedAtTheEnd", func(t *testing.T) {
		t.Parallel()
		watcher := pgtest.Empty(t)
		var name string
		t.Run("User", func(t *testing.T) {
			pool := pgtest.New(t)
			if err := pool.QueryRow(t.Context(), "select current_database()").Scan(&name); err != nil {
				t.Fatal(err)
			}
		})
		var exists bool
		err := watcher.QueryRow(t.Context(), "select exists (select 1 from pg_database where datname = $1)", name).Scan(&exists)
		if err != nil || exists {
			t.Errorf("database %s after its test: exists %v, %v", name, exists, err)
		}
	})
	t.Run("OpensAsManyConnectionsAsAsked", func(t *testing.T) {
		t.Parallel()
		pool := pgtest.New(t, pgtest.MaxConns(9))
		if got := pool.Config().MaxConns; got != 9 {
			t.Errorf("connections: got %d, want 9", got)
		}
	})
}

func TestURL(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	second, err := pgxpool.New(t.Context(), pgtest.URL(t, pool))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	var names [2]string
	for i, p := range []*pgxpool.Pool{pool, second} {
		if err := p.QueryRow(t.Context(), "select current_database()").Scan(&names[i]); err != nil {
			t.Fatal(err)
		}
	}
	if names[0] != names[1] {
		t.Errorf("the URL leads to %s, want %s", names[1], names[0])
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	if tableExists(t, pgtest.Empty(t), "goose_db_version") {
		t.Error("the empty database has been migrated")
	}
}

// BenchmarkNew measures what each test pays to get its database; the drops come
// at the end.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		pgtest.New(b)
	}
}

func tableExists(t *testing.T, pool *pgxpool.Pool, name string) bool {
	t.Helper()
	var exists bool
	err := pool.QueryRow(context.Background(), "select to_regclass($1) is not null", name).Scan(&exists)
	if err != nil {
		t.Fatal(err)
	}
	return exists
}
