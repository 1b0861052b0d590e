package payout

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
)

// CreateRequest is the body of create_pay_out: the texts exactly as they were
// sent, since the sign covers them letter by letter. An absent optional text
// is empty.
type CreateRequest struct {
	OrderID            string `json:"order_id"`
	PaymentMethod      string `json:"payment_method"`
	FiatAmount         string `json:"fiat_amount"`
	FiatCurrency       string `json:"fiat_currency"`
	NumberCard         string `json:"number_card"`
	PhoneNumber        string `json:"phone_number"`
	NumberScore        string `json:"number_score"`
	IBANNumber         string `json:"iban_number"`
	BankName           string `json:"bank_name"`
	BIK                string `json:"bik"`
	FullName           string `json:"full_name"`
	Customer           string `json:"customer"`
	OrderDescription   string `json:"order_description"`
	SuccessCallbackURL string `json:"success_callback_url"`
	ErrorCallbackURL   string `json:"error_callback_url"`
	Timeout            *int64 `json:"timeout"` // whole minutes; nil: the merchant's default
	Sign               string `json:"sign"`
}

// SignedRequisite is the requisite that the sign covers: the text of the field
// that the payment method names, empty when it is missing or the method
// unknown.
func SignedRequisite(r CreateRequest) string { return r.requisite(Method(r.PaymentMethod)) }

func (r *CreateRequest) requisite(m Method) string {
	switch m {
	case Card:
		return r.NumberCard
	case SBP:
		return r.PhoneNumber
	case Score:
		return r.NumberScore
	case IBAN:
		return r.IBANNumber
	default:
		return ""
	}
}

// fingerprint is HMAC-SHA256 over every field value as it was sent, except the
// sign, each led by its length so that no two requests share one. The leading
// number is the version of this list: a new field needs a new version that
// leaves requests without the field at the old one.
func (r *CreateRequest) fingerprint(salt []byte) []byte {
	timeout := ""
	if r.Timeout != nil {
		timeout = strconv.FormatInt(*r.Timeout, 10)
	}
	buf := make([]byte, 0, 1024)
	buf = append(buf, 1)
	for _, value := range [...]string{
		r.OrderID, r.PaymentMethod, r.FiatAmount, r.FiatCurrency,
		r.NumberCard, r.PhoneNumber, r.NumberScore, r.IBANNumber,
		r.BankName, r.BIK, r.FullName, r.Customer, r.OrderDescription,
		r.SuccessCallbackURL, r.ErrorCallbackURL, timeout,
	} {
		buf = binary.AppendUvarint(buf, uint64(len(value)))
		buf = append(buf, value...)
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write(buf)
	return mac.Sum(nil)
}
