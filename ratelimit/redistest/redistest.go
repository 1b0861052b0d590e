package redistest

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	variable = "DISBURSE_REDIS_URL"

	counterKey = "redistest:next"
	// A database is held for longer than a test binary may run, and given
	// back by itself when the binary was killed.
	lease    = 15 * time.Minute
	patience = 2 * time.Minute
	again    = 20 * time.Millisecond
)

// New gives a client of the test's own database. Calls with the same t share
// the database. The client is closed when the test ends.
func New(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(options(t, database(t)))
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// URL gives the redis:// URL of the test's own database, the same that New
// gives a client of.
func URL(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(address(t))
	if err != nil {
		t.Fatalf("redistest: %s is not a URL", variable)
	}
	u.Path = "/" + strconv.Itoa(database(t))
	return u.String()
}

func address(t testing.TB) string {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		t.Fatalf("redistest: %s is not set; run the tests with `make test`, which starts a private Redis", variable)
	}
	return text
}

func options(t testing.TB, db int) *redis.Options {
	t.Helper()
	o, err := redis.ParseURL(address(t))
	if err != nil {
		t.Fatalf("redistest: %s is not a redis URL", variable)
	}
	o.DB = db
	return o
}

var (
	mu      sync.Mutex
	claimed = map[testing.TB]int{}
)

// database is the number of the test's database, claimed at the first call.
func database(t testing.TB) int {
	t.Helper()
	mu.Lock()
	db, ok := claimed[t]
	mu.Unlock()
	if ok {
		return db
	}
	ctx := context.Background()
	keeper := redis.NewClient(options(t, 0))
	db = claim(ctx, t, keeper)
	mine := redis.NewClient(options(t, db))
	t.Cleanup(func() {
		mu.Lock()
		delete(claimed, t)
		mu.Unlock()
		if err := mine.FlushDB(ctx).Err(); err != nil {
			t.Errorf("redistest: empty database %d: %v", db, err)
		}
		if err := keeper.Del(ctx, leaseKey(db)).Err(); err != nil {
			t.Errorf("redistest: give database %d back: %v", db, err)
		}
		_ = mine.Close()
		_ = keeper.Close()
	})
	if err := mine.FlushDB(ctx).Err(); err != nil {
		t.Fatalf("redistest: empty database %d: %v", db, err)
	}
	mu.Lock()
	claimed[t] = db
	mu.Unlock()
	return db
}

// claim takes the next database in turn that no other test holds.
func claim(ctx context.Context, t testing.TB, keeper *redis.Client) int {
	t.Helper()
	settings, err := keeper.ConfigGet(ctx, "databases").Result()
	if err != nil {
		t.Fatalf("redistest: ask Redis at %s for its databases: %v", variable, err)
	}
	count, err := strconv.ParseInt(settings["databases"], 10, 32)
	if err != nil || count < 2 {
		t.Fatalf("redistest: Redis has %q databases, tests need at least 2", settings["databases"])
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for tried := int64(1); ; tried++ {
		turn, err := keeper.Incr(ctx, counterKey).Result()
		if err != nil {
			t.Fatalf("redistest: claim a database: %v", err)
		}
		db := int(1 + (turn-1)%(count-1))
		free, err := keeper.SetNX(ctx, leaseKey(db), t.Name(), lease).Result()
		if err != nil {
			t.Fatalf("redistest: claim database %d: %v", db, err)
		}
		if free {
			return db
		}
		if tried%(count-1) != 0 {
			continue
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			t.Fatalf("redistest: all %d databases stayed taken for %v; start Redis with more `--databases`", count-1, patience)
		}
	}
}

func leaseKey(db int) string { return "redistest:lease:" + strconv.Itoa(db) }
