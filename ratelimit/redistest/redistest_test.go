package redistest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"disburse/ratelimit/redistest"
)

func TestURLNamesTheDatabaseOfNew(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	o, err := redis.ParseURL(redistest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	other := redis.NewClient(o)
	defer func() { _ = other.Close() }()
	if got, err := other.Get(t.Context(), "key").Result(); err != nil || got != "value" {
		t.Errorf("got %q, %v; want the value set through New", got, err)
	}
	if o.DB == 0 {
		t.Error("the test got database 0")
	}
}

// Each of these would see another's key if two shared a database, or if one
// were not emptied: there are more than a server has databases by default.
func TestDatabasesAreEmptyAndOnesOwn(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				client := redistest.New(t)
				for turn := range 20 {
					n, err := client.Incr(t.Context(), "counter").Result()
					if err != nil || n != int64(turn+1) {
						t.Errorf("got %d, %v; want %d", n, err, turn+1)
					}
				}
			})
		})
	}
	wg.Wait()
}
