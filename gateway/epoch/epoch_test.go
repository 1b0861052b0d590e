package epoch_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/epoch"
	"disburse/migrations/pgtest"
)

// number stands for the database: its number, or its failure.
type number struct {
	mu  sync.Mutex
	n   int64
	err error
}

func (f *number) QueryRow(context.Context, string, ...any) pgx.Row { return f }

func (f *number) Scan(dest ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	*dest[0].(*int64) = f.n
	return f.err
}

func (f *number) set(n int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n, f.err = n, err
}

// bench is a watcher on a made-up number with a clock that stands still.
type bench struct {
	number  *number
	watcher *epoch.Watcher
	now     atomic.Int64 // nanoseconds
	loads   atomic.Int64
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{number: &number{n: 1}}
	w, err := epoch.NewWatcher(epoch.Config{
		DB: b.number, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Unix(0, b.now.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.watcher = w
	b.poll(t)
	return b
}

func (b *bench) poll(t *testing.T) {
	t.Helper()
	if err := b.watcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// cache counts its loads and answers with their count.
func (b *bench) cache(limit int) *epoch.Cache[string, int64] {
	return epoch.NewCache(b.watcher, limit, func(context.Context, string) (int64, error) {
		return b.loads.Add(1), nil
	})
}

func get(t *testing.T, c *epoch.Cache[string, int64], key string) int64 {
	t.Helper()
	v, err := c.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCache(t *testing.T) {
	t.Parallel()
	t.Run("HoldsWhileNothingMoved", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := b.cache(10)
		get(t, c, "a")
		b.poll(t)
		if got := get(t, c, "a"); got != 1 {
			t.Errorf("load %d, want 1", got)
		}
	})
	t.Run("DropsEverythingWhenTheNumberMoved", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := b.cache(10)
		get(t, c, "a")
		get(t, c, "b")
		b.number.set(2, nil)
		b.poll(t)
		if a, b := get(t, c, "a"), get(t, c, "b"); a != 3 || b != 4 {
			t.Errorf("loads %d and %d, want 3 and 4", a, b)
		}
	})
	t.Run("DropsOnInvalidate", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := b.cache(10)
		get(t, c, "a")
		b.watcher.Invalidate()
		if got := get(t, c, "a"); got != 2 {
			t.Errorf("load %d, want 2", got)
		}
	})
	t.Run("LoadsAlwaysWhenTheNumberIsOutOfSight", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := b.cache(10)
		get(t, c, "a")
		b.now.Add(int64(epoch.StaleAfter))
		if got := get(t, c, "a"); got != 1 {
			t.Fatalf("load %d at the bound, want 1", got)
		}
		b.now.Add(1)
		b.number.set(1, errors.New("away"))
		if err := b.watcher.Poll(t.Context()); err == nil {
			t.Fatal("Poll of a failing database succeeded")
		}
		if first, second := get(t, c, "a"), get(t, c, "a"); first != 2 || second != 3 {
			t.Errorf("loads %d and %d, want 2 and 3", first, second)
		}
	})
	t.Run("KeepsNothingWithoutAWatch", func(t *testing.T) {
		t.Parallel()
		w, err := epoch.NewWatcher(epoch.Config{DB: &number{n: 1}})
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{watcher: w}
		c := b.cache(10)
		get(t, c, "a")
		if got := get(t, c, "a"); got != 2 {
			t.Errorf("load %d, want 2", got)
		}
	})
	t.Run("HoldsAtMostItsLimit", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := b.cache(2)
		for _, key := range []string{"a", "b", "c"} {
			get(t, c, key)
		}
		for _, key := range []string{"a", "b", "c"} {
			get(t, c, key)
		}
		if got := b.loads.Load(); got < 4 {
			t.Errorf("%d loads: three values were held by a cache of two", got)
		}
		if held := epoch.Held(c); held != 2 {
			t.Errorf("holds %d, want 2", held)
		}
	})
	t.Run("DoesNotKeepErrors", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		away := errors.New("away")
		c := epoch.NewCache(b.watcher, 10, func(context.Context, string) (int64, error) {
			if b.loads.Add(1) == 1 {
				return 0, away
			}
			return 7, nil
		})
		if _, err := c.Get(t.Context(), "a"); !errors.Is(err, away) {
			t.Fatalf("error = %v", err)
		}
		if got := get(t, c, "a"); got != 7 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("APanicIsAnErrorForAllWhoWait", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		c := epoch.NewCache(b.watcher, 10, func(context.Context, string) (int64, error) { panic("no") })
		if _, err := c.Get(t.Context(), "a"); err == nil {
			t.Error("no error")
		}
	})
}

// TestALoadThatBeganBeforeAMoveIsNotKept holds a load open across a move.
func TestALoadThatBeganBeforeAMoveIsNotKept(t *testing.T) {
	t.Parallel()
	moves := map[string]func(*testing.T, *bench){
		"Poll":       func(t *testing.T, b *bench) { b.number.set(2, nil); b.poll(t) },
		"Invalidate": func(_ *testing.T, b *bench) { b.watcher.Invalidate() },
	}
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			began, finish := make(chan struct{}), make(chan struct{})
			c := epoch.NewCache(b.watcher, 10, func(context.Context, string) (string, error) {
				if b.loads.Add(1) == 1 {
					close(began)
					<-finish
					return "old", nil
				}
				return "new", nil
			})
			old := make(chan string)
			go func() {
				v, _ := c.Get(context.Background(), "a")
				old <- v
			}()
			<-began
			move(t, b)
			// Who comes after the move does not join the load from before it.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if v, err := c.Get(ctx, "a"); v != "new" || err != nil {
				t.Errorf("during the old load: %q, %v", v, err)
			}
			close(finish)
			if v := <-old; v != "old" {
				t.Errorf("the first caller got %q", v)
			}
			if v, err := c.Get(t.Context(), "a"); v != "new" || err != nil {
				t.Errorf("after the old load: %q, %v", v, err)
			}
		})
	}
}

func TestOneKeyIsLoadedOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		c := epoch.NewCache(b.watcher, 10, func(context.Context, string) (int64, error) {
			n := b.loads.Add(1)
			time.Sleep(time.Millisecond) // of the bubble's own clock
			return n, nil
		})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if v, err := c.Get(context.Background(), "a"); v != 1 || err != nil {
					t.Errorf("got %d, %v", v, err)
				}
			})
		}
		all.Wait()
	})
}

func TestACallerWhoLeavesDoesNotEndTheLoad(t *testing.T) {
	t.Parallel()
	b := setup(t)
	began, finish := make(chan struct{}), make(chan struct{})
	c := epoch.NewCache(b.watcher, 10, func(ctx context.Context, _ string) (int64, error) {
		n := b.loads.Add(1)
		close(began)
		<-finish
		return n, ctx.Err()
	})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := c.Get(ctx, "a")
		left <- err
	}()
	<-began
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left got %v", err)
	}
	stayed := make(chan int64)
	go func() { v, _ := c.Get(context.Background(), "a"); stayed <- v }()
	close(finish)
	if v := <-stayed; v != 1 {
		t.Errorf("the one who stayed got load %d", v)
	}
}

// TestConcurrentMovesNeverLeaveAnOldValue moves and reads at once: a value read
// after a move was noticed must be at least as new as the move.
func TestConcurrentMovesNeverLeaveAnOldValue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var truth atomic.Int64
	c := epoch.NewCache(b.watcher, 10, func(context.Context, string) (int64, error) { return truth.Load(), nil })
	var all sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, _ = c.Get(context.Background(), "a")
				}
			}
		})
	}
	for range 200 {
		want := truth.Add(1)
		b.watcher.Invalidate()
		if got := get(t, c, "a"); got < want {
			t.Fatalf("got %d after the move to %d", got, want)
		}
	}
	close(done)
	all.Wait()
}

func TestRunSeesAChangeWithinTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &number{n: 1}
		w, err := epoch.NewWatcher(epoch.Config{DB: n, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		synctest.Wait()
		b := &bench{watcher: w}
		c := b.cache(10)
		get(t, c, "a")
		n.set(2, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := get(t, c, "a"); got != 2 {
			t.Errorf("load %d a second after the change, want 2", got)
		}
		// An outage is survived, and the change in it is seen after it.
		n.set(3, errors.New("away"))
		time.Sleep(10 * time.Second)
		n.set(3, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		get(t, c, "a")
		if first, second := get(t, c, "a"), get(t, c, "a"); first != second {
			t.Errorf("loads %d and %d after the outage: nothing is held", first, second)
		}
		stop()
		<-ended
	})
}

func TestNewWatcherRefusesAMissingDatabase(t *testing.T) {
	t.Parallel()
	if _, err := epoch.NewWatcher(epoch.Config{}); err == nil {
		t.Error("no error")
	}
}

func TestBump(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	w, err := epoch.NewWatcher(epoch.Config{DB: pool})
	if err != nil {
		t.Fatal(err)
	}
	poll := func() {
		t.Helper()
		if err := w.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	poll()
	b := &bench{watcher: w}
	c := b.cache(10)
	get(t, c, "a")
	failed := errors.New("rolled back")
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return errors.Join(epoch.Bump(t.Context(), tx), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	poll()
	if got := get(t, c, "a"); got != 1 {
		t.Errorf("load %d after a change that was rolled back, want 1", got)
	}
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return epoch.Bump(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	poll()
	if got := get(t, c, "a"); got != 2 {
		t.Errorf("load %d after a change, want 2", got)
	}
}
