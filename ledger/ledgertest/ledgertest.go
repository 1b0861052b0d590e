// Package ledgertest gives tests a ledger that is verified when they end, so
// that no test that moved money can pass with books that do not hold.
package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/ledger"
)

// New starts a ledger on the test's database. At cleanup it is closed, and
// Verify must find nothing; obligations say what open orders must hold.
func New(t testing.TB, db *pgxpool.Pool, obligations ...ledger.Obligation) *ledger.Ledger {
	t.Helper()
	l, err := ledger.New(ledger.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
		Verify(t, l, obligations...)
	})
	return l
}

// Verify fails the test with every problem found in the books.
func Verify(t testing.TB, l *ledger.Ledger, obligations ...ledger.Obligation) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	report, err := l.Verify(ctx, obligations, nil)
	if err != nil {
		t.Errorf("ledger verify: %v", err)
	}
	for _, problem := range report.Problems {
		t.Errorf("ledger verify: %s", problem)
	}
}
