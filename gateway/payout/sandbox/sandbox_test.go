package sandbox_test

import (
	"testing"
	"time"

	"disburse/gateway/payout"
	"disburse/gateway/payout/executortest"
	"disburse/gateway/payout/sandbox"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	executortest.Run(t, executortest.Subject{
		New: func(*testing.T) payout.Executor {
			return sandbox.Executor{ReceiptBase: "https://pay.example.com/sandbox/receipts/"}
		},
		Method: payout.Card, Currency: "RUB", Stateless: true,
		Requisites: map[payout.Outcome]string{
			payout.Paid: "4276345439581234", payout.Refused: "4276345439580001", payout.Pending: "4276345439580003",
		},
	})
}

func TestTheLastFourDecide(t *testing.T) {
	t.Parallel()
	sentAt := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name     string
		lastFour string
		after    time.Duration
		accepts  bool
		want     payout.Outcome
	}{
		{"Refused", "0001", 0, true, payout.Refused},
		{"NeverTaken", "0002", 0, false, payout.Paid},
		{"Working", "0003", 9999 * time.Millisecond, true, payout.Pending},
		{"PaidAfterTenSeconds", "0003", 10 * time.Second, true, payout.Paid},
		{"PaidAtOnce", "9999", 0, true, payout.Paid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := sandbox.Executor{ReceiptBase: "https://x.example/", Now: func() time.Time { return sentAt.Add(tc.after) }}
			if got := e.Accepts(payout.Payout{LastFour: tc.lastFour}); got != tc.accepts {
				t.Errorf("Accepts = %v, want %v", got, tc.accepts)
			}
			got, err := e.Lookup(t.Context(), payout.Sent{Reference: "po_x", LastFour: tc.lastFour, At: sentAt})
			if err != nil || got.Outcome != tc.want {
				t.Errorf("Lookup = %v, %v; want %s", got.Outcome, err, tc.want)
			}
			if wantReceipts := tc.want == payout.Paid; (len(got.Receipts) == 1) != wantReceipts {
				t.Errorf("receipts %q with %s", got.Receipts, tc.want)
			}
		})
	}
}
