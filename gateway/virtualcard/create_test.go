package virtualcard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/fault"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

// card is a request for one; name and plan are literals.
func card(bin, name, plan string) virtualcard.CreateRequest {
	return virtualcard.CreateRequest{BINID: virtualcard.Literal(`"` + bin + `"`), Name: virtualcard.Literal(name), PlanID: virtualcard.Literal(plan)}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	c, err := w.Create(t.Context(), u, card(loadedBIN, `"Travel"`, "2"), noKey())
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != virtualcard.StatusActive || c.Balance != usd(500) || c.Deposit != usd(500) || c.LastFour != "1249" || c.Category != "online" ||
		c.Address.City != "Austin" || c.Name != "Travel" || c.PlanID != 2 || c.BIN.Network != "master" {
		t.Errorf("got %+v", c)
	}
	w.wantWallet(u, 8500) // the fee of 10.00 and the first balance of 5.00
}

func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(499)
	coupon := card(plainBIN, `"a"`, "1")
	coupon.CouponID = `"summer"`
	for name, tc := range map[string]struct {
		request       virtualcard.CreateRequest
		code, message string
	}{
		"ErrBIN":    {card("b0a2e0a0-0000-4000-8000-000000000000", `"a"`, "1"), "BIN_NOT_FOUND", "Bin not found"},
		"ErrPlan":   {card(plainBIN, `"a"`, "99"), "PLAN_NOT_FOUND", "Card plan not found"},
		"ErrCoupon": {coupon, "COUPON_NOT_FOUND", "Coupon not found"},
		"ErrFunds":  {card(plainBIN, `"a"`, "1"), "INSUFFICIENT_BALANCE", "Insufficient balance. Required: 5.00"},
	} {
		_, err := w.Create(t.Context(), u, tc.request, noKey())
		if f := fault.From(err); f.Code != tc.code || f.Message != tc.message {
			t.Errorf("%s: got %s %q", name, f.Code, f.Message)
		}
	}
	cards, err := w.Cards(t.Context(), u.ID)
	if len(cards) != 0 || err != nil {
		t.Errorf("%d cards, %v", len(cards), err)
	}
}

func TestCreateReportsEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Create(t.Context(), w.user(0), virtualcard.CreateRequest{
		Name: virtualcard.Literal(`"` + strings.Repeat("é", 256) + `"`), PlanID: "1.5",
	}, noKey())
	want := []virtualcard.Issue{
		{Code: "invalid_type", Expected: "string", Received: "undefined", Message: "Required", Path: []string{"bin_id"}},
		{Code: "too_big", Maximum: "255", Type: "string", Inclusive: true, Message: "String must contain at most 255 character(s)", Path: []string{"name"}},
		{Code: "invalid_type", Expected: "integer", Received: "float", Message: "Expected integer, received float", Path: []string{"planId"}},
	}
	var got []virtualcard.Issue
	if invalid, ok := err.(*virtualcard.InvalidError); ok { //nolint:errorlint // the type itself is what is promised
		got = invalid.Issues
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCreateWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, after error
		code          string
		wallet        int64
		cards         int
	}{
		"Declined":   {before: &virtualcard.DeclinedError{Reason: "no more cards"}, code: "DECLINED", wallet: 5000},
		"NotSent":    {before: virtualcard.ErrNotSent, code: "PROVIDER_UNAVAILABLE", wallet: 5000},
		"DiesBefore": {before: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", wallet: 5000},
		"DiesAfter":  {after: virtualcard.ErrUnknown, code: "PROVIDER_UNAVAILABLE", wallet: 4000, cards: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(5000)
			w.provider.behave(answers(tc.before), answers(tc.after))
			_, err := w.Create(t.Context(), u, card(loadedBIN, `"a"`, "1"), noKey())
			wantCode(t, err, tc.code)
			w.provider.behave(nil, nil)
			for _, c := range must(w.Cards(t.Context(), u.ID)) {
				if c.Status != virtualcard.StatusProcessing || c.LastFour != "" {
					t.Errorf("card is %s", c.Status)
				}
				_, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
				wantCode(t, err, "CARD_NOT_READY")
			}
			w.settle()
			w.wantWallet(u, tc.wallet)
			cards := must(w.Cards(t.Context(), u.ID))
			if len(cards) != tc.cards {
				t.Errorf("%d cards, want %d", len(cards), tc.cards)
			}
			for _, c := range cards {
				w.wantCard(u, c.ID, virtualcard.StatusActive, 500)
			}
		})
	}
}

func TestIssueIsAGiftOfThePlatform(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(100)
	c := w.issued(u, 10000)
	w.wantWallet(u, 100)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 10000)
	var n int
	if err := w.db.QueryRow(t.Context(), `select count(*) from audit_log where action = 'virtual-card.create' and subject_id = $1`, c.ID).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d audit records, %v", n, err)
	}
	_, err := w.Issue(t.Context(), u.ID, usd(-1))
	wantCode(t, err, "invalid_request")
	_, err = w.Issue(t.Context(), 999999, usd(1))
	wantCode(t, err, "NOT_FOUND")

	// The gift is booked once, also when its booking is lost.
	w.books.failOnce(ledger.FlowCardGift, true)
	_, _ = w.Issue(t.Context(), u.ID, usd(700))
	w.settle()
	if there := w.provider.total(); there != 10700 {
		t.Errorf("%d at the provider", there)
	}
}
