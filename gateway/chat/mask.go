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

// Mask gives a text in which whatever may be a card number has its last four
// digits alone. Digits of every alphabet count, in groups with anything between
// them that is no letter: better a sum too much is hidden than a card too few.
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
	var last []rune
	for at, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits++
			length = at + utf8.RuneLen(r)
			last = append(last, r)
			if len(last) > lastDigits {
				last = last[1:]
			}
		case digits == 0 || unicode.IsLetter(r):
			return length, digits, string(last)
		}
	}
	return length, digits, string(last)
}
