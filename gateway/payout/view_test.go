package payout_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
)

const viewed = `"id":"po_1","order_id":"order","merchant":"acme","merchant_id":"mer_1","mode":"live","status":"expectation",` +
	`"stage":"waiting","payment_method":"card","fiat_amount":"1500.00","fiat_currency":"rub","exchange_rate":"97.0000",` +
	`"usdt_amount":"15.4000","fee_usdt":"0.1000","merchant_spent_usdt":"15.5000","requisite":"****1234","bank_name":"","bik":"",` +
	`"full_name":"Petrov","customer":"","order_description":"","claimed_by":null,"lease_expires_at":null,"executor":null,"completed_by":null,"completed_at":null,` +
	`"ended_by":null,"reason":"","created_at":"2026-01-31T11:00:00Z","updated_at":"2026-01-31T11:00:00Z",` +
	`"expires_at":"2026-01-31T11:00:00Z","ended_at":null`

// TestViewsHideNumbersInTexts: merchants write the number of the card beside it.
func TestViewsHideNumbersInTexts(t *testing.T) {
	t.Parallel()
	rub, _ := money.Lookup("RUB")
	none := money.New(0, money.USDT)
	got := payout.Payout{
		Fiat: money.New(1, rub), USDT: none, Fee: none, OrderID: "176400000000", BankName: "Bank 2200 0000 0000 0004", FullName: "Petrov 2200000000000004", Customer: "176400000001",
		Description: "to 2200-0000-0000-0004, invoice 17",
	}.View("acme")
	for name, text := range map[string][2]string{
		"order_id": {got.OrderID, "176400000000"}, "customer": {got.Customer, "176400000001"},
		"bank_name": {got.BankName, "Bank ****0004"}, "full_name": {got.FullName, "Petrov ****0004"},
		"order_description": {got.Description, "to ****0004, invoice 17"},
	} {
		if text[0] != text[1] {
			t.Errorf("%s: %q, want %q", name, text[0], text[1])
		}
	}
}

// TestViews holds the JSON that programs read: its members and their order.
func TestViews(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 12, 0, 0, 999, time.FixedZone("", 3600))
	rub, _ := money.Lookup("RUB")
	open, sum := int64(5), money.New(100_00, rub)
	p := payout.Payout{
		ID: "po_1", MerchantID: "mer_1", OrderID: "order", Mode: ledger.Live, Status: payout.Expectation, Stage: payout.StageWaiting,
		Method: payout.Card, Fiat: money.New(1500_00, rub), Rate: decimal.NewFromInt(97), USDT: money.New(15_400000, money.USDT),
		Fee: money.New(100000, money.USDT), LastFour: "1234", FullName: "Petrov", CreatedAt: at, UpdatedAt: at, ExpiresAt: at,
	}
	tests := []struct {
		name string
		view any
		want string
	}{
		{"Payout", p.View("acme"), `{` + viewed + `}`},
		{"DetailOfNothing", payout.Detail{Payout: p}.View("acme", nil),
			`{` + viewed + `,"timeline":[],"transfers":[],"receipts":[],"callbacks":[],"approvals":[]}`},
		{"Entry", payout.Entry{At: at, Kind: "created", Actor: "merchant:mer_1"}.View(),
			`{"at":"2026-01-31T11:00:00Z","kind":"created","actor":"merchant:mer_1","note":""}`},
		{"Receipt", payout.Receipt{ID: "rcp_1", ContentType: "image/png", Size: 3, UploadedBy: "cli:ann", UploadedAt: at}.View(),
			`{"id":"rcp_1","content_type":"image/png","size":3,"uploaded_by":"cli:ann","uploaded_at":"2026-01-31T11:00:00Z","url":""}`},
		{"Capacity", payout.Capacity{Currency: "rub", Method: payout.SBP, MaxOpen: &open, MaxOpenAmount: &sum, UpdatedAt: at}.View(),
			`{"currency":"rub","method":"sbp","max_open":5,"max_open_amount":"100.00","updated_at":"2026-01-31T11:00:00Z"}`},
		{"CapacityWithoutBounds", payout.Capacity{Currency: "rub", Method: payout.SBP, UpdatedAt: at}.View(),
			`{"currency":"rub","method":"sbp","max_open":null,"max_open_amount":null,"updated_at":"2026-01-31T11:00:00Z"}`},
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
