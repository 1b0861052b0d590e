package httpapi

import (
	"net/http"
	"time"

	"disburse/gateway/merchant"
	"disburse/gateway/page"
	"disburse/ledger"
	"disburse/ledger/money"
)

// merchantSecrets is the answer that shows new keys, this once.
type merchantSecrets struct {
	Merchant merchant.View    `json:"merchant"`
	Secrets  merchant.Secrets `json:"secrets"`
}

func listMerchants(r *request) error {
	q := r.query()
	after, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Merchants.List(r.ctx, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, merchant.Merchant.View))
}

func showMerchant(r *request) error {
	d, err := r.api.Merchants.Show(r.ctx, r.param("name"))
	if err != nil {
		return err
	}
	return r.json(d.View())
}

// newMerchantBody makes a merchant.
type newMerchantBody struct {
	Name, Mode, FeeFixed string
	FeeBPS               *int64
}

func (b *newMerchantBody) member(name string) any {
	switch name {
	case "name":
		return &b.Name
	case "mode":
		return &b.Mode
	case "fee_bps":
		return &b.FeeBPS
	case "fee_fixed":
		return &b.FeeFixed
	default:
		return nil
	}
}

func createMerchant(r *request) error {
	var b newMerchantBody
	if err := r.decode(&b); err != nil {
		return err
	}
	n := merchant.New{Name: b.Name, Mode: ledger.Mode(b.Mode)}
	if b.FeeFixed != "" {
		n.FeeFixed = fee(b.FeeFixed)
	}
	if b.FeeBPS != nil {
		n.FeeBPS = *b.FeeBPS
	}
	made, err := r.api.Merchants.Create(r.ctx, n)
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, merchantSecrets{Merchant: made.Merchant.View(), Secrets: made.Secrets})
}

func changeMerchant(r *request) error {
	var b merchantChangeBody
	if err := r.decode(&b); err != nil {
		return err
	}
	m, err := r.api.Merchants.Set(r.ctx, r.param("name"), b.change())
	if err != nil {
		return err
	}
	return r.json(m.View())
}

func disableMerchant(r *request) error {
	m, err := r.api.Merchants.Disable(r.ctx, r.param("name"))
	if err != nil {
		return err
	}
	return r.json(m.View())
}

func enableMerchant(r *request) error {
	m, err := r.api.Merchants.Enable(r.ctx, r.param("name"))
	if err != nil {
		return err
	}
	return r.json(m.View())
}

// rotateBody asks for new keys.
type rotateBody struct {
	Only  []merchant.KeyKind
	Grace string
}

func (b *rotateBody) member(name string) any {
	switch name {
	case "only":
		return &b.Only
	case "grace":
		return &b.Grace
	default:
		return nil
	}
}

func rotateKeys(r *request) error {
	var b rotateBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	rotated, err := r.api.Merchants.RotateKeys(r.ctx, r.param("name"), b.Only, duration(b.Grace, merchant.DefaultGrace))
	if err != nil {
		return err
	}
	if rotated.Waiting != nil {
		return r.jsonStatus(http.StatusAccepted, askedAnswer{rotated.Waiting.View(r.api.Now())})
	}
	return r.json(merchantSecrets{Merchant: rotated.Merchant.View(), Secrets: rotated.Secrets})
}

// topUpBody adds to a balance.
type topUpBody struct{ Amount, Ref string }

func (b *topUpBody) member(name string) any {
	switch name {
	case "amount":
		return &b.Amount
	case "ref":
		return &b.Ref
	default:
		return nil
	}
}

type topUpAnswer struct {
	Merchant  string `json:"merchant"`
	Amount    string `json:"amount"`
	Ref       string `json:"ref"`
	Available string `json:"available_usdt"`
}

func topUpMerchant(r *request) error {
	var b topUpBody
	if err := r.decode(&b); err != nil {
		return err
	}
	amount, err := money.Parse(b.Amount, money.USDT)
	if err != nil {
		amount = money.Money{} // the service names it with whatever else is wrong
	}
	made, err := r.api.Merchants.TopUp(r.ctx, r.param("name"), amount, b.Ref)
	if err != nil {
		return err
	}
	if made.Replayed {
		r.c.Set(headerReplayed, "true")
	}
	return r.json(topUpAnswer{Merchant: made.Merchant.Name, Amount: usdt(made.Amount), Ref: b.Ref, Available: usdt(made.Available)})
}

// fee reads an amount in USDT. Text that is none becomes a negative amount, so
// that the service names it with whatever else is wrong.
func fee(text string) money.Money {
	m, err := money.Parse(text, money.USDT)
	if err != nil {
		return money.New(-1, money.USDT)
	}
	return m
}

// duration reads a span such as 24h or 90m. Text that is none becomes a
// negative span, so that the service names it with whatever else is wrong.
func duration(text string, absent time.Duration) time.Duration {
	if text == "" {
		return absent
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return -1
	}
	return d
}
