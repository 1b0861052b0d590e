package migrations_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"disburse/migrations/pgtest"
)

// TestAKeyIsLookedUpByItsIndex: a row is found by its key through the key's own
// index in a database that is new, too. The planner then knows nothing, takes all
// equalities for one row, and is as content with a list that begins with one column
// of the key; a server keeps that plan while the table grows. An index for such a
// list needs a condition that the list states and a look-up does not.
func TestAKeyIsLookedUpByItsIndex(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rows, err := pool.Query(t.Context(), `
select c.relname, x.relname, array_agg(a.attname::text order by k.n), array_agg(format_type(a.atttypid, a.atttypmod) order by k.n)
from pg_index i
join pg_class c on c.oid = i.indrelid
join pg_class x on x.oid = i.indexrelid
cross join unnest(i.indkey::int[]) with ordinality as k (attnum, n)
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indisunique and i.indpred is null and i.indexprs is null and k.n <= i.indnkeyatts
    and c.relnamespace = 'public'::regnamespace and c.relname not like 'goose_%'
group by 1, 2 order by 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		Table, Index   string
		Columns, Types []string
	}
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByPos[key])
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) < 50 {
		t.Fatalf("%d keys found", len(keys))
	}
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "set plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		var where, nulls []string
		for n, column := range k.Columns {
			where = append(where, fmt.Sprintf("%s = $%d", pgx.Identifier{column}.Sanitize(), n+1))
			nulls = append(nulls, "null")
		}
		name := fmt.Sprintf("by_key_%d", i)
		// The text protocol's PREPARE: what is explained is the plan that a driver's
		// prepared statement gets.
		_, err := conn.Exec(t.Context(), fmt.Sprintf("prepare %s (%s) as select * from %s where %s",
			name, strings.Join(k.Types, ", "), pgx.Identifier{k.Table}.Sanitize(), strings.Join(where, " and ")))
		if err != nil {
			t.Fatalf("%s: %v", k.Index, err)
		}
		rows, err := conn.Query(t.Context(), fmt.Sprintf("explain (costs off) execute %s (%s)", name, strings.Join(nulls, ", ")))
		if err != nil {
			t.Fatalf("%s: %v", k.Index, err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", k.Index, err)
		}
		if plan := strings.Join(lines, "\n"); !strings.Contains(plan, " using "+k.Index+" on ") {
			t.Errorf("%s by %s:\n%s", k.Table, strings.Join(k.Columns, ", "), plan)
		}
	}
}
