package payout

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nationalDigits is how many digits of a phone number are left without the
// country: 8 and +7 lead to the same phone.
const nationalDigits = 10

// redact replaces a requisite that somebody wrote into a text, however it is
// spelled: in either letter case, in groups with anything between them that is
// neither letter nor digit, and a phone number also without its country.
func redact(text, requisite, masked string) string {
	needle := alphanumeric(requisite)
	if needle == "" {
		return text
	}
	needles := []string{needle}
	if digits(needle) && len(needle) > nationalDigits && len(requisite) <= maxPhone {
		needles = append(needles, needle[len(needle)-nationalDigits:])
	}
	var out strings.Builder
	for at := 0; at < len(text); {
		n := 0
		for _, needle := range needles {
			n = max(n, spelled(text[at:], needle))
		}
		if n > 0 {
			out.WriteString(masked)
			at += n
			continue
		}
		out.WriteByte(text[at])
		at++
	}
	return out.String()
}

// spelled is how many bytes at the start of text spell the needle, of upper-case
// letters and digits, with or without a leading plus; 0 when they do not.
func spelled(text, needle string) int {
	at, found := len(text)-len(strings.TrimPrefix(text, "+")), 0
	for found < len(needle) {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case size == 0:
			return 0
		case r < utf8.RuneSelf && upper(byte(r)) == needle[found]:
			found++
		case found == 0 || unicode.IsLetter(r) || unicode.IsNumber(r):
			return 0
		}
		at += size
	}
	return at
}

// alphanumeric is the letters, in upper case, and the digits of a requisite.
func alphanumeric(requisite string) string {
	out := make([]byte, 0, len(requisite))
	for i := range len(requisite) {
		if !notLetterOrDigit(rune(requisite[i])) {
			out = append(out, upper(requisite[i]))
		}
	}
	return string(out)
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
