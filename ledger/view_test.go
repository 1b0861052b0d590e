package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"disburse/ledger"
	"disburse/ledger/money"
)

// TestViews holds the JSON that programs read: its members and their order.
func TestViews(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 0, 0, 999, time.FixedZone("", 3600))
	amount, account := money.New(12_500000, money.USDT), ledger.MerchantHeld(ledger.Live, "mer_1")
	tests := []struct {
		name string
		view any
		want string
	}{
		{"Account", ledger.AccountRow{ID: 7, Account: account, Balance: amount, CreatedAt: at}.View(),
			`{"id":7,"mode":"live","owner":"mer_1","purpose":"held","currency":"USDT","balance":"12.500000","created_at":"2026-01-31T11:00:00Z"}`},
		{"StatementLine", ledger.StatementLine{
			TransferID: 9, Reference: "ref", Flow: "payout_hold", Amount: amount, Balance: amount, Counterparty: account, At: at,
		}.View(), `{"transfer_id":9,"reference":"ref","flow":"payout_hold","amount":"12.500000","balance":"12.500000",` +
			`"counterparty":"live/mer_1/held/USDT","at":"2026-01-31T11:00:00Z"}`},
		{"Transfer", ledger.TransferRow{
			ID: 9, FromID: 6, ToID: 7, Reference: "ref", Flow: "payout_hold", At: at,
			Posted: ledger.Posted{From: ledger.MerchantAvailable(ledger.Live, "mer_1"), To: account, Amount: amount},
		}.View(), `{"id":9,"reference":"ref","flow":"payout_hold","from_account_id":6,"from":"live/mer_1/available/USDT",` +
			`"to_account_id":7,"to":"live/mer_1/held/USDT","amount":"12.500000","currency":"USDT","at":"2026-01-31T11:00:00Z"}`},
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
