package export

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"disburse/ledger/money"
)

// sort is what a cell holds.
type sort uint8

const (
	text   sort = iota
	number      // a decimal, as text
	moment
)

// cell is one value of a row. Of a moment, text is unused.
type cell struct {
	sort sort
	text string
	at   time.Time
}

// plain is a text that may have come from anywhere.
func plain(s string) cell { return cell{sort: text, text: tame(s)} }

// prose is a text that somebody wrote: numbers in it are hidden.
func prose(s string) cell { return plain(hideNumbers(s)) }

func decimals(s string) cell { return cell{sort: number, text: s} }

func whole(n int64) cell { return decimals(strconv.FormatInt(n, 10)) }

func amount(minor int64, c money.Currency, places int) cell {
	return decimals(money.New(minor, c).Fixed(places))
}

// fixed is a count of parts of which so many decimals make one.
func fixed(parts int64, places int32) cell {
	return decimals(decimal.New(parts, -places).StringFixed(places))
}

// at is a moment, nothing when there was none.
func at(t *time.Time) cell {
	if t == nil || t.IsZero() {
		return cell{}
	}
	return cell{sort: moment, at: t.UTC()}
}

// tame keeps a text from being read as a formula, and from what no file of text
// can hold. Spreadsheets look for the sign behind spaces too, and some know its
// full-width form. Where a semicolon parts cells, as in most of Europe, they take
// a file with commas apart at those in a text, whatever is quoted: so what follows
// one, or a line's end, is the beginning of a cell as well.
func tame(s string) string {
	var out strings.Builder
	begins := true
	for i, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case begins && strings.ContainsRune("=+-@＝＋－＠", r), i == 0 && (r == '\t' || r == '\n'):
			out.WriteByte('\'')
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			r = ' '
		}
		out.WriteRune(r)
		begins = strings.ContainsRune(";|\t\n", r) || begins && (r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r))
	}
	return out.String()
}

// The digits of what may be a number to pay to: a phone without its country has
// ten.
const (
	secretDigits = 10
	shownDigits  = 4
	widestGap    = 3
)

// hideNumbers leaves of every number that money could be paid to its last four
// digits. Groups with spaces, dashes, dots or brackets between them are one
// number.
func hideNumbers(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		length, digits := run(s[i:])
		if len(digits) >= secretDigits {
			out.WriteString("****" + string(digits[len(digits)-shownDigits:]))
			i += length
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		length = max(length, size)
		out.WriteString(s[i : i+length])
		i += length
	}
	return out.String()
}

// run measures the number that a text begins with: its bytes and its digits.
func run(s string) (length int, digits []rune) {
	gap := 0
	for i, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits = append(digits, r)
			length, gap = i+utf8.RuneLen(r), 0
		case len(digits) == 0 || gap == widestGap || !between(r):
			return length, digits
		default:
			gap++
		}
	}
	return length, digits
}

func between(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune(".()_/", r)
}
