package payout_test

import (
	"context"
	"testing"
	"time"

	"disburse/gateway/payout"
)

// TestEndsAfterTheClockSteppedBack ends payouts that were made in what is the
// future now: by a process with another clock, or before this one was set right.
func TestEndsAfterTheClockSteppedBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as("op_a")
	for name, tt := range map[string]struct {
		end  func(p payout.Payout) error
		want payout.Status
	}{
		"Complete": {func(p payout.Payout) error {
			w.claim(ctx, p.ID)
			_, err := w.Complete(ctx, p.ID, payout.Completion{})
			return err
		}, payout.Successful},
		"Reject": {func(p payout.Payout) error {
			w.claim(ctx, p.ID)
			_, err := w.Reject(ctx, p.ID, "no")
			return err
		}, payout.RejectedGate},
		"Cancel": {func(p payout.Payout) error {
			_, err := w.Cancel(ctx, w.live, p.OrderID)
			return err
		}, payout.RejectedMerchant},
	} {
		t.Run(name, func(t *testing.T) { // one clock: in turn
			p := w.create(w.live, request(name))
			w.clock.advance(-time.Hour)
			if err := tt.end(p); err != nil {
				t.Fatal(err)
			}
			body := w.wantEnd(p.ID, tt.want)
			if ended := w.read(p.ID).Payout.EndedAt; !ended.Equal(p.CreatedAt) || body["updated_at"] != payout.Timestamp(p.CreatedAt) {
				t.Errorf("ended at %v, told as %v; made at %v", ended, body["updated_at"], p.CreatedAt)
			}
		})
	}
}

func TestTimeoutIsTheRequestsOrTheMerchants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seven := request("seven")
	seven.Timeout = new(int64(7))
	for want, req := range map[time.Duration]payout.CreateRequest{time.Hour: request("absent"), 7 * time.Minute: seven} {
		if p := w.create(w.live, req); p.ExpiresAt.Sub(p.CreatedAt) != want {
			t.Errorf("%s: %v, want %v", p.OrderID, p.ExpiresAt.Sub(p.CreatedAt), want)
		}
	}
}

func TestADisabledMerchantsPayoutsGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paid, refused, left := w.create(w.live, request("paid")), w.create(w.live, request("refused")), w.create(w.live, request("left"))
	if _, err := w.merchants.Disable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	ctx := w.as("op_a")
	w.claim(ctx, paid.ID)
	if _, err := w.Complete(ctx, paid.ID, payout.Completion{}); err != nil {
		t.Error(err)
	}
	w.claim(ctx, refused.ID)
	if _, err := w.Reject(ctx, refused.ID, "no"); err != nil {
		t.Error(err)
	}
	w.clock.advance(time.Hour)
	if n, err := w.Expire(context.Background(), 10); n != 1 || err != nil {
		t.Errorf("timed out %d, %v", n, err)
	}
	w.wantEnd(paid.ID, payout.Successful)
	w.wantEnd(refused.ID, payout.RejectedGate)
	w.wantEnd(left.ID, payout.RejectedTimeout)
}
