package payout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"disburse/callbacks"
	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/signing"
)

// EventPrefix is the prefix of the ids that callbacks carry as webhook-id.
const EventPrefix = "evt"

// Facts are the fields that status_pay_out and the callbacks have in common,
// as they stand on the wire. Unused requisites are null.
type Facts struct {
	OrderID           string  `json:"order_id"`
	Type              string  `json:"type"` // "pay_out"
	Status            Status  `json:"status"`
	FiatAmount        string  `json:"fiat_amount"`
	USDTAmount        string  `json:"usdt_amount"`
	MerchantSpentUSDT string  `json:"merchant_spent_usdt"`
	FiatCurrency      string  `json:"fiat_currency"`
	ExchangeRate      string  `json:"exchange_rate"`
	PaymentMethod     Method  `json:"payment_method"`
	CreatedAt         string  `json:"created_at"`
	UpdatedAt         string  `json:"updated_at"`
	NumberCard        *string `json:"number_card"`
	PhoneNumber       *string `json:"phone_number"`
	NumberScore       *string `json:"number_score"`
	IBANNumber        *string `json:"iban_number"`
	FullName          string  `json:"full_name"`
	BankName          string  `json:"bank_name"`
	// Both beyond the published fields.
	InternalTransactionID string   `json:"internal_transaction_id"`
	ChequeURLs            []string `json:"cheque_urls,omitempty"`
}

// Facts are the wire fields of what a merchant sees.
func (st Standing) Facts() Facts {
	p := st.Payout
	f := Facts{
		OrderID: p.OrderID, Type: "pay_out", Status: p.Status,
		FiatAmount: p.FiatAmount(), USDTAmount: p.USDTAmount(), MerchantSpentUSDT: p.SpentAmount(),
		FiatCurrency: p.currency(), ExchangeRate: p.ExchangeRate(), PaymentMethod: p.Method,
		CreatedAt: Timestamp(p.CreatedAt), UpdatedAt: Timestamp(p.UpdatedAt),
		FullName: p.FullName, BankName: p.BankName, InternalTransactionID: p.ID, ChequeURLs: st.ChequeURLs,
	}
	switch p.Method {
	case Card:
		f.NumberCard = &st.Requisite
	case SBP:
		f.PhoneNumber = &st.Requisite
	case Score:
		f.NumberScore = &st.Requisite
	case IBAN:
		f.IBANNumber = &st.Requisite
	}
	return f
}

// The amounts as they stand on the wire.

// FiatAmount has two decimals in every currency.
func (p Payout) FiatAmount() string { return p.Fiat.Fixed(2) }

// USDTAmount has four decimals.
func (p Payout) USDTAmount() string { return p.USDT.Fixed(ledger.USDTPlaces) }

// SpentAmount has four decimals.
func (p Payout) SpentAmount() string { return p.Spent().Fixed(ledger.USDTPlaces) }

// ExchangeRate has four decimals.
func (p Payout) ExchangeRate() string { return p.Rate.StringFixed(ratePlaces) }

// Timestamp is a time as it stands on the wire: RFC 3339 in UTC, to the second.
func Timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// callbackBody is what a callback holds: the published fields and the two
// beyond them.
type callbackBody struct {
	StandartSign string `json:"standart_sign"`
	Facts
}

// callback stages the report of a payout's end. The body is made once, here, so
// every attempt sends the same bytes; it rests sealed, since it may hold the
// requisite.
func (s *Service) callback(m merchant.Merchant, p Payout) (callbacks.Row, error) {
	standing, err := s.standing(m, p)
	if err != nil {
		return callbacks.Row{}, err
	}
	if len(m.SignKeys) == 0 {
		return callbacks.Row{}, fmt.Errorf("payout: merchant %s has no sign key", m.ID)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // addresses keep their ampersands
	err = encoder.Encode(callbackBody{
		StandartSign: signing.StandartSign(m.StandartSign, m.Name, p.OrderID, m.SignKeys[0]),
		Facts:        standing.Facts(),
	})
	if err != nil {
		return callbacks.Row{}, fmt.Errorf("payout: callback body: %w", err)
	}
	target := p.ErrorURL
	if p.Status == Successful {
		target = p.SuccessURL
	}
	id := publicid.At(EventPrefix, p.EndedAt)
	sealed, err := s.d.Vault.Seal(BodyAAD(id), bytes.TrimRight(body.Bytes(), "\n"))
	if err != nil {
		return callbacks.Row{}, fmt.Errorf("payout: seal callback: %w", err)
	}
	return callbacks.Stage(callbacks.Event{
		ID: id, MerchantID: p.MerchantID, Subject: p.ID, OrderID: p.OrderID, Kind: "payout." + string(p.Status),
		URL: target, Body: sealed.Box, BodyKey: sealed.Key, At: p.EndedAt,
	}), nil
}

// BodyAAD is the additional data that the body of a callback is sealed with.
func BodyAAD(eventID string) string { return "callback_events.body_box:" + eventID }

// merchantRequisite is the requisite as its merchant gets it back.
func (s *Service) merchantRequisite(m merchant.Merchant, p Payout) (string, error) {
	if m.MaskRequisites {
		return p.Masked(), nil
	}
	return s.requisite(p)
}

// BodyOpener opens the bodies of the callbacks that this package stages.
func BodyOpener(v *vault.Vault) func(eventID, key string, box []byte) ([]byte, error) {
	return func(eventID, key string, box []byte) ([]byte, error) {
		return v.Open(BodyAAD(eventID), vault.Sealed{Key: key, Box: box})
	}
}
