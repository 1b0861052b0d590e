package exchange_test

import (
	"fmt"
	"testing"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/racetest"
)

func (w *world) completed(buyer enduser.User, seller enduser.User, ad int64) int64 {
	w.t.Helper()
	id := w.order(seller, ad, 1000)
	noErr(w.t, w.ConfirmPaid(w.t.Context(), buyer, id))
	noErr(w.t, w.ConfirmReceived(w.t.Context(), seller, id))
	return id
}

func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	buyer, seller := w.user("buyer", 0), w.user("seller", 1_000_000)
	ad := w.ad(buyer, buying(100, 1_000_000))
	open := w.order(seller, ad, 1000)
	for _, stars := range []int64{-1, 0, 6} {
		wantCode(t, w.Rate(ctx, seller, open, stars), "INVALID_RATING")
	}
	wantCode(t, w.Rate(ctx, seller, open, 5), "ORDER_NOT_COMPLETED")
	noErr(t, w.Cancel(ctx, seller, open))
	wantCode(t, w.Rate(ctx, seller, open, 5), "ORDER_NOT_COMPLETED")
	id := w.completed(buyer, seller, ad)
	// Both rate, many times at once; each counts once.
	ok := 0
	for i, err := range racetest.Run(20, func(i int) error {
		if i%2 == 0 {
			return w.Rate(ctx, seller, id, 4)
		}
		return w.Rate(ctx, buyer, id, 2)
	}) {
		switch fault.Code(err) {
		case "":
			ok++
		case "ALREADY_RATED":
		default:
			t.Errorf("rating %d: %v", i, err)
		}
	}
	v, err := w.AdByID(ctx, ad)
	if noErr(t, err); ok != 2 || v.UserAvgRating != "4.00" || v.User.CompletedOrders != 1 {
		t.Errorf("%d ratings count, average %s of %d orders", ok, v.UserAvgRating, v.User.CompletedOrders)
	}
	// A new ad shows what is known of its author.
	sale, err := w.AdByID(ctx, w.ad(seller, selling(100, 1000)))
	if noErr(t, err); sale.UserAvgRating != "2.00" || sale.User.CompletedOrders != 1 {
		t.Errorf("the seller's ad: %s of %d orders", sale.UserAvgRating, sale.User.CompletedOrders)
	}
}

// TestAverageOfParallelRatings has many rate one user at once, while he
// publishes an ad.
func TestAverageOfParallelRatings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	buyer := w.user("buyer", 1_000_000)
	ad := w.ad(buyer, buying(100, 1_000_000))
	const raters = 17
	sellers, ids := make([]enduser.User, raters), make([]int64, raters)
	sum := 0
	for i := range sellers {
		sellers[i] = w.user(fmt.Sprintf("seller-%d", i), 200_000)
		ids[i] = w.completed(buyer, sellers[i], ad)
		sum += 1 + i%5
	}
	var sale int64
	racetest.Run(raters+1, func(i int) error {
		if i == raters {
			sale = w.ad(buyer, selling(100, 1000))
			return nil
		}
		err := w.Rate(ctx, sellers[i], ids[i], int64(1+i%5))
		if err != nil {
			t.Errorf("rating %d: %v", i, err)
		}
		return err
	})
	hundredths := (200*sum + raters) / (2 * raters)
	want := fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
	for _, id := range []int64{ad, sale} {
		v, err := w.AdByID(ctx, id)
		if noErr(t, err); string(v.UserAvgRating) != want || v.User.CompletedOrders != raters {
			t.Errorf("ad %d: average %s of %d orders, want %s of %d", id, v.UserAvgRating, v.User.CompletedOrders, want, raters)
		}
	}
}
