package export

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/transact"
	"disburse/migrations/pgtest"
)

// No list is sorted before its first row leaves, whatever it is narrowed by.
func TestNoListIsSortedFirst(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	period := Filter{From: time.Unix(1, 0), To: time.Unix(2, 0)}
	for kind, src := range sources {
		for _, f := range []Filter{{}, period} {
			tx, err := transact.Snapshot(t.Context(), db, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			c := cursor{tx: tx, src: src, filter: f}
			sql, args, err := c.statement(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), neverSort); err != nil {
				t.Fatal(err)
			}
			rows, err := tx.Query(t.Context(), "explain "+declareCursor+sql, args...)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(plan, "\n"); strings.Contains(text, "Sort") {
				t.Errorf("%s is sorted:\n%s", kind, text)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}
