package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"disburse/gateway/devmode"
	"disburse/gateway/enduser"
	"disburse/ledger/money"
	"disburse/signing"
)

// devPage is what `disburse dev` prints when everything runs: where things are,
// how to get in, and a payout to begin with.
func devPage(i devmode.Instance, now time.Time) string {
	var page strings.Builder
	table := tabwriter.NewWriter(&page, 0, 0, 3, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(table, "  "+strings.Join(cells, "\t")) }
	section := func(title string) { fmt.Fprintf(table, "\n%s\n", title) }

	fmt.Fprintln(table, "disburse is running. Ctrl-C stops it; data stays.")
	section("Open in a browser")
	row("API reference", i.DocsURL)
	row("Callback inspector", i.ReceiverURL)
	if i.ConsoleURL != "" {
		row("Console", i.ConsoleURL)
	}
	if i.MerchantURL != "" {
		row("Merchants' pages", i.MerchantURL)
	}
	row("Metrics", i.MetricsURL)
	section("Merchants")
	for _, m := range i.Merchants {
		row(m.Name, fmt.Sprintf("%s, %s USDT available", m.Mode, m.AvailableUSDT))
		row("", "sign_key", m.SignKey)
		row("", "api_key", m.APIKey)
		row("", "webhook_secret", m.WebhookSecret)
		for _, person := range m.People {
			row("", "person", person.Email)
			row("", "password", person.Password)
		}
	}
	section("Operators")
	for _, o := range append([]devmode.Operator{i.Operator}, i.Operators...) {
		row(o.Role, o.Email)
		row("", "password", o.Password)
		row("", "token", o.Token)
	}
	section("Users")
	for _, u := range i.Users {
		row(fmt.Sprintf("%d %s", u.ID, u.Name), fmt.Sprintf("%s RUB available", money.New(u.AvailableKopecks, enduser.RUB)))
		row("", "token", u.Token)
	}
	_ = table.Flush() // a strings.Builder takes everything

	if len(i.Merchants) > 0 {
		fmt.Fprintf(&page, "\nCreate a signed payout of merchant %s\n  %s\n", i.Merchants[0].Name, createLine(i, now))
		fmt.Fprintf(&page, "\nTake the oldest open payout as operator; then complete it with its id\n  %s\n  %s\n",
			operatorLine(i, "claim", "{}"), operatorLine(i, "PAYOUT_ID/complete", "{}"))
	}
	if len(i.Users) > 0 {
		u := i.Users[0]
		fmt.Fprintf(&page, "\nLook at the balance of user %s, and withdraw to a card\n  %s\n  %s\n", u.Name,
			userLine(i, u, "/users/me/balance", ""),
			userLine(i, u, "/card/orders", `{"type":"withdraw","amount_kopecks":15000,"payment_details":{"card_number":"4276345439581234"}}`))
	}
	fmt.Fprintf(&page, "\nCommand line against this instance, in another terminal\n  . '%s' && disburse ledger verify\n\n", i.EnvFile())
	return page.String()
}

// createLine is a command that can be pasted as it is. Its order is new at each
// start.
func createLine(i devmode.Instance, now time.Time) string {
	const amount, phone, currency = "1500.00", "79161234567", "rub"
	m := i.Merchants[0]
	order := "order-" + now.UTC().Format("20060102-150405")
	hook := i.ReceiverURL + "/hook/" + m.Name
	body, err := json.Marshal(map[string]string{
		"order_id": order, "payment_method": "sbp", "fiat_amount": amount, "fiat_currency": currency,
		"phone_number": phone, "bank_name": "Demo Bank", "success_callback_url": hook, "error_callback_url": hook,
		"sign": signing.PayoutSign(order, amount, phone, currency, m.SignKey),
	})
	if err != nil {
		return ""
	}
	return curlLine(fmt.Sprintf("%s/api/merchant/%s/create_pay_out/", i.BaseURL, m.Name), "", string(body))
}

func operatorLine(i devmode.Instance, call, body string) string {
	return curlLine(i.BaseURL+"/api/operator/payouts/"+call, "Authorization: Bearer "+i.Operator.Token, body)
}

func userLine(i devmode.Instance, u devmode.User, call, body string) string {
	return curlLine(i.BaseURL+"/api/v1"+call, "Authorization: Bearer "+u.Token, body)
}

// curlLine posts the body, or reads when there is none.
func curlLine(url, header, body string) string {
	line := "curl -sS " + url
	if header != "" {
		line += " -H '" + header + "'"
	}
	if body != "" {
		line += " -H 'Content-Type: application/json' -d '" + body + "'"
	}
	return line
}
