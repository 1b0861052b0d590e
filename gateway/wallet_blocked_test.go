package gateway_test

import (
	"testing"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
)

// business is a user in the middle of everything: a withdrawal and a deposit by
// card, a sale and a purchase on ads of others, and one of each on own ads.
type business struct {
	*wallet
	anna, boris, vera     enduser.User
	out, in               int64 // card orders
	selling, buying       int64 // orders on the ads of boris
	sold, bought          int64 // orders of vera on anna's ads
	sellAd, buyAd         int64 // of anna
	borisSells, borisBuys int64 // ads
}

func newBusiness(t *testing.T) *business {
	t.Helper()
	w := newWallet(t)
	b := &business{wallet: w, anna: w.user(t, "anna", 500_000), boris: w.user(t, "boris", 500_000), vera: w.user(t, "vera", 500_000)}
	b.sellAd, b.buyAd = w.advert(t, b.anna, exchange.Sell, 100_000), w.advert(t, b.anna, exchange.Buy, 100_000)
	b.borisSells, b.borisBuys = w.advert(t, b.boris, exchange.Sell, 100_000), w.advert(t, b.boris, exchange.Buy, 100_000)
	made := func(id int64, err error) int64 {
		t.Helper()
		must(t, err)
		return id
	}
	b.out = made(w.withdraw(t.Context(), b.anna, 50_000))
	b.in = made(w.payIn(t, b.anna))
	b.selling = made(w.answer(t.Context(), b.anna, b.borisBuys, 10_000))
	b.buying = made(w.answer(t.Context(), b.anna, b.borisSells, 20_000))
	b.sold = made(w.answer(t.Context(), b.vera, b.sellAd, 30_000))
	b.bought = made(w.answer(t.Context(), b.vera, b.buyAd, 40_000))
	return b
}

// payIn asks for a card deposit.
func (w *wallet) payIn(t *testing.T, u enduser.User) (int64, error) {
	t.Helper()
	return w.cards.Create(t.Context(), u, cardorder.Request{Type: cardorder.Deposit, Amount: 70_000}, idempotency.Key{})
}

// Nothing new may begin for a user who is blocked.
func TestABlockedUserBeginsNothing(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	must(t, b.users.Block(t.Context(), b.anna.ID))
	anna := b.reload(t, b.anna)
	before := b.balance(t, anna)
	refused := func(what, want string, err error) {
		t.Helper()
		if got := fault.Code(err); got != want {
			t.Errorf("%s: got %q, want %q (%v)", what, got, want, err)
		}
	}
	_, err := b.withdraw(t.Context(), anna, 10_000)
	refused("a card withdrawal", "FORBIDDEN", err)
	_, err = b.payIn(t, anna)
	refused("a card deposit", "FORBIDDEN", err)
	_, err = b.answer(t.Context(), anna, b.borisBuys, 10_000)
	refused("an answer to a buy ad", "FORBIDDEN", err)
	_, err = b.answer(t.Context(), anna, b.borisSells, 10_000)
	refused("an answer to a sell ad", "FORBIDDEN", err)
	gone := b.advert(t, b.vera, exchange.Buy, 100_000)
	must(t, b.trade.DeleteAd(t.Context(), b.vera, gone))
	_, err = b.answer(t.Context(), anna, gone, 10_000)
	refused("an answer to an ad that is gone", "FORBIDDEN", err)
	_, err = b.trade.CreateAd(t.Context(), anna, exchange.AdRequest{
		Type: "buy", FiatCurrency: "RUB", MinAmount: 1, MaxAmount: 2, PaymentMethods: []string{"card"},
	}, idempotency.Key{})
	refused("an ad", "FORBIDDEN", err)
	rate := int64(90)
	refused("an edit", "FORBIDDEN", b.trade.UpdateAd(t.Context(), anna, b.sellAd, exchange.AdChange{ExchangeRate: &rate}))
	_, err = b.answer(t.Context(), b.boris, b.sellAd, 10_000)
	refused("an answer to her sell ad", "AD_NOT_ACTIVE", err)
	_, err = b.answer(t.Context(), b.boris, b.buyAd, 10_000)
	refused("an answer to her buy ad", "AD_NOT_ACTIVE", err)
	if after := b.balance(t, anna); after != before {
		t.Errorf("the balance went from %+v to %+v", before, after)
	}
}

// What is open is finished by a blocked user as by any other.
func TestABlockedUserFinishesWhatIsOpen(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	ctx := t.Context()
	must(t, b.users.Block(ctx, b.anna.ID))
	anna := b.reload(t, b.anna)

	must(t, b.cards.ConfirmPaid(ctx, anna, b.in))
	_, err := b.cards.Say(ctx, anna, b.in, "paid", idempotency.Key{})
	must(t, err)
	_, err = b.cards.Complete(asOperator(ctx, "olga"), b.in)
	must(t, err)
	must(t, b.cards.Cancel(ctx, anna, b.out))

	must(t, b.trade.UpdateDetails(ctx, anna, b.selling, map[string]string{"account": "another"}))
	must(t, b.trade.ConfirmPaid(ctx, b.boris, b.selling))
	must(t, b.trade.ConfirmReceived(ctx, anna, b.selling))
	must(t, b.trade.Rate(ctx, anna, b.selling, 5))

	must(t, b.trade.ConfirmPaid(ctx, anna, b.buying))
	must(t, b.trade.CallOperator(ctx, anna, b.buying))
	_, err = b.trade.Say(ctx, anna, b.buying, "he does not answer", idempotency.Key{})
	must(t, err)
	_, err = b.trade.ClaimDispute(asOperator(ctx, "olga"), b.buying)
	must(t, err)
	_, err = b.trade.Resolve(asOperator(ctx, "olga"), b.buying, exchange.ToBuyer, "")
	must(t, err)

	must(t, b.trade.Cancel(ctx, anna, b.sold))
	must(t, b.trade.ConfirmPaid(ctx, anna, b.bought))
	must(t, b.trade.ConfirmReceived(ctx, b.vera, b.bought))

	want := enduser.Balance{
		Available: 500_000 + 70_000 - 10_000 + 20_000 + 40_000, Balance: 620_000,
		DepositedTotal: 500_000 + 70_000 + 20_000 + 40_000, WithdrawnTotal: 10_000,
	}
	if got := b.balance(t, anna); got != want {
		t.Errorf("balance %+v, want %+v", got, want)
	}
}

// A block and new orders at once: each order stands or is refused, and what
// stands can be ended. Once the block is there none stands, not even one whose
// sender was looked up before.
func TestABlockAgainstNewOrders(t *testing.T) {
	t.Parallel()
	w := newWallet(t)
	there := w.another(t)
	u := w.user(t, "anna", 500_000)
	wanted := w.advert(t, w.user(t, "boris", 1), exchange.Buy, 100_000)
	stood := 0
	for round := range rounds {
		ids := make([]int64, 2)
		errs := together(
			func() (err error) { ids[0], err = w.withdraw(t.Context(), u, 50_000); return err },
			func() (err error) { ids[1], err = there.answer(t.Context(), u, wanted, 50_000); return err },
			func() error { return w.users.Block(t.Context(), u.ID) },
		)
		must(t, errs[2])
		blocked := w.reload(t, u)
		for i, cancel := range []func() error{
			func() error { return w.cards.Cancel(t.Context(), blocked, ids[0]) },
			func() error { return w.trade.Cancel(t.Context(), blocked, ids[1]) },
		} {
			if errs[i] == nil {
				stood++
				must(t, cancel())
			} else if fault.Code(errs[i]) != "FORBIDDEN" {
				t.Fatalf("round %d: %v", round, errs[i])
			}
		}
		if b := w.balance(t, u); b.Available != 500_000 || b.Held != 0 {
			t.Fatalf("round %d: %+v", round, b)
		}
		_, withdrawn := w.withdraw(t.Context(), u, 50_000)
		_, sold := there.answer(t.Context(), u, wanted, 50_000)
		if fault.Code(withdrawn) != "FORBIDDEN" || fault.Code(sold) != "FORBIDDEN" {
			t.Fatalf("round %d, after the block: %v, %v", round, withdrawn, sold)
		}
		must(t, w.users.Unblock(t.Context(), u.ID))
	}
	t.Logf("%d of %d orders were faster than the block", stood, 2*rounds)
}
