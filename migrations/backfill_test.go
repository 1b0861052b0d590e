package migrations_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"disburse/migrations"
	"disburse/migrations/pgtest"
)

// TestGrantsBecomeRows: each reference of a bonus that was granted before is
// known afterwards, with what the first grant said.
func TestGrantsBecomeRows(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	upTo(t, pgtest.URL(t, pool), 8)
	for _, row := range [][3]string{
		{"user.grant-bonus", "1", `{"kind": "signup", "amount_kopecks": 700, "wagering_kopecks": 0, "ref": "july"}`},
		{"user.grant-bonus", "1", `{"kind": "cashback", "amount_kopecks": 900, "wagering_kopecks": 5, "ref": "july"}`},
		{"user.grant-bonus", "1", `{"kind": "cashback", "amount_kopecks": 900, "wagering_kopecks": 9223372036854775807, "ref": "a: b"}`},
		{"user.grant-bonus", "2", `{"kind": "cashback", "amount_kopecks": 1, "wagering_kopecks": 2, "ref": "july"}`},
		{"user.deposit", "2", `{"amount": "1.00", "currency": "RUB", "ref": "july"}`},
	} {
		_, err := pool.Exec(t.Context(), `insert into audit_log (at, actor_kind, actor_id, actor_name, address, action, subject, subject_id, after, request_id)
			values (now(), 'cli', '', '', '', $1, 'user', $2, $3::jsonb, '')`, row[0], row[1], row[2])
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := migrations.Up(t.Context(), pgtest.URL(t, pool)); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `select concat_ws(' ', user_id, kind, amount, wagering, reference) from bonus_grants order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"1 cashback 900 9223372036854775807 a: b", "1 signup 700 0 july", "2 cashback 1 2 july"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, grants (-want +got):\n%s", err, diff)
	}
}

// TestKeysBecomeHashes: a key that was given before is found under its hash, and
// what it was given with cannot be tried any more.
func TestKeysBecomeHashes(t *testing.T) {
	t.Parallel()
	pool := pgtest.Empty(t)
	upTo(t, pgtest.URL(t, pool), 8)
	keys := []string{"order-1", `\\x6f \n`, "заказ"}
	for i, key := range keys {
		_, err := pool.Exec(t.Context(), `insert into idempotency_keys (user_id, route, key, hash, result, created_at)
			values (1, 'POST /orders', $1, sha256('4276345439581234'), $2, now())`, key, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := migrations.Up(t.Context(), pgtest.URL(t, pool)); err != nil {
		t.Fatal(err)
	}
	for i, key := range keys {
		sum := sha256.Sum256([]byte(key))
		var result int
		var hash []byte
		err := pool.QueryRow(t.Context(), `select result, hash from idempotency_keys where user_id = 1 and route = 'POST /orders' and key = $1`,
			sum[:]).Scan(&result, &hash)
		if err != nil || result != i || !bytes.Equal(hash, make([]byte, 32)) {
			t.Errorf("%s: result %d, hash %x, %v", key, result, hash, err)
		}
	}
}

// upTo applies the migrations up to one of them.
func upTo(t *testing.T, url string, version int64) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("."), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}
