package transact_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/fault"
	"disburse/gateway/transact"
	"disburse/migrations/pgtest"
)

const number = `update config_epoch set n = n + 1`

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func bounds(t *testing.T, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (lock, idle string) {
	t.Helper()
	err := db.QueryRow(t.Context(), `select current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')`).
		Scan(&lock, &idle)
	if err != nil {
		t.Fatal(err)
	}
	return lock, idle
}

func TestBoundsBelongToTheTransaction(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.MaxConns(1)) // one connection: what a transaction leaves behind shows
	beforeLock, beforeIdle := bounds(t, db)
	err := transact.Run(t.Context(), db, func(tx pgx.Tx) error {
		if lock, idle := bounds(t, tx); lock != "3s" || idle != "10s" {
			t.Errorf("waits %s for locks, may idle %s", lock, idle)
		}
		_, err := tx.Exec(t.Context(), number)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := transact.Begin(t.Context(), db, 90*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, idle := bounds(t, tx); idle != "90s" {
		t.Errorf("may idle %s, want 90s", idle)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lock, idle := bounds(t, db); lock != beforeLock || idle != beforeIdle {
		t.Errorf("left behind: waits %s for locks, may idle %s", lock, idle)
	}
	var n int64
	if err := db.QueryRow(t.Context(), `select n from config_epoch`).Scan(&n); err != nil || n != 2 {
		t.Errorf("number %d, %v: Run commits", n, err)
	}
}

func TestFailureRollsBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	no := errors.New("no")
	err := transact.Run(t.Context(), db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), number); err != nil {
			return err
		}
		return no
	})
	var n int64
	if scanned := db.QueryRow(t.Context(), `select n from config_epoch`).Scan(&n); !errors.Is(err, no) || scanned != nil || n != 1 {
		t.Errorf("%v, %v, number %d", err, scanned, n)
	}
}

// lock takes the row that every change of configuration needs.
func lock(t *testing.T, db *pgxpool.Pool, idle time.Duration) pgx.Tx {
	t.Helper()
	tx, err := transact.Begin(t.Context(), db, idle)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	if _, err := tx.Exec(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestALockedRowIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	lock(t, db, time.Minute)
	ctx := within(t, 20*time.Second)
	err := transact.Run(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, number)
		return err
	})
	if f := fault.From(err); f == nil || f.Kind != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("%v, want the fault unavailable", err)
	}
}

func TestAFrozenTransactionLosesItsLocks(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	frozen := lock(t, db, 100*time.Millisecond)
	ctx := within(t, 20*time.Second)
	err := transact.Run(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, number)
		return err
	})
	if err != nil {
		t.Errorf("the next one: %v", err)
	}
	if _, err := frozen.Exec(t.Context(), number); err == nil {
		t.Error("the frozen one went on")
	}
}

// TestNobodyBeginsByThemselves reads the code of the gateway: every
// transaction has the bounds.
func TestNobodyBeginsByThemselves(t *testing.T) {
	t.Parallel()
	begins := regexp.MustCompile(`\.Begin(Tx|Func|TxFunc)?\(`)
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") ||
			filepath.Dir(file) == filepath.Join("..", "transact") {
			return err
		}
		code, err := os.ReadFile(file)
		for _, found := range begins.FindAllIndex(code, -1) {
			if !strings.HasSuffix(string(code[:found[0]]), "transact") {
				t.Errorf("%s begins a transaction without bounds", file)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
