package portal

import (
	"encoding/json"
	"errors"

	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/ledger"
	"disburse/signing"
)

func (p *portal) integrationRoutes() []site.Route {
	return []site.Route{{Method: get, Path: "/integration", Handle: p.integration}}
}

// The example's request. In live mode its amount is zero, which is always
// refused, and only after the signature was checked: whoever copies it learns
// whether they sign right and moves no money.
const (
	exampleOrder  = "example-1"
	exampleCard   = "2200000000000004"
	exampleAmount = "1500.00"
	noAmount      = "0.00"
	exampleID     = "msg_example"
)

// hiddenKey stands for the key in a signed text.
const hiddenKey = "[sign_key]"

// example is how this merchant calls and is called, worked out with its keys.
type example struct {
	Live      bool
	Merchant  string
	PublicURL string
	SignKey   string // its first characters
	Amount    string
	Currency  string

	SignedText string
	Sign       string
	Body       string
	Create     string // the address

	Form           string
	StandartText   string
	StandartSign   string
	WebhookText    string
	WebhookBody    string
	WebhookHeaders [][2]string
	RequireV2      bool
}

// exampleBody has its members in the order in which people read them.
type exampleBody struct {
	OrderID    string `json:"order_id"`
	Method     string `json:"payment_method"`
	Amount     string `json:"fiat_amount"`
	Currency   string `json:"fiat_currency"`
	Card       string `json:"number_card"`
	SuccessURL string `json:"success_callback_url"`
	ErrorURL   string `json:"error_callback_url"`
	Sign       string `json:"sign"`
}

func (p *portal) integration(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	e, err := p.exampleOf(v, m)
	if err != nil {
		return err
	}
	return v.Render("integration", e)
}

// exampleOf signs with the newest keys, and shows none of them.
func (p *portal) exampleOf(v *site.Visit, m merchant.Merchant) (example, error) {
	if len(m.SignKeys) == 0 || len(m.WebhookSecrets) == 0 {
		return example{}, errors.New("portal: the merchant has no keys")
	}
	key := m.SignKeys[0]
	e := example{
		Live: m.Mode == ledger.Live, Merchant: m.Name, PublicURL: p.PublicURL, Amount: exampleAmount, Currency: "rub",
		Create: p.PublicURL + "/api/merchant/" + m.Name + "/create_pay_out/", Form: string(m.StandartSign), RequireV2: m.RequireV2,
	}
	if e.Live {
		e.Amount = noAmount
	}
	for _, k := range m.Keys {
		if k.Kind == merchant.SignKey && e.SignKey == "" {
			e.SignKey = k.Prefix
		}
	}
	e.SignedText = signing.PayoutString(exampleOrder, e.Amount, exampleCard, e.Currency, hiddenKey)
	e.Sign = signing.PayoutSign(exampleOrder, e.Amount, exampleCard, e.Currency, key)
	body, err := json.MarshalIndent(exampleBody{
		OrderID: exampleOrder, Method: merchant.Card, Amount: e.Amount, Currency: e.Currency, Card: exampleCard,
		SuccessURL: "https://merchant.example/payouts/done", ErrorURL: "https://merchant.example/payouts/failed", Sign: e.Sign,
	}, "", "  ")
	if err != nil {
		return example{}, err
	}
	e.Body = string(body)
	e.StandartText = signing.StandartString(m.StandartSign, m.Name, exampleOrder, hiddenKey)
	e.StandartSign = signing.StandartSign(m.StandartSign, m.Name, exampleOrder, key)

	e.WebhookBody = `{"order_id":"` + exampleOrder + `"}`
	at := v.Now()
	headers, err := signing.Sign(m.WebhookSecrets[:1], exampleID, at, []byte(e.WebhookBody))
	if err != nil {
		return example{}, err
	}
	e.WebhookText = signing.WebhookString(exampleID, at, []byte(e.WebhookBody))
	headers.Apply(func(name, value string) { e.WebhookHeaders = append(e.WebhookHeaders, [2]string{name, value}) })
	return e, nil
}
