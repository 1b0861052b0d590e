package ledger

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	failure := func(severity, code string) error {
		return fmt.Errorf("line: %w", &pgconn.PgError{Severity: "ОШИБКА", SeverityUnlocalized: severity, Code: code})
	}
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"balances moved", failure("ERROR", balancesMoved), true},
		{"a rider missed", failure("ERROR", ridersMissed), true},
		{"reference taken", failure("ERROR", "23505"), true},
		{"deadlock", failure("ERROR", "40P01"), true},
		{"lock not available", failure("ERROR", "55P03"), true},
		{"value out of range", failure("ERROR", "22003"), true},
		{"read-only transaction", failure("ERROR", "25006"), false},
		{"plan no longer fits", failure("ERROR", "0A000"), false},
		{"table gone", failure("ERROR", "42P01"), false},
		{"disk full", failure("ERROR", "53100"), false},
		{"session ended", failure("FATAL", "57P01"), false},
		{"connection lost", errors.New("unexpected EOF"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := harmless(tc.err); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
