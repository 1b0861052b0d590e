package payout

import "strings"

// maxPhone is the length of the longest phone number, a leading + included.
const maxPhone = 13

// judgeRequisite says what is wrong with a requisite of a method, "" for
// nothing. It never repeats the value.
func judgeRequisite(m Method, value string, luhn bool) string {
	switch m {
	case Card:
		if len(value) != 16 || !digits(value) {
			return "must be 16 digits"
		}
		if luhn && !passesLuhn(value) {
			return "fails the check digit"
		}
	case SBP:
		if len(value) < 11 || len(value) > maxPhone || !digits(strings.TrimPrefix(value, "+")) {
			return "must be 11 to 13 characters: digits, with or without a leading +"
		}
	case Score:
		if len(value) != 20 || !digits(value) {
			return "must be 20 digits"
		}
	case IBAN:
		return judgeIBAN(value)
	}
	return ""
}

func passesLuhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func judgeIBAN(iban string) string {
	if len(iban) < 15 || len(iban) > 34 || strings.ContainsFunc(iban, notLetterOrDigit) {
		return "must be 15 to 34 letters and digits"
	}
	// Only now: upper-casing turns some letters of other alphabets into ASCII.
	iban = strings.ToUpper(iban)
	length, known := ibanLengths[iban[:2]]
	switch {
	case !known:
		return "starts with a country that has no IBAN"
	case len(iban) != length:
		return "has the wrong length for its country"
	case mod97(iban[4:]+iban[:4]) != 1:
		return "fails the check digits"
	default:
		return ""
	}
}

func notLetterOrDigit(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// mod97 is the remainder of the number that the text spells when letters count
// from A = 10, as ISO 7064 has it.
func mod97(text string) int {
	rest := 0
	for i := range len(text) {
		if c := text[i]; c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest
}

// ibanLengths is the length of an IBAN by country code, from the IBAN registry
// that SWIFT keeps for ISO 13616.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27,
	"BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28,
	"EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
	"GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
	"LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
	"NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
	"RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25,
	"SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}
