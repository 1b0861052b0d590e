package virtualcard_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/virtualcard"
)

func TestTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, other := w.user(20000), w.user(0)
	c, err := w.Create(t.Context(), u, card(loadedBIN, `"Travel"`, "1"), noKey())
	if err != nil {
		t.Fatal(err)
	}
	must(w.TopUp(t.Context(), u, c.ID, "10.00", noKey()))
	w.provider.behave(answers(&virtualcard.DeclinedError{Reason: "under review"}), nil)
	_, err = w.Withdraw(t.Context(), u, c.ID, "2.00", noKey())
	wantCode(t, err, "DECLINED")
	w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	w.advance(15 * time.Minute)
	_, err = w.Withdraw(t.Context(), u, c.ID, "3.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.behave(nil, nil)
	must(w.Freeze(t.Context(), u, c.ID))
	must(w.Unfreeze(t.Context(), u, c.ID))

	type line struct{ Type, Status, Side, Amount, Decline string }
	read := func(q virtualcard.TransactionQuery) (lines []line, p virtualcard.TransactionPage) {
		t.Helper()
		p, err := w.Transactions(t.Context(), u.ID, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Items {
			l := line{i.Type, i.Status, i.Side, i.Amount.String(), ""}
			if i.DeclineCode != nil {
				l.Decline = *i.DeclineCode
			}
			lines = append(lines, l)
		}
		return lines, p
	}
	all := []line{
		{"withdraw", "Pending", "Debit", "3.00", ""},
		{"withdraw", "Declined", "Debit", "2.00", "under review"},
		{"topup", "Approved", "Credit", "10.00", ""},
		{"topup_fee", "Approved", "Debit", "0.10", ""},
		{"initial_balance", "Approved", "Credit", "5.00", ""},
		{"creation_fee", "Approved", "Debit", "5.00", ""},
	}
	got, p := read(virtualcard.TransactionQuery{Page: 1, Limit: 20})
	if diff := cmp.Diff(all, got); diff != "" || p.Total != 6 || p.TotalPages != 1 || p.HasNext || p.HasPrev {
		t.Errorf("%s %+v", diff, p)
	}
	got, p = read(virtualcard.TransactionQuery{Page: 2, Limit: 4, CardID: c.ID})
	if diff := cmp.Diff(all[4:], got); diff != "" || p.Total != 6 || p.TotalPages != 2 || p.HasNext || !p.HasPrev {
		t.Errorf("%s %+v", diff, p)
	}
	_, err = w.Transactions(t.Context(), other.ID, virtualcard.TransactionQuery{Page: 1, Limit: 20, CardID: c.ID})
	wantCode(t, err, "CARD_NOT_FOUND")
	_, err = w.Transactions(t.Context(), u.ID, virtualcard.TransactionQuery{Page: 0, Limit: 20})
	wantCode(t, err, "invalid_request")
	_, err = w.Transactions(t.Context(), u.ID, virtualcard.TransactionQuery{Page: 1, Limit: 101})
	wantCode(t, err, "invalid_request")
	w.settle()
}

func TestCardsAreSeenByTheirUserAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, other := w.user(0), w.user(0)
	c := w.issued(u, 100)
	w.advance(time.Second)
	second := w.issued(u, 200)
	cards := must(w.Cards(t.Context(), u.ID))
	if len(cards) != 2 || cards[0].ID != second.ID || cards[1].ID != c.ID {
		t.Errorf("got %+v", cards)
	}
	if cards := must(w.Cards(t.Context(), other.ID)); len(cards) != 0 {
		t.Errorf("another sees %+v", cards)
	}
	_, err := w.Card(t.Context(), other.ID, c.ID)
	wantCode(t, err, "CARD_NOT_FOUND")

	desk, err := w.Desk(t.Context(), 0, "", 1)
	if err != nil || len(desk.Items) != 1 || desk.NextCursor == nil {
		t.Fatalf("got %+v, %v", desk, err)
	}
	desk, err = w.Desk(t.Context(), u.ID, *desk.NextCursor, 1)
	if err != nil || len(desk.Items) != 1 || desk.Items[0].ID != c.ID || desk.NextCursor != nil {
		t.Errorf("got %+v, %v", desk, err)
	}
}

func TestWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.Wallet(t.Context(), w.user(0).ID)
	if err != nil || !got.Balance.IsZero() || got.UpdatedAt.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = w.Wallet(t.Context(), 424242)
	wantCode(t, err, "NOT_FOUND")
	w.wantWallet(w.user(777), 777)
}

func TestPlansAndBINs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var plans []string
	for _, p := range must(w.Plans(t.Context())) {
		plans = append(plans, p.Name+" "+p.Limit.String()+" "+p.CreationFee.String())
	}
	if diff := cmp.Diff([]string{"Standard 1000.00 5.00", "Premium 5000.00 10.00", "Business 25000.00 25.00"}, plans); diff != "" {
		t.Error(diff)
	}
	bins := must(w.BINs(t.Context()))
	if len(bins) != 2 || bins[0].ID != plainBIN || bins[1].InitialBalance != usd(500) {
		t.Errorf("got %+v", bins)
	}
}
