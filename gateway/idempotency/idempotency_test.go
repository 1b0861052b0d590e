package idempotency_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/idempotency"
	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/ledger/money"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, user int64, route, name string, request any) idempotency.Key {
	t.Helper()
	k, err := idempotency.Of(user, route, name, request)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestFind(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	claimed := key(t, 1, "POST /orders", "k", "body")
	if err := idempotency.Write(t.Context(), db, claimed, 58, noon); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		key   idempotency.Key
		found bool
		err   error
	}{
		{"Same", claimed, true, nil},
		{"ErrOtherRequest", key(t, 1, "POST /orders", "k", "other"), false, idempotency.ErrReused},
		{"OtherUser", key(t, 2, "POST /orders", "k", "body"), false, nil},
		{"OtherRoute", key(t, 1, "POST /ads", "k", "body"), false, nil},
		{"OtherKey", key(t, 1, "POST /orders", "K", "body"), false, nil},
		{"NoKey", key(t, 1, "POST /orders", "", "body"), false, nil},
		{"Zero", idempotency.Key{}, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result, found, err := idempotency.Find(t.Context(), db, tt.key)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || found != tt.found || found && result != 58 {
				t.Errorf("Find = %d, %v, %v", result, found, err)
			}
		})
	}
	if err := idempotency.Write(t.Context(), db, claimed, 59, noon); !idempotency.Taken(err) {
		t.Errorf("a second claim: %v", err)
	}
}

func TestNoKeyClaimsNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledgertest.New(t, db)
	for i := range 3 {
		if err := idempotency.Write(t.Context(), db, key(t, 1, "r", "", i), 1, noon); err != nil {
			t.Error(err)
		}
		entry := ledger.UserDeposit(fmt.Sprint("d", i), "user:1", money.New(1, "RUB"))
		if _, err := l.Post(t.Context(), entry, ledger.Rider(idempotency.Claim(key(t, 1, "r", "", i), 1, noon))); err != nil {
			t.Error(err)
		}
	}
	var n int
	if err := db.QueryRow(t.Context(), `select count(*) from idempotency_keys`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d claims, %v", n, err)
	}
}

func TestARequestIsItsContentAlone(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	claimed := key(t, 1, "r", "k", map[string]any{"amount": 1, "details": map[string]any{"x": "1", "y": "2"}})
	if err := idempotency.Write(t.Context(), db, claimed, 58, noon); err != nil {
		t.Fatal(err)
	}
	same := key(t, 1, "r", "k", map[string]any{"details": map[string]any{"y": "2", "x": "1"}, "amount": 1})
	if _, found, err := idempotency.Find(t.Context(), db, same); err != nil || !found {
		t.Errorf("the same in another order: %v, %v", found, err)
	}
	other := key(t, 1, "r", "k", map[string]any{"amount": 2, "details": map[string]any{"x": "1", "y": "2"}})
	if _, _, err := idempotency.Find(t.Context(), db, other); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("another: %v", err)
	}
	if _, err := idempotency.Of(1, "r", "k", make(chan int)); err == nil {
		t.Error("a request that is no JSON has a key")
	}
}

// TestWhoHasTheDatabaseCannotTryRequests: neither the key's text nor anything
// that can be computed from the request alone is kept.
func TestWhoHasTheDatabaseCannotTryRequests(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const request, route = "4276345439581234", "POST /orders"
	given := []string{"5d7f3a52-0b6e-4a0c-9f3e-0a4f0f6c1d11", "5d7f3a52-0b6e-4a0c-9f3e-0a4f0f6c1d12"}
	for i, text := range given {
		if err := idempotency.Write(t.Context(), db, key(t, 1, route, text, request), int64(i), noon); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := db.Query(t.Context(), `select key, hash from idempotency_keys order by result`)
	if err != nil {
		t.Fatal(err)
	}
	type kept struct{ Key, Hash []byte }
	claims, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range given {
		name := sha256.Sum256([]byte(text))
		mark := hmac.New(sha256.New, []byte(text))
		mark.Write([]byte(`"` + request + `"`))
		if diff := cmp.Diff(kept{name[:], mark.Sum(nil)}, claims[i]); diff != "" {
			t.Errorf("claim %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("idempotency_keys_pkey"), false},
		{&pgconn.PgError{Code: "23505", ConstraintName: "idempotency_keys_pkey"}, true},
		{fmt.Errorf("post: %w", &ledger.RiderError{Index: 2, Err: &pgconn.PgError{Code: "23505", ConstraintName: "idempotency_keys_pkey"}}), true},
		{&pgconn.PgError{Code: "23505", ConstraintName: "card_orders_active"}, false},
		{&pgconn.PgError{Code: "55P03", ConstraintName: "idempotency_keys_pkey"}, false},
	} {
		if got := idempotency.Taken(tt.err); got != tt.want {
			t.Errorf("Taken(%v) = %v", tt.err, got)
		}
	}
}

func TestClaimsAreForEver(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if err := idempotency.Write(t.Context(), db, key(t, 1, "r", "k", 1), 1, noon); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`update idempotency_keys set result = 2`, `delete from idempotency_keys`, `truncate idempotency_keys`,
	} {
		var pg *pgconn.PgError
		if _, err := db.Exec(context.Background(), sql); !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: %v, want a refusal", sql, err)
		}
	}
}

// makeOnce does what a feature does with a key: it returns the id of the deposit
// that was made now, or by the request that was there before.
func makeOnce(ctx context.Context, db *pgxpool.Pool, l *ledger.Ledger, k idempotency.Key, id int64) (int64, error) {
	if before, found, err := idempotency.Find(ctx, db, k); err != nil || found {
		return before, err
	}
	entry := ledger.UserDeposit(fmt.Sprint("deposit:", id), "user:1", money.New(100, "RUB"))
	_, err := l.Post(ctx, entry, ledger.Rider(idempotency.Claim(k, id, noon)))
	if idempotency.Taken(err) {
		before, _, err := idempotency.Find(ctx, db, k)
		return before, err
	}
	return id, err
}

// TestTwinsMakeOneThing: they come to two processes at once, and every one is
// told of the one that was made.
func TestTwinsMakeOneThing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	processes := []*ledger.Ledger{ledgertest.New(t, db), ledgertest.New(t, db)}
	var next atomic.Int64
	for round := range 10 {
		k := key(t, 1, "POST /deposits", fmt.Sprint("k", round), round)
		var all sync.WaitGroup
		results := make([]int64, 12)
		for i := range results {
			all.Go(func() {
				var err error
				if results[i], err = makeOnce(context.Background(), db, processes[i%2], k, next.Add(1)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, result := range results {
			if result != results[0] || result == 0 {
				t.Fatalf("round %d: results %v", round, results)
			}
		}
	}
	available, err := processes[0].Balance(t.Context(), ledger.UserAvailable("user:1", "RUB"))
	if err != nil || available.Minor() != 1_000 {
		t.Errorf("%s was deposited, want 10 times 1.00; %v", available, err)
	}
}

// TestARefusedRequestLeavesNoClaim: the same key may be used again.
func TestARefusedRequestLeavesNoClaim(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledgertest.New(t, db)
	k := key(t, 1, "POST /orders", "k", "body")
	hold := ledger.CardOrderHold("order:1", "user:1", money.New(100, "RUB"))
	if _, err := l.Post(t.Context(), hold, ledger.Rider(idempotency.Claim(k, 1, noon))); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Fatal(err)
	}
	if id, err := makeOnce(t.Context(), db, l, k, 2); err != nil || id != 2 {
		t.Errorf("again: %d, %v", id, err)
	}
}
