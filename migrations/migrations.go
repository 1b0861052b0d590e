package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed [0-9]*.sql
var files embed.FS

// How often a process asks for the migration lock, and when it gives up.
const (
	lockEverySeconds = 1
	lockAttempts     = 60
)

// Migration is one numbered file.
type Migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// AppliedAt is nil while the migration is pending.
	AppliedAt *time.Time `json:"applied_at"`
}

// Up applies every pending migration, each in its own transaction, and returns
// those it applied in order. The URL must reach PostgreSQL itself, not a
// transaction pooler: the lock belongs to a session.
func Up(ctx context.Context, databaseURL string) (applied []Migration, err error) {
	err = withProvider(databaseURL, func(provider *goose.Provider) error {
		results, err := provider.Up(ctx)
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			results = partial.Applied
		}
		for _, r := range results {
			applied = append(applied, Migration{Version: r.Source.Version, Name: path.Base(r.Source.Path)})
		}
		return err
	})
	return applied, err
}

// Status lists all migrations in order, with when each was applied.
func Status(ctx context.Context, databaseURL string) (all []Migration, err error) {
	err = withProvider(databaseURL, func(provider *goose.Provider) error {
		statuses, err := provider.Status(ctx)
		for _, s := range statuses {
			m := Migration{Version: s.Source.Version, Name: path.Base(s.Source.Path)}
			if s.State == goose.StateApplied {
				at := s.AppliedAt
				m.AppliedAt = &at
			}
			all = append(all, m)
		}
		return err
	})
	return all, err
}

const (
	selectApplied  = `select version_id from goose_db_version where is_applied and version_id > 0`
	undefinedTable = "42P01"
)

// Pending counts the migrations this program has and the database lacks. It is
// one small query, fit for a readiness check.
func Pending(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	missing := map[int64]bool{}
	for _, name := range names() {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		missing[version] = true
	}
	// CollectRows also reports an error of the query itself.
	rows, _ := pool.Query(ctx, selectApplied)
	versions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == undefinedTable {
		return len(missing), nil
	}
	if err != nil {
		return 0, fmt.Errorf("read applied migrations: %w", err)
	}
	for _, version := range versions {
		delete(missing, version)
	}
	return len(missing), nil
}

// Fingerprint is a hex digest over all migrations' names and contents: two
// programs with the same fingerprint make the same schema.
func Fingerprint() string {
	sum := sha256.New()
	for _, name := range names() {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the list comes from the same embedded files
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// names lists the migration files in order.
func names() []string {
	found, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // only a malformed pattern fails
	}
	return found
}

func withProvider(databaseURL string, use func(*goose.Provider) error) (err error) {
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEverySeconds, lockAttempts))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := use(provider); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}
