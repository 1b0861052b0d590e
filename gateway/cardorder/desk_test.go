package cardorder_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/cardorder"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, bob := w.as("ann"), w.as("bob")
	id := w.create(w.user(100000), withdrawal(40000))
	t.Run("ErrNobodysClaimCannotBeReleased", func(t *testing.T) {
		_, err := w.Release(ann, id)
		wantCode(t, err, "claim_required")
	})
	t.Run("TheHolderSeesTheCard", func(t *testing.T) {
		o, err := w.Claim(ann, id)
		if err != nil || o.Details.CardNumber != cardNumber || o.ClaimedBy != "operator:ann" || !o.LeaseUntil.Equal(w.now().Add(cardorder.Lease)) {
			t.Errorf("got %+v, %v", o, err)
		}
		if o, err = w.DeskByID(ann, id); err != nil || o.Details.CardNumber != cardNumber {
			t.Errorf("got %+v, %v", o, err)
		}
		if n := w.audited("card_order.card_shown", id); n != 1 {
			t.Errorf("%d records of looks at the card, want 1", n)
		}
	})
	t.Run("OthersSeeItMasked", func(t *testing.T) {
		if o, err := w.DeskByID(bob, id); err != nil || o.Details.CardNumber != "****9012" {
			t.Errorf("got %+v, %v", o, err)
		}
		if n := w.audited("card_order.card_shown", id); n != 1 {
			t.Errorf("%d records of looks at the card, want 1", n)
		}
	})
	t.Run("ErrAnothersClaim", func(t *testing.T) {
		_, err := w.Claim(bob, id)
		wantCode(t, err, "claimed_by_other")
		_, err = w.Complete(bob, id)
		wantCode(t, err, "claimed_by_other")
		_, err = w.CancelByOperator(bob, id, "")
		wantCode(t, err, "claimed_by_other")
		_, err = w.Release(bob, id)
		wantCode(t, err, "claim_required")
	})
	t.Run("ClaimedAnewItIsRenewed", func(t *testing.T) {
		w.advance(cardorder.Lease - 1000)
		if o, err := w.Claim(ann, id); err != nil || !o.LeaseUntil.Equal(w.now().Add(cardorder.Lease)) {
			t.Errorf("got %+v, %v", o, err)
		}
	})
	t.Run("TakenOverAfterTheLease", func(t *testing.T) {
		w.advance(cardorder.Lease)
		o, err := w.Claim(bob, id)
		if err != nil || o.ClaimedBy != "operator:bob" {
			t.Fatalf("got %+v, %v", o, err)
		}
		_, err = w.Complete(ann, id)
		wantCode(t, err, "claimed_by_other")
	})
	t.Run("ReleasedItIsAnybodys", func(t *testing.T) {
		if o, err := w.Release(bob, id); err != nil || o.ClaimedBy != "" || o.Details.CardNumber != "****9012" {
			t.Fatalf("got %+v, %v", o, err)
		}
		if o, err := w.Complete(ann, id); err != nil || o.Status != cardorder.Completed || o.EndedBy != "operator:ann" {
			t.Errorf("got %+v, %v", o, err)
		}
	})
	t.Run("TheLateHolderMayComplete", func(t *testing.T) {
		id := w.create(w.user(100000), withdrawal(40000))
		if _, err := w.Claim(ann, id); err != nil {
			t.Fatal(err)
		}
		w.advance(2 * cardorder.Lease)
		if _, err := w.Complete(ann, id); err != nil {
			t.Error(err)
		}
	})
	t.Run("EveryChangeIsAudited", func(t *testing.T) {
		for action, want := range map[string]int{"card_order.claim": 3, "card_order.release": 1, "card_order.complete": 1, "card_order.cancel": 0} {
			if n := w.audited(action, id); n != want {
				t.Errorf("%s: %d records, want %d", action, n, want)
			}
		}
	})
}

func TestCancelByOperatorTellsWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(100000)
	id := w.create(u, withdrawal(40000))
	_, err := w.CancelByOperator(w.as("ann"), id, strings.Repeat("я", 2001))
	if wantCode(t, err, "invalid_request"); fields(err) != "reason" {
		t.Errorf("got %q", fields(err))
	}
	if _, err := w.CancelByOperator(w.as("ann"), id, "the bank refused"); err != nil {
		t.Fatal(err)
	}
	o, err := w.ByID(t.Context(), u.ID, id)
	if err != nil || o.CancelReason != "the bank refused" || o.CompletedAt != nil {
		t.Errorf("got %+v, %v", o, err)
	}
	other := w.create(u, withdrawal(40000))
	if o, err := w.CancelByOperator(w.as("ann"), other, ""); err != nil || o.View().CancelReason != nil {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	one, two := w.user(100000), w.user(100000)
	a := w.create(one, withdrawal(40000))
	b := w.create(two, withdrawal(40000))
	c := w.paid(one, 40000)
	d := w.create(two, deposit(40000))
	if _, err := w.Claim(w.as("ann"), b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Complete(w.as("ann"), a); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		filter cardorder.DeskFilter
		want   []int64
	}{
		{"All", cardorder.DeskFilter{}, []int64{d, c, b, a}},
		{"Open", cardorder.DeskFilter{Open: true}, []int64{d, c, b}},
		{"Status", cardorder.DeskFilter{Status: cardorder.Pending}, []int64{d, b}},
		{"Type", cardorder.DeskFilter{Type: cardorder.Withdraw}, []int64{b, a}},
		{"User", cardorder.DeskFilter{UserID: one.ID}, []int64{c, a}},
		{"ClaimedBy", cardorder.DeskFilter{ClaimedBy: "operator:ann"}, []int64{b}},
		{"ClaimedByNoText", cardorder.DeskFilter{ClaimedBy: "a\x00"}, nil},
		{"None", cardorder.DeskFilter{Type: cardorder.Withdraw, Status: cardorder.Cancelled}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int64
			for {
				tt.filter.Limit = 2
				found, err := w.Desk(ctx, tt.filter)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range found.Items {
					got = append(got, v.ID)
				}
				if found.NextCursor == nil {
					break
				}
				tt.filter.Cursor = *found.NextCursor
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("ErrBadFilters", func(t *testing.T) {
		_, err := w.Desk(ctx, cardorder.DeskFilter{Cursor: "?"})
		wantCode(t, err, "invalid_request")
		_, err = w.Desk(ctx, cardorder.DeskFilter{Status: "lost"})
		wantCode(t, err, "invalid_request")
	})
}

func TestChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ann := t.Context(), w.as("ann")
	u := w.user(100000)
	id := w.create(u, withdrawal(40000))
	say := func(text, key string) int64 {
		t.Helper()
		k := keyOf(u, key, cardorder.Request{Details: cardorder.Details{BankName: text}})
		posted, err := w.Say(ctx, u, id, text, k)
		if err != nil {
			t.Fatal(err)
		}
		return posted
	}
	first := say("to 2200 9876 5432 1000 please", "k")
	reply, err := w.SayAsOperator(ann, id, "done")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("BothSidesReadIt", func(t *testing.T) {
		want := cardorder.MessagesView{Status: "pending", Messages: []cardorder.MessageView{
			{ID: first, OrderID: id, UserID: &u.ID, SenderType: "user", Message: "to 2200 9876 5432 1000 please", CreatedAt: "2026-03-04T05:06:07Z"},
			{ID: reply, OrderID: id, SenderType: "operator", Message: "done", CreatedAt: "2026-03-04T05:06:07Z"},
		}}
		mine, status, err := w.Messages(ctx, u, id, 0, 0)
		if diff := cmp.Diff(want, cardorder.ViewMessages(mine, status)); diff != "" || err != nil {
			t.Error(err, diff)
		}
		theirs, status, err := w.DeskMessages(ann, id, 50, 0)
		if diff := cmp.Diff(want, cardorder.ViewMessages(theirs, status)); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
	t.Run("Pages", func(t *testing.T) {
		if found, _, err := w.Messages(ctx, u, id, 1, 1); err != nil || len(found) != 1 || found[0].ID != reply {
			t.Errorf("got %v, %v", found, err)
		}
	})
	t.Run("Replayed", func(t *testing.T) {
		if again := say("to 2200 9876 5432 1000 please", "k"); again != first {
			t.Errorf("got %d, want %d", again, first)
		}
	})
	t.Run("ErrReused", func(t *testing.T) {
		_, err := w.Say(ctx, u, id, "other", keyOf(u, "k", cardorder.Request{}))
		wantCode(t, err, "IDEMPOTENCY_KEY_REUSED")
	})
	t.Run("ErrText", func(t *testing.T) {
		for _, text := range []string{"", " \n", strings.Repeat("я", 4001), "\xff"} {
			_, err := w.Say(ctx, u, id, text, noKey())
			if wantCode(t, err, "invalid_request"); fields(err) != "message" {
				t.Errorf("got %q", fields(err))
			}
			_, err = w.SayAsOperator(ann, id, text)
			wantCode(t, err, "invalid_request")
		}
	})
	t.Run("AfterTheEnd", func(t *testing.T) {
		if _, err := w.Complete(ann, id); err != nil {
			t.Fatal(err)
		}
		say("thanks", "k2")
		if _, status, err := w.Messages(ctx, u, id, 50, 0); err != nil || status != cardorder.Completed {
			t.Errorf("got %s, %v", status, err)
		}
	})
}
