package httpapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// createBody is the body of create_pay_out.
type createBody struct{ payout.CreateRequest }

func (b *createBody) member(name string) any {
	switch name {
	case "order_id":
		return &b.OrderID
	case "payment_method":
		return &b.PaymentMethod
	case "fiat_amount":
		return &b.FiatAmount
	case "fiat_currency":
		return &b.FiatCurrency
	case "timeout":
		return &b.Timeout
	case "number_card":
		return &b.NumberCard
	case "phone_number":
		return &b.PhoneNumber
	case "number_score":
		return &b.NumberScore
	case "iban_number":
		return &b.IBANNumber
	case "bank_name":
		return &b.BankName
	case "bik":
		return &b.BIK
	case "full_name":
		return &b.FullName
	case "customer":
		return &b.Customer
	case "order_description":
		return &b.OrderDescription
	case "success_callback_url":
		return &b.SuccessCallbackURL
	case "error_callback_url":
		return &b.ErrorCallbackURL
	case "sign":
		return &b.Sign
	default:
		return nil
	}
}

func (b *createBody) wanted(_ *merchant.Merchant, key string) string {
	return signing.PayoutSign(b.OrderID, b.FiatAmount, payout.SignedRequisite(b.CreateRequest), b.FiatCurrency, key)
}

// rejectBody is the body of rejected_pay_out.
type rejectBody struct{ OrderID, StandartSign string }

func (b *rejectBody) member(name string) any {
	switch name {
	case "order_id":
		return &b.OrderID
	case "standart_sign":
		return &b.StandartSign
	default:
		return nil
	}
}

func (b *rejectBody) wanted(m *merchant.Merchant, key string) string {
	return signing.StandartSign(m.StandartSign, m.Name, b.OrderID, key)
}

type createdAnswer struct {
	OK             bool   `json:"ok"`
	OrderID        string `json:"order_id"`
	ID             string `json:"internal_transaction_id"`
	Status         string `json:"status"`
	FiatAmount     string `json:"fiat_amount"`
	USDTAmount     string `json:"usdt_amount"`
	MerchantSpent  string `json:"merchant_spent_usdt"`
	FiatCurrency   string `json:"fiat_currency"`
	ExchangeRate   string `json:"exchange_rate"`
	PaymentMethod  string `json:"payment_method"`
	RejectCallback string `json:"reject_callback_url"`
	CreatedAt      string `json:"created_at"`
	ExpiresAt      string `json:"expires_at"`
}

func createPayOut(r *request) error {
	var b createBody
	if err := r.decode(&b); err != nil {
		return err
	}
	m, err := r.signedBy(b.Sign, b.wanted)
	if err != nil {
		return err
	}
	if err := r.limit(take{"create", m.ID, m.Limits.Create}); err != nil {
		return err
	}
	created, replayed, err := r.api.Payouts.Create(r.ctx, m, b.CreateRequest)
	if err != nil {
		return err
	}
	if replayed {
		r.c.Set(headerReplayed, "true")
	}
	p := created.Payout
	return r.json(createdAnswer{
		OK: true, OrderID: p.OrderID, ID: p.ID, Status: string(p.Status),
		FiatAmount: p.FiatAmount(), USDTAmount: p.USDTAmount(), MerchantSpent: p.SpentAmount(),
		FiatCurrency: p.Fiat.Currency().Lower(), ExchangeRate: p.ExchangeRate(), PaymentMethod: string(p.Method),
		RejectCallback: created.RejectURL, CreatedAt: stamp(p.CreatedAt), ExpiresAt: stamp(p.ExpiresAt),
	})
}

type statusAnswer struct {
	OK bool `json:"ok"`
	payout.Facts
}

func statusPayOut(r *request) error {
	m, err := r.keyedBy()
	if err != nil {
		return err
	}
	id := r.param("pay_out_id")
	if err := r.limit(take{"status", m.ID, m.Limits.Status}, take{"status_payout", m.ID + ":" + id, m.Limits.StatusPayout}); err != nil {
		return err
	}
	standing, err := r.api.Payouts.Status(r.ctx, m, id)
	if err != nil {
		return err
	}
	return r.json(statusAnswer{OK: true, Facts: standing.Facts()})
}

type rejectedAnswer struct {
	OK      bool   `json:"ok"`
	OrderID string `json:"order_id"`
	ID      string `json:"internal_transaction_id"`
	Status  string `json:"status"`
}

func rejectedPayOut(r *request) error {
	var b rejectBody
	if err := r.decode(&b); err != nil {
		return err
	}
	m, err := r.signedBy(b.StandartSign, b.wanted)
	if err != nil {
		return err
	}
	if err := r.limit(take{"reject", m.ID, m.Limits.Reject}); err != nil {
		return err
	}
	if b.OrderID == "" {
		return fault.Invalid(fault.Field{Name: "order_id", Why: "is required"})
	}
	p, err := r.api.Payouts.Cancel(r.ctx, m, b.OrderID)
	if err != nil {
		return err
	}
	return r.json(rejectedAnswer{OK: true, OrderID: p.OrderID, ID: p.ID, Status: string(p.Status)})
}

// usdt prints an amount as the wire has it: four decimals, though the books
// keep six.
func usdt(m money.Money) string { return m.Fixed(ledger.USDTPlaces) }

type merchantStatusAnswer struct {
	OK             bool           `json:"ok"`
	Balance        jsontext.Value `json:"balance"`
	Hold           jsontext.Value `json:"hold"`
	Available      jsontext.Value `json:"available"`
	Ecom           ecomStatuses   `json:"payment_ecom_statuses"`
	PaymentMethods []methodsOf    `json:"payment_methods"`
}

// ecomStatuses are card payments taken from customers, which this gateway has
// none of; the published answer names them all the same.
type ecomStatuses struct {
	Russian       bool `json:"russian"`
	International bool `json:"international"`
}

type methodsOf struct {
	Currency string         `json:"currency"`
	Statuses methodStatuses `json:"statuses"`
}

type methodStatuses struct {
	Card  bool `json:"pay_out_card"`
	SBP   bool `json:"pay_out_sbp"`
	Score bool `json:"pay_out_score"`
	IBAN  bool `json:"pay_out_iban"`
}

func merchantStatus(r *request) error {
	m, err := r.keyedBy()
	if err != nil {
		return err
	}
	if err := r.limit(take{"status", m.ID, m.Limits.Status}); err != nil {
		return err
	}
	b, err := r.api.Payouts.Balance(r.ctx, m)
	if err != nil {
		return err
	}
	return r.json(merchantStatusAnswer{
		OK: true, Balance: number(b.Balance), Hold: number(b.Held), Available: number(b.Available),
		PaymentMethods: methodsByCurrency(m.Methods),
	})
}

func methodsByCurrency(methods map[merchant.MethodKey]merchant.Method) []methodsOf {
	byCurrency := make(map[string]*methodStatuses)
	for key, method := range methods {
		statuses := byCurrency[key.Currency]
		if statuses == nil {
			statuses = new(methodStatuses)
			byCurrency[key.Currency] = statuses
		}
		switch key.Method {
		case merchant.Card:
			statuses.Card = method.Enabled
		case merchant.SBP:
			statuses.SBP = method.Enabled
		case merchant.Score:
			statuses.Score = method.Enabled
		case merchant.IBAN:
			statuses.IBAN = method.Enabled
		}
	}
	out := make([]methodsOf, 0, len(byCurrency))
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		out = append(out, methodsOf{Currency: currency, Statuses: *byCurrency[currency]})
	}
	return out
}

// number prints an amount as a JSON number, exactly: digits of the integer it
// is kept as, without the zeros at the end.
func number(m money.Money) jsontext.Value {
	text := m.String()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return jsontext.Value(text)
}
