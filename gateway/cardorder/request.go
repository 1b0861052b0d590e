package cardorder

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/chat"
	"disburse/gateway/fault"
)

// Request is what a user asks for.
type Request struct {
	Type    Type
	Amount  int64 // kopecks
	Details Details
}

// Bounds of what people write, in characters.
const (
	maxName   = 128
	maxReason = 2000
)

// faults collects what is wrong, in the order in which it is added. The reasons
// never repeat a value.
type faults []fault.Field

func (f *faults) add(name, why string, args ...any) {
	*f = append(*f, fault.Field{Name: name, Why: fmt.Sprintf(why, args...)})
}

// text judges a text of at most most characters.
func (f *faults) text(name, value string, most int) {
	switch {
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		f.add(name, "is not a text")
	case utf8.RuneCountInString(value) > most:
		f.add(name, "must be at most %d characters", most)
	}
}

// name judges the name of a bank or a person, and gives it without what may be
// a card number: names are shown where numbers are not.
func (f *faults) name(name, value string) string {
	f.text(name, value, maxName)
	return chat.Mask(strings.TrimSpace(value))
}

func (f *faults) card(name, number string) {
	if len(number) < 16 || len(number) > 19 || strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' }) {
		f.add(name, "must be 16 to 19 digits")
	}
}

// cardDigits drops what people group the digits of a card with.
func cardDigits(number string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, number)
}

// order is the order that the request asks for, its id and its card's seal
// still missing. It refuses what no settings could allow.
func (r Request) order(userID int64) (Order, error) {
	var bad faults
	if !r.Type.Valid() {
		bad.add("type", "must be withdraw or deposit")
	}
	o := Order{UserID: userID, Type: r.Type, Amount: r.Amount, Status: Pending}
	if o.Details.CardNumber = cardDigits(r.Details.CardNumber); o.Details.CardNumber != "" {
		bad.card("payment_details.card_number", o.Details.CardNumber)
	}
	o.Details.BankName = bad.name("payment_details.bank_name", r.Details.BankName)
	o.Details.HolderName = bad.name("payment_details.holder_name", r.Details.HolderName)
	if len(bad) > 0 {
		return Order{}, fault.Invalid(bad...)
	}
	return o, nil
}
