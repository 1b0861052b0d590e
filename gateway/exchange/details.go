package exchange

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/chat"
	"disburse/gateway/fault"
)

// Bounds of payment details.
const (
	maxDetails     = 20
	maxDetailName  = 64
	maxDetailText  = 256
	maxDetailLabel = 128 // of a bank's and a holder's name

	cardNumber    = "card_number"
	minCardDigits = 16
	maxCardDigits = 19
)

// secretDigits is from how many digits on a value may be one to pay to.
const secretDigits = 6

// checkDetails judges payment details and returns them as they are kept: card
// numbers without spaces and dashes, and none where all are blank. Why never
// repeats a value.
func checkDetails(given map[string]string) (kept map[string]string, why string) {
	if len(given) > maxDetails {
		return nil, fmt.Sprintf("must have at most %d entries", maxDetails)
	}
	kept = make(map[string]string, len(given))
	blank := true
	for name, value := range given {
		most := maxDetailText
		if name == "bank_name" || name == "holder_name" {
			most = maxDetailLabel
		}
		switch {
		case !plain(name, maxDetailName) || strings.TrimSpace(name) == "":
			return nil, fmt.Sprintf("has a name that is empty, longer than %d characters, or holds control characters", maxDetailName)
		case !plain(value, most):
			return nil, fmt.Sprintf("has a value of more than %d characters, or with control characters", most)
		}
		if name == cardNumber {
			if value = strings.NewReplacer(" ", "", "-", "").Replace(value); !validCard(value) {
				return nil, fmt.Sprintf("card_number must be %d to %d digits", minCardDigits, maxCardDigits)
			}
		}
		kept[name] = value
		blank = blank && strings.TrimSpace(value) == ""
	}
	if blank { // nobody can be paid by them
		return nil, ""
	}
	return kept, ""
}

func validCard(number string) bool {
	return len(number) >= minCardDigits && len(number) <= maxCardDigits &&
		!strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' })
}

// plain reports a text of at most so many characters that the database can hold
// and a line can show.
func plain(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

// prose is plain, of several lines.
func prose(text string, most int) bool {
	return plain(strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(text), most) && utf8.RuneCountInString(text) <= most
}

// maskDetails is what operators and records see of payment details.
func maskDetails(details map[string]string) map[string]string {
	masked := make(map[string]string, len(details))
	for name, value := range details {
		masked[chat.Mask(name)] = maskValue(value)
	}
	return masked
}

// maskValue leaves the last four digits of a value that somebody could pay to.
func maskValue(value string) string {
	var digits []rune
	for _, r := range value {
		if unicode.IsDigit(r) {
			digits = append(digits, r)
		}
	}
	if len(digits) < secretDigits {
		return value
	}
	return "****" + string(digits[len(digits)-4:])
}

func (d sealedDetails) none() bool { return d.sealed.Key == "" }

// String keeps a sealed value out of whatever is printed.
func (d sealedDetails) String() string { return fmt.Sprint(d.masked) }

// seal seals details for the row that aad names; none stay none.
func (s *Service) seal(aad string, details map[string]string) (sealedDetails, error) {
	if len(details) == 0 {
		return sealedDetails{}, nil
	}
	raw, err := json.Marshal(details)
	if err != nil {
		return sealedDetails{}, fmt.Errorf("exchange: details: %w", err)
	}
	sealed, err := s.d.Vault.Seal(aad, raw)
	if err != nil {
		return sealedDetails{}, fmt.Errorf("exchange: seal: %w", err)
	}
	return sealedDetails{sealed: sealed, masked: maskDetails(details)}, nil
}

// open gives details in clear, nil when there are none.
func (s *Service) open(aad string, d sealedDetails) (details map[string]string, err error) {
	if d.none() {
		return nil, nil
	}
	raw, err := s.d.Vault.Open(aad, d.sealed)
	if err != nil {
		return nil, fmt.Errorf("exchange: open: %w", err)
	}
	if err := json.Unmarshal(raw, &details); err != nil {
		return nil, fmt.Errorf("exchange: details: %w", err)
	}
	return details, nil
}

func adAAD(id int64) string    { return "p2p_ads.details_box:" + strconv.FormatInt(id, 10) }
func orderAAD(id int64) string { return "p2p_orders.details_box:" + strconv.FormatInt(id, 10) }

// faults collects what is wrong with a request, in the order found.
type faults []fault.Field

func (f *faults) add(name, format string, args ...any) {
	*f = append(*f, fault.Field{Name: name, Why: fmt.Sprintf(format, args...)})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return fault.Invalid(f...)
}
