package callbacks_test

import (
	"encoding/json"
	"testing"
	"time"

	"disburse/callbacks"
)

// TestViews holds the JSON that programs read: its members and their order.
func TestViews(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 0, 0, 999, time.FixedZone("", 3600))
	fresh := callbacks.Item{
		ID: "evt_1", MerchantID: "mer_1", Subject: "po_1", OrderID: "order", Kind: "payout.successful", URL: "https://shop.example/",
		State: callbacks.Pending, NextAttemptAt: &at, CreatedAt: at,
	}
	dead := fresh
	dead.State, dead.Attempts, dead.NextAttemptAt, dead.FinishedAt = callbacks.Dead, 1, nil, &at
	dead.LastStatus, dead.DeadReason = 500, "exhausted"
	const head = `{"id":"evt_1","merchant_id":"mer_1","payout_id":"po_1","order_id":"order","kind":"payout.successful","url":"https://shop.example/",`
	tests := []struct {
		name string
		view any
		want string
	}{
		{"Item", fresh.View(), head + `"state":"pending","attempts":0,"next_attempt_at":"2026-01-31T11:00:00Z","last_status":null,` +
			`"last_error":"","dead_reason":"","created_at":"2026-01-31T11:00:00Z","finished_at":null}`},
		{"DetailWithoutAttempts", callbacks.Detail{Item: fresh}.View(), head + `"state":"pending","attempts":[],` +
			`"next_attempt_at":"2026-01-31T11:00:00Z","last_status":null,"last_error":"","dead_reason":"",` +
			`"created_at":"2026-01-31T11:00:00Z","finished_at":null}`},
		{"Detail", callbacks.Detail{Item: dead, Log: []callbacks.Attempt{
			{Number: 1, StartedAt: at, Duration: 1500 * time.Microsecond, Outcome: "refused", Status: 500, Response: "no"},
			{Number: 2, StartedAt: at, Outcome: "failed", Error: "timeout"},
		}}.View(), head + `"state":"dead","attempts":[` +
			`{"number":1,"started_at":"2026-01-31T11:00:00Z","duration_ms":1,"outcome":"refused","status":500,"error":"","response":"no"},` +
			`{"number":2,"started_at":"2026-01-31T11:00:00Z","duration_ms":0,"outcome":"failed","status":null,"error":"timeout","response":""}],` +
			`"next_attempt_at":null,"last_status":500,"last_error":"","dead_reason":"exhausted",` +
			`"created_at":"2026-01-31T11:00:00Z","finished_at":"2026-01-31T11:00:00Z"}`},
		{"Resent", callbacks.Resent{Matched: 2, Resent: 1}, `{"matched":2,"resent":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := json.Marshal(tt.view); err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}
