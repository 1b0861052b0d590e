package payout_test

import (
	"slices"
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/ledger"
)

func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, boris := w.as("opr_anna"), w.as("opr_boris")
	id := w.create(w.live, request("order-1")).ID
	hand := func(to, note string) error {
		_, err := w.HandOver(anna, id, to, note)
		return err
	}
	wantCode(t, hand("operator:opr_boris", ""), "claim_required")
	w.claim(anna, id)
	wantCode(t, hand("", ""), "invalid_request")
	wantCode(t, hand("operator:opr_anna", ""), "invalid_request")
	wantCode(t, hand("operator:opr_boris", "a\x00"), "invalid_request")
	w.clock.advance(10 * time.Minute)
	if err := hand("operator:opr_boris", "to 4276 3454 3958 1234, slowly"); err != nil {
		t.Fatal(err)
	}
	d := w.read(id)
	if d.Payout.ClaimedBy != "operator:opr_boris" || !d.Payout.LeaseExpiresAt.Equal(w.clock.Now().Add(payout.Lease)) {
		t.Errorf("held by %s until %s", d.Payout.ClaimedBy, d.Payout.LeaseExpiresAt)
	}
	var lines []string
	for _, e := range d.Timeline {
		lines = append(lines, e.Kind+" "+e.Actor+" "+e.Note)
	}
	want := []string{
		"created merchant:" + w.live.ID + " ", "claimed operator:opr_anna ",
		"handed_over operator:opr_anna to ****1234, slowly", "received operator:opr_boris ",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("timeline %q, want %q", lines, want)
	}
	_, err := w.Complete(anna, id, payout.Completion{})
	wantCode(t, err, "claimed_by_other")
	wantCode(t, hand("operator:opr_anna2", ""), "claimed_by_other")
	w.clock.advance(payout.Lease)
	_, err = w.HandOver(boris, id, "operator:opr_anna", "")
	wantCode(t, err, "lease_expired")
	w.claim(boris, id)
	if p, err := w.ReleaseSaying(boris, id, "not mine"); err != nil || p.ClaimedBy != "" {
		t.Errorf("held by %q, %v", p.ClaimedBy, err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.as("opr_anna")
	var all []string
	for i := range 5 {
		all = append(all, w.create(w.live, request(orderID(i))).ID)
		w.clock.advance(time.Second)
	}
	tried := w.create(w.sandbox, request("sandboxed")).ID
	euro := request("euro")
	euro.FiatCurrency, euro.FiatAmount, euro.PaymentMethod, euro.NumberCard, euro.IBANNumber = "eur", "100.00", "iban", "", "DE89370400440532013000"
	all = append(all, w.create(w.live, euro).ID)
	w.claim(anna, all[1])
	ids := func(f payout.QueueFilter) (out []string) {
		t.Helper()
		for {
			page, err := w.Queue(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Items {
				out = append(out, p.ID)
			}
			if f.Cursor = page.NextCursor; f.Cursor == "" {
				return out
			}
		}
	}
	for name, tt := range map[string]struct {
		filter payout.QueueFilter
		want   []string
	}{
		"OldestFirst":   {payout.QueueFilter{Lane: payout.LaneWaiting, Mode: ledger.Live}, all},
		"PagesOfTwo":    {payout.QueueFilter{Lane: payout.LaneWaiting, Mode: ledger.Live, Limit: 2}, all},
		"Sandbox":       {payout.QueueFilter{Lane: payout.LaneWaiting, Mode: ledger.Sandbox}, []string{tried}},
		"Currency":      {payout.QueueFilter{Lane: payout.LaneWaiting, Currency: "eur"}, all[5:]},
		"Method":        {payout.QueueFilter{Lane: payout.LaneWaiting, Method: payout.IBAN}, all[5:]},
		"Merchant":      {payout.QueueFilter{Lane: payout.LaneWaiting, MerchantID: w.sandbox.ID}, []string{tried}},
		"AmountTooHigh": {payout.QueueFilter{Lane: payout.LaneWaiting, Currency: "rub", MinAmount: "1500.01"}, nil},
		"AmountFits":    {payout.QueueFilter{Lane: payout.LaneWaiting, Mode: ledger.Live, Currency: "rub", MinAmount: "1500.00", MaxAmount: "1500.00"}, all[:5]},
		"Claimed":       {payout.QueueFilter{Lane: payout.LaneClaimed, Claimant: "operator:opr_anna"}, all[1:2]},
		"NobodysClaims": {payout.QueueFilter{Lane: payout.LaneClaimed, Claimant: "operator:opr_boris"}, nil},
		"NoneToApprove": {payout.QueueFilter{Lane: payout.LaneApproval}, nil},
	} {
		if got := ids(tt.filter); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	for _, f := range []payout.QueueFilter{{}, {Lane: payout.LaneWaiting, Cursor: "x"}, {Lane: payout.LaneWaiting, Currency: "zzz"}, {Lane: payout.LaneWaiting, MinAmount: "1.00"}} {
		_, err := w.Queue(t.Context(), f)
		wantCode(t, err, "invalid_request")
	}
}
