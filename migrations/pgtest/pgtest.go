package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/migrations"
)

const (
	variable     = "DISBURSE_DATABASE_URL"
	defaultConns = 6
	// setupTimeout bounds creating or dropping one database.
	setupTimeout = 60 * time.Second
	// templateLock is the advisory lock under which one process makes the
	// template while the others wait.
	templateLock = 0x6469736275727365
)

// Option changes what New returns.
type Option func(*pgxpool.Config)

// MaxConns lets the pool open more connections than the usual few.
func MaxConns(n int32) Option {
	return func(c *pgxpool.Config) { c.MaxConns = n }
}

// New returns a pool on a fresh database with the present schema. The database
// is dropped when the test ends.
func New(t testing.TB, options ...Option) *pgxpool.Pool {
	t.Helper()
	admin := adminURL(t)
	template, err := migratedTemplate(admin)
	if err != nil {
		t.Fatalf("pgtest: migrated template: %v", err)
	}
	return open(t, admin, template, options)
}

// Empty returns a pool on a fresh database without any schema, for tests of the
// migrations themselves.
func Empty(t testing.TB, options ...Option) *pgxpool.Pool {
	t.Helper()
	return open(t, adminURL(t), "template0", options)
}

// URL is the URL of the pool's database, for code that connects by itself.
func URL(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	return pool.Config().ConnString()
}

func adminURL(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(variable)
	if admin == "" {
		t.Fatalf("pgtest: %s is not set; run the tests with `make test`, or one package with `go run ./cmd/disburse services --fast -- go test ./some/package`", variable)
	}
	return admin
}

// open copies the template into a new database and connects to it.
func open(t testing.TB, admin, template string, options []Option) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name := "t_" + strings.ToLower(rand.Text())
	if err := execute(ctx, admin, "create database "+name+" template "+template); err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
		defer cancel()
		if err := execute(ctx, admin, "drop database if exists "+name+" with (force)"); err != nil {
			t.Errorf("pgtest: drop database: %v", err)
		}
	})
	target, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	config, err := pgxpool.ParseConfig(target)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	config.MaxConns = defaultConns
	for _, option := range options {
		option(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// made remembers, for this process, which servers have the template.
var made struct {
	sync.Mutex
	on map[string]string
}

// migratedTemplate returns the name of the template, making it if needed.
func migratedTemplate(admin string) (string, error) {
	made.Lock()
	defer made.Unlock()
	if name, ok := made.on[admin]; ok {
		return name, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name := "template_" + migrations.Fingerprint()[:16]
	if err := makeTemplate(ctx, admin, name); err != nil {
		return "", err
	}
	if made.on == nil {
		made.on = map[string]string{}
	}
	made.on[admin] = name
	return name, nil
}

// makeTemplate migrates a database under another name and renames it when done,
// so that what carries the template's name is always complete.
func makeTemplate(ctx context.Context, admin, name string) (err error) {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	// Closing the session also releases the lock.
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return err
	}
	var exists bool
	const find = "select exists (select 1 from pg_database where datname = $1)"
	if err := conn.QueryRow(ctx, find, name).Scan(&exists); err != nil || exists {
		return err
	}
	making := name + "_making"
	for _, statement := range []string{"drop database if exists " + making + " with (force)", "create database " + making + " template template0"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	target, err := withDatabase(admin, making)
	if err != nil {
		return err
	}
	if _, err := migrations.Up(ctx, target); err != nil {
		return err
	}
	// A background worker may still be leaving the database; nobody connects
	// to a template from here on.
	if _, err := conn.Exec(ctx, "alter database "+making+" with allow_connections false"); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "alter database "+making+" rename to "+name)
	return err
}

func execute(ctx context.Context, admin, statement string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func withDatabase(admin, name string) (string, error) {
	parsed, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", variable)
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}
