package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The digits of what may be a card number: the shortest has 12, the longest
// 19. More in a row is hidden too: somebody may have written two.
const (
	cardDigits = 12
	lastDigits = 4
)

// gap is how many characters other than letters may lie between two digits of
// one number, as in "2200 - 1234".
const gap = 3

// Mask gives a text in which whatever may be a card number has its last four
// digits alone. Digits of every alphabet count, in groups with spaces and
// punctuation between them.
func Mask(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		length, digits, tail := number(text[at:])
		if digits >= cardDigits {
			out.WriteString("****" + tail)
			at += length
			continue
		}
		if length == 0 {
			_, length = utf8.DecodeRuneInString(text[at:])
		}
		out.WriteString(text[at : at+length])
		at += length
	}
	return out.String()
}

// number measures the number that a text begins with: its bytes, how many
// digits it has, and the last four of them.
func number(text string) (length, digits int, tail string) {
	between := 0
	var last []rune
	for at, r := range text {
		switch {
		case unicode.IsDigit(r):
			between = 0
			digits++
			length = at + utf8.RuneLen(r)
			last = append(last, r)
			if len(last) > lastDigits {
				last = last[1:]
			}
		case digits == 0 || unicode.IsLetter(r) || between == gap:
			return length, digits, string(last)
		default:
			between++
		}
	}
	return length, digits, string(last)
}
