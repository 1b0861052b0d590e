package payout

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/fault"
	"disburse/ledger/money"
)

// Bounds of the fields of create_pay_out, in characters.
const (
	maxOrderID     = 255
	maxBankName    = 72
	maxName        = 128
	maxCustomer    = 128
	maxDescription = 8000
	maxURL         = 512
	maxTimeout     = 10080 // minutes: a week
)

// rules is what the fields are judged by beside the published formats.
type rules struct {
	currency money.Currency // of fiat_currency, "" when it is not one that is served
	luhn     bool
	min, max money.Money               // of the method; the zero Money is no bound
	checkURL func(target string) error // refuses addresses that no callback may go to
}

// faults collects what is wrong, in the order in which it is added.
type faults []fault.Field

func (f *faults) add(name, why string, args ...any) {
	*f = append(*f, fault.Field{Name: name, Why: fmt.Sprintf(why, args...)})
}

// check judges every field in the published order and returns the amount, which
// has no meaning when there are faults. The reasons never repeat a value.
func (r *CreateRequest) check(by rules) (money.Money, []fault.Field) {
	var f faults
	f.orderID(r.OrderID)
	if !Method(r.PaymentMethod).Valid() {
		f.required("payment_method", r.PaymentMethod, "must be one of card, sbp, score, iban")
	}
	amount := f.amount(r.FiatAmount, by)
	if by.currency == "" {
		f.required("fiat_currency", r.FiatCurrency, "is not a currency that payouts are made in")
	}
	f.requisites(r, by.luhn)
	f.line("bank_name", r.BankName, maxBankName)
	if strings.TrimSpace(r.BankName) == "" && Method(r.PaymentMethod) == SBP {
		f.add("bank_name", "is required for payment_method sbp")
	}
	if r.BIK != "" && (len(r.BIK) != 9 || !digits(r.BIK)) {
		f.add("bik", "must be 9 digits")
	}
	f.line("full_name", r.FullName, maxName)
	f.line("customer", r.Customer, maxCustomer)
	f.text("order_description", r.OrderDescription, maxDescription)
	f.url("success_callback_url", r.SuccessCallbackURL, by.checkURL)
	f.url("error_callback_url", r.ErrorCallbackURL, by.checkURL)
	if r.Timeout != nil && (*r.Timeout < 1 || *r.Timeout > maxTimeout) {
		f.add("timeout", "must be a whole number of minutes from 1 to %d", maxTimeout)
	}
	return amount, f
}

// required reports an empty value as missing and another one as why says.
func (f *faults) required(name, value, why string) {
	if value == "" {
		why = "is required"
	}
	f.add(name, "%s", why)
}

func (f *faults) orderID(id string) {
	switch {
	case id == "":
		f.add("order_id", "is required")
	case utf8.RuneCountInString(id) > maxOrderID:
		f.add("order_id", "must have at most %d characters", maxOrderID)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unfit):
		f.add("order_id", "must not hold control characters")
	case strings.Contains(id, ":"):
		f.add("order_id", "must not hold a colon")
	}
}

// amount reads the literal. Its form is the same for every currency: two
// decimals, which must be zeros where the currency has none.
func (f *faults) amount(literal string, by rules) money.Money {
	const name = "fiat_amount"
	whole, frac, _ := strings.Cut(literal, ".")
	switch {
	case literal == "":
		f.add(name, "is required")
	case len(frac) != 2 || !digits(frac) || !digits(whole) || len(whole) > 12 || (len(whole) > 1 && whole[0] == '0'):
		f.add(name, "must be digits with two decimals, such as 1500.00, and at most twelve digits before them")
	case strings.Trim(literal, "0.") == "":
		f.add(name, "must be above zero")
	case by.currency == "":
	default:
		return f.bounded(literal, by)
	}
	return money.Money{}
}

func (f *faults) bounded(literal string, by rules) money.Money {
	const name = "fiat_amount"
	if scale := by.currency.Scale(); scale < 2 {
		whole, frac, _ := strings.Cut(literal, ".")
		if strings.Trim(frac[scale:], "0") != "" {
			f.add(name, "must have zeros after the point: %s has %d decimals", by.currency.Lower(), scale)
			return money.Money{}
		}
		literal = strings.TrimSuffix(whole+"."+frac[:scale], ".")
	}
	amount, err := money.Parse(literal, by.currency)
	switch {
	case err != nil:
		f.add(name, "is out of range")
	case by.min.Currency() == by.currency && amount.Cmp(by.min) < 0:
		f.add(name, "must be at least %s", by.min.Fixed(2))
	case by.max.Currency() == by.currency && amount.Cmp(by.max) > 0:
		f.add(name, "must be at most %s", by.max.Fixed(2))
	}
	return amount
}

// requisites asks for exactly the field that the method names. With an unknown
// method each given one is judged by itself.
func (f *faults) requisites(r *CreateRequest, luhn bool) {
	method := Method(r.PaymentMethod)
	for _, m := range Methods() {
		value, name := r.requisite(m), m.Field()
		switch {
		case value == "" && m == method:
			f.add(name, "is required for payment_method %s", method)
		case value == "":
		case method.Valid() && m != method:
			f.add(name, "must not be given with payment_method %s", method)
		default:
			if why := judgeRequisite(m, value, luhn); why != "" {
				f.add(name, "%s", why)
			}
		}
	}
}

// line judges an optional single-line text, text one that may have several.
func (f *faults) line(name, value string, most int) {
	if f.text(name, value, most) && strings.ContainsFunc(value, unfit) {
		f.add(name, "must not hold control characters")
	}
}

func (f *faults) text(name, value string, most int) bool {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unstorable):
		f.add(name, "must not hold control characters")
	case utf8.RuneCountInString(value) > most:
		f.add(name, "must have at most %d characters", most)
	default:
		return true
	}
	return false
}

// unfit reports what has no place in a single line that people compare by eye:
// control characters, the marks that reverse the direction of text, and the
// replacement of a character that was lost on the way.
func unfit(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar
}

// unstorable reports control characters that are not layout.
func unstorable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}

// url leaves all but the presence of an address to check, whose text is a
// phrase for the one who gave it.
func (f *faults) url(name, target string, check func(string) error) {
	switch {
	case target == "":
		f.add(name, "is required")
	case utf8.RuneCountInString(target) > maxURL:
		f.add(name, "must have at most %d characters", maxURL)
	case !utf8.ValidString(target) || strings.ContainsFunc(target, unfit):
		f.add(name, "must not hold control characters")
	default:
		if err := check(target); err != nil {
			f.add(name, "%s", err)
		}
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
