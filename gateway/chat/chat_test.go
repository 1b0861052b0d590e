package chat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/idempotency"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

const card = "2200 9876 5432 1000"

type world struct {
	t   testing.TB
	db  *pgxpool.Pool
	log *bytes.Buffer
	mu  *sync.Mutex
	*chat.Store
}

func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// newWorld is a store whose clock stands.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t, pgtest.MaxConns(12)), log: &bytes.Buffer{}, mu: &sync.Mutex{}}
	w.Store = w.store(vault.Generate("k1"))
	return w
}

func (w *world) store(keys ...vault.Key) *chat.Store {
	w.t.Helper()
	v, err := vault.New(keys...)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := chat.New(chat.Deps{DB: w.db, Vault: v, Now: start, Log: slog.New(slog.NewJSONHandler(locked{w}, nil))})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// locked lets many write one log.
type locked struct{ w *world }

func (l locked) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

func (w *world) post(ctx context.Context, d chat.Draft) int64 {
	w.t.Helper()
	id, err := w.Post(ctx, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) list(subject chat.Subject, orderID int64, limit, offset int) []chat.Message {
	w.t.Helper()
	found, err := w.List(w.t.Context(), subject, orderID, limit, offset)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func key(t testing.TB, userID int64, key, body string) idempotency.Key {
	t.Helper()
	k, err := idempotency.Of(userID, "POST /messages", key, body)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operator := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "ann"})
	first := w.post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 58, UserID: 7, Text: "Please use " + card})
	second := w.post(operator, chat.Draft{Subject: chat.Card, OrderID: 58, Text: "Sent to " + card})
	w.post(t.Context(), chat.Draft{Subject: chat.P2P, OrderID: 58, UserID: 8, Text: "another order"})
	third := w.post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 58, UserID: 7, Text: "  thanks\n"})
	want := []chat.Message{
		{ID: first, OrderID: 58, UserID: 7, Sender: chat.User, Text: "Please use " + card, CreatedAt: start()},
		{ID: second, OrderID: 58, Sender: chat.Operator, Text: "Sent to " + card, CreatedAt: start()},
		{ID: third, OrderID: 58, UserID: 7, Sender: chat.User, Text: "  thanks\n", CreatedAt: start()},
	}
	t.Run("OldestFirst", func(t *testing.T) {
		if diff := cmp.Diff(want, w.list(chat.Card, 58, 50, 0)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("Pages", func(t *testing.T) {
		if diff := cmp.Diff(want[1:2], w.list(chat.Card, 58, 1, 1)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("OthersOrderIsEmpty", func(t *testing.T) {
		if found := w.list(chat.Card, 59, 50, 0); len(found) != 0 {
			t.Errorf("got %v", found)
		}
	})
	t.Run("LoggedMasked", func(t *testing.T) {
		if log := w.log.String(); strings.Contains(log, "9876") || strings.Count(log, "****1000") != 2 {
			t.Errorf("got %s", log)
		}
	})
	t.Run("SealedAtRest", func(t *testing.T) {
		var stored string
		if err := w.db.QueryRow(t.Context(), `select string_agg(m::text, '') from chat_messages m`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(stored, "Please") || strings.Contains(stored, fmt.Sprintf("%x", "Please")) {
			t.Error("the texts rest in clear")
		}
	})
	t.Run("OperatorsWordsAreAuditedMasked", func(t *testing.T) {
		page, err := audit.List(t.Context(), w.db, audit.Filter{Action: "card_order.say"})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%d records, %v", len(page.Items), err)
		}
		if got := page.Items[0]; got.Actor.ID != "opr_1" || got.SubjectID != "58" || strings.Contains(string(got.After), "9876") {
			t.Errorf("got %+v %s", got, got.After)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"One", "a", true},
		{"Longest", strings.Repeat("я", chat.MaxText), true},
		{"TooLong", strings.Repeat("я", chat.MaxText+1), false},
		{"Empty", "", false},
		{"Blank", " \n\t\u00a0", false},
		{"NotUTF8", "a\xff", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := chat.Check(tt.text); (err == nil) != tt.ok || err != nil && !errors.Is(err, chat.ErrInvalidMessage) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("PostChecks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if _, err := w.Post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 1, UserID: 1}); !errors.Is(err, chat.ErrInvalidMessage) {
			t.Errorf("got %v", err)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := func(user int64, text, k string) chat.Draft {
		return chat.Draft{Subject: chat.Card, OrderID: 58, UserID: user, Text: text, Key: key(t, user, k, text)}
	}
	first := w.post(t.Context(), draft(7, "hello", "k"))
	t.Run("Replayed", func(t *testing.T) {
		if again := w.post(t.Context(), draft(7, "hello", "k")); again != first {
			t.Errorf("got %d, want %d", again, first)
		}
	})
	t.Run("ErrReused", func(t *testing.T) {
		if _, err := w.Post(t.Context(), draft(7, "other", "k")); !errors.Is(err, chat.ErrKeyReused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AnothersKeyIsAnother", func(t *testing.T) {
		if id := w.post(t.Context(), draft(8, "other", "k")); id == first {
			t.Error("replayed another user's message")
		}
	})
	t.Run("ParallelTwins", func(t *testing.T) {
		for round := range 10 {
			var ids [8]int64
			var group sync.WaitGroup
			for i := range ids {
				group.Go(func() {
					var err error
					if ids[i], err = w.Post(t.Context(), draft(7, "twin", fmt.Sprint("twin", round))); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for _, id := range ids {
				if id != ids[0] {
					t.Fatalf("got %v", ids)
				}
			}
		}
		if found := w.list(chat.Card, 58, 100, 0); len(found) != 12 {
			t.Errorf("%d messages, want 12", len(found))
		}
	})
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, fresh := vault.Generate("old"), vault.Generate("fresh")
	w.Store = w.store(old)
	for i := range 5 {
		w.post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 1, UserID: 1, Text: fmt.Sprint("message ", i)})
	}
	before := w.list(chat.Card, 1, 50, 0)
	w.Store = w.store(fresh, old)
	if n, err := w.SealedOtherwise(t.Context()); err != nil || n != 5 {
		t.Fatalf("%d sealed otherwise, %v", n, err)
	}
	total, after := 0, int64(0)
	for {
		next, changed, err := w.Reencrypt(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if total += changed; next == 0 {
			break
		}
		after = next
	}
	w.Store = w.store(fresh)
	if n, err := w.SealedOtherwise(t.Context()); err != nil || n != 0 || total != 5 {
		t.Errorf("%d changed, %d left, %v", total, n, err)
	}
	if diff := cmp.Diff(before, w.list(chat.Card, 1, 50, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesMissingDependencies(t *testing.T) {
	t.Parallel()
	if _, err := chat.New(chat.Deps{}); err == nil || !strings.Contains(err.Error(), "DB") {
		t.Errorf("got %v", err)
	}
	if _, err := chat.New(chat.Deps{DB: &pgxpool.Pool{}}); err == nil || !strings.Contains(err.Error(), "Vault") {
		t.Errorf("got %v", err)
	}
}
