package chat_test

import (
	"context"
	"testing"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
)

func TestReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	as := func(id string) context.Context {
		return audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: id})
	}
	anna, boris := as("opr_anna"), as("opr_boris")
	unread := func(ctx context.Context, order int64) int {
		t.Helper()
		found, err := w.Unread(ctx, chat.Card, 58, 59)
		if err != nil {
			t.Fatal(err)
		}
		return found[order]
	}
	read := func(ctx context.Context, upTo int64) {
		t.Helper()
		if err := w.Read(ctx, chat.Card, 58, upTo); err != nil {
			t.Fatal(err)
		}
	}
	first := w.post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 58, UserID: 7, Text: "one"})
	second := w.post(t.Context(), chat.Draft{Subject: chat.Card, OrderID: 58, UserID: 7, Text: "two"})
	last := w.post(boris, chat.Draft{Subject: chat.Card, OrderID: 58, Text: "ours"})
	w.post(t.Context(), chat.Draft{Subject: chat.P2P, OrderID: 58, UserID: 7, Text: "another order"})
	if a, other := unread(anna, 58), unread(anna, 59); a != 2 || other != 0 {
		t.Errorf("%d and %d unread, want 2 and none", a, other)
	}
	read(anna, first)
	if a, b := unread(anna, 58), unread(boris, 58); a != 1 || b != 2 {
		t.Errorf("%d and %d unread, want 1 and 2", a, b)
	}
	read(anna, last)
	read(anna, second) // a page that was open for longer
	if at, err := w.Latest(anna, chat.Card, 58); err != nil || at != last || unread(anna, 58) != 0 {
		t.Errorf("read up to %d, %v; %d unread", at, err, unread(anna, 58))
	}
	read(audit.WithActor(t.Context(), audit.Actor{Kind: audit.User, ID: "7"}), last)
	if b := unread(boris, 58); b != 2 {
		t.Errorf("%d unread, want 2", b)
	}
	t.Run("Tail", func(t *testing.T) {
		for _, tt := range []struct {
			limit, want int
			more        bool
		}{{10, 3, false}, {3, 3, false}, {2, 2, true}} {
			found, more, err := w.Tail(t.Context(), chat.Card, 58, tt.limit)
			if err != nil || len(found) != tt.want || more != tt.more || found[len(found)-1].ID != last {
				t.Errorf("limit %d: %v, more %v, %v", tt.limit, found, more, err)
			}
		}
	})
}
