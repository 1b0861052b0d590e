package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"disburse/gateway"
	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/idempotency"
	"disburse/ledger/money"
)

// trade opens a card withdrawal and a P2P order, and tells the latter's id.
func trade(t *testing.T, app *gateway.App) int64 {
	t.Helper()
	ctx := t.Context()
	var users []enduser.User
	for _, name := range []string{"seller", "buyer"} {
		u, err := app.Users.Create(ctx, enduser.Spec{Name: name})
		must(t, err)
		must(t, app.Users.Deposit(ctx, u.ID, money.New(500_000, enduser.RUB), "first"))
		users = append(users, u)
	}
	_, err := app.CardOrders.Create(ctx, users[0], cardorder.Request{
		Type: cardorder.Withdraw, Amount: 15_000, Details: cardorder.Details{CardNumber: "4276345439581234"},
	}, idempotency.Key{})
	must(t, err)
	ad, err := app.Exchange.CreateAd(ctx, users[0], exchange.AdRequest{
		Type: "sell", FiatCurrency: "RUB", MinAmount: 100, MaxAmount: 100_000,
		PaymentMethods: []string{"sbp"}, PaymentDetails: map[string]string{"phone": "79161234567"},
	}, idempotency.Key{})
	must(t, err)
	id, err := app.Exchange.CreateOrder(ctx, users[1], exchange.OrderRequest{AdID: ad, USDTAmount: 1000, PaymentMethod: "sbp"}, idempotency.Key{})
	must(t, err)
	return id
}

// eventually asks again until what the workers do has come about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for poll := time.Tick(20 * time.Millisecond); !holds(); <-poll {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not so after 20 s", what)
		}
	}
}

func TestMetricsTellOfOpenOrders(t *testing.T) {
	t.Parallel()
	app := build(t, "127.0.0.1:0")
	closed(t, app)
	trade(t, app)
	must(t, app.Start(t.Context(), gateway.Workers))
	var body string
	eventually(t, "the gauges are there", func() bool {
		var status int
		status, body = fetch(t, "http://"+app.MetricsAddress()+"/metrics")
		return status == http.StatusOK && strings.Contains(body, `disburse_open_orders{kind="p2p"`)
	})
	for _, want := range []string{
		`disburse_open_orders{kind="card_withdraw",status="pending"} 1`,
		`disburse_open_orders{kind="card_deposit",status="paid_by_user"} 0`,
		`disburse_open_orders{kind="p2p",status="pending"} 1`,
		`disburse_open_orders{kind="p2p",status="disputed"} 0`,
		`disburse_open_orders_rub{kind="card_withdraw",status="pending"} 150`,
		`disburse_open_orders_rub{kind="p2p",status="pending"} 10`,
		`disburse_open_orders_oldest_seconds{kind="p2p",status="disputed"} 0`,
		`disburse_card_orders_created_total{type="withdraw"} 1`,
		`disburse_p2p_orders_created_total{ad="sell"} 1`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, ours(body))
		}
	}
}

// ours are the lines about orders.
func ours(body string) string {
	var lines strings.Builder
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "disburse_open") || strings.HasPrefix(line, "disburse_card") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func TestWorkersCancelUnpaidTrades(t *testing.T) {
	t.Parallel()
	app := build(t, "")
	closed(t, app)
	id := trade(t, app)
	_, err := app.DB.Exec(t.Context(), `update p2p_orders set pay_by = created_at + interval '1 millisecond' where id = $1`, id)
	must(t, err)
	must(t, app.Start(t.Context(), gateway.Workers))
	eventually(t, "the order is cancelled", func() bool {
		var status string
		must(t, app.DB.QueryRow(t.Context(), `select status from p2p_orders where id = $1`, id).Scan(&status))
		return status == "cancelled"
	})
	report, err := app.VerifyLedger(t.Context())
	must(t, err)
	if !report.Clean {
		t.Errorf("the books: %+v", report)
	}
}
