package migrations_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/migrations/pgtest"
)

var update = flag.Bool("update", false, "write schema.sql instead of comparing with it")

const goldenFile = "schema.sql"

// TestSchema shows in every review what a migration changes in the whole.
func TestSchema(t *testing.T) {
	t.Parallel()
	got := dump(t, pgtest.New(t))
	if *update {
		if err := os.WriteFile(goldenFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the migrations make another schema than %s says; if that is meant, run `make schema` (-file +database):\n%s", goldenFile, diff)
	}
}

const header = `-- What all migrations together make. Written by "make schema", for reading only.
`

// Each part is a query that yields one text per object, in a stable order. A
// catalog query rather than pg_dump: its text differs from version to version.
// Left out: what extensions bring, and goose's own table.
var parts = []struct{ title, query string }{
	{"Types", `
select format('type %s: enum (%s)', t.typname, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder))
from pg_type t join pg_enum e on e.enumtypid = t.oid
where t.typnamespace = 'public'::regnamespace
group by t.typname
union all
select format('domain %s: %s %s', t.typname, format_type(t.typbasetype, t.typtypmod),
              (select string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname) from pg_constraint c where c.contypid = t.oid and c.contype = 'c'))
from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype = 'd'
order by 1`},
	{"Sequences", `
select format('sequence %s: %s, start %s, increment %s', c.relname, format_type(s.seqtypid, null), s.seqstart, s.seqincrement)
from pg_sequence s join pg_class c on c.oid = s.seqrelid
where c.relnamespace = 'public'::regnamespace and c.relname not like 'goose_%'
order by c.relname`},
	{"Tables", `
select format(E'table %s%s%s\n%s', c.relname,
              case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end,
              case when c.reloptions is null then '' else format(' with (%s)', array_to_string(c.reloptions, ', ')) end,
              concat_ws(E'\n', columns.listing, constraints.listing, indexes.listing, triggers.listing))
from pg_class c
cross join lateral (
    select string_agg(format('    %s %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                             case when co.collname is not null and co.collname <> 'default' then ' collate ' || co.collname else '' end,
                             case when a.attnotnull then ' not null' else '' end,
                             case when a.attidentity <> '' then ' identity ' || a.attidentity::text else '' end,
                             case when a.attgenerated <> '' then format(' generated (%s)', pg_get_expr(d.adbin, d.adrelid))
                                  when d.oid is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end),
                      E'\n' order by a.attnum) as listing
    from pg_attribute a
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation co on co.oid = a.attcollation
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) columns
cross join lateral (
    select string_agg(format('    constraint %s %s', n.conname, pg_get_constraintdef(n.oid)), E'\n' order by n.contype, n.conname) as listing
    from pg_constraint n where n.conrelid = c.oid and n.contype in ('p', 'u', 'f', 'c', 'x')) constraints
cross join lateral (
    select string_agg('    ' || pg_get_indexdef(i.indexrelid), E'\n' order by pg_get_indexdef(i.indexrelid)) as listing
    from pg_index i where i.indrelid = c.oid
      and not exists (select 1 from pg_constraint n where n.conindid = i.indexrelid and n.contype in ('p', 'u', 'x'))) indexes
cross join lateral (
    select string_agg('    ' || pg_get_triggerdef(g.oid), E'\n' order by g.tgname) as listing
    from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal) triggers
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'goose_db_version'
order by c.relname`},
	{"Views", `
select format(E'view %s\n%s', c.relname, pg_get_viewdef(c.oid, true))
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
order by c.relname`},
	{"Functions", `
select rtrim(pg_get_functiondef(p.oid), E'\n')
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p')
  and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by p.proname, pg_get_function_identity_arguments(p.oid)`},
}

func dump(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	var text strings.Builder
	text.WriteString(header)
	for _, part := range parts {
		rows, err := pool.Query(context.Background(), part.query)
		if err != nil {
			t.Fatalf("%s: %v", part.title, err)
		}
		objects, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", part.title, err)
		}
		if len(objects) == 0 {
			continue
		}
		text.WriteString("\n-- " + part.title + "\n")
		for _, object := range objects {
			text.WriteString("\n" + object + "\n")
		}
	}
	return text.String()
}
