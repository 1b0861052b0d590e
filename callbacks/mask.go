package callbacks

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	readLimit    = 64 << 10
	excerptLimit = 1 << 10
)

// gap is what people and encoders put between the groups of a number.
const gap = `(?:[ \t.()+\p{Zs}\p{Pd}]|%20|\\+u(?:00[aA]0|20[0-2][0-9a-fA-F])|&nbsp;)`

var (
	gaps = regexp.MustCompile(gap)
	// Card, account and phone numbers, with or without gaps.
	digitRun = regexp.MustCompile(`\d(?:` + gap + `{0,3}\d){9,}`)
	// IBANs in one piece, or in groups of four. What stands before one may be
	// the escape of a space or line end in JSON.
	iban = regexp.MustCompile(`(\b|\\[nrt]|\\u[0-9A-Fa-f]{4})((?i:[A-Z]{2}\d{2}[A-Z0-9]{11,30})|[A-Z]{2}\d{2}(?:` + gap + `[A-Z0-9]{4}){2,7}(?:` + gap + `[A-Z0-9]{1,3})?)\b`)
	// A name that says secret, and what follows it; both may be JSON inside a text.
	namedSecret = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|sign_key|access[_-]?key|private[_-]?key|authorization|cookie|credential|cvv|cvc|pin)[a-z0-9_\-]*\\*["']?\s*[:=]\s*)(?:\\+"[^"]*"?|"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:bearer |basic )?[^\s"',;&}<]+)`)
	// The password in the address of a server.
	userinfo = regexp.MustCompile(`(://[^\s/@:"'<>]*:)[^\s/"'<>]+@`)
	bearer   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=\-]{8,}`)
	prefixed = regexp.MustCompile(`\b(?:whsec|sk|pk|rk|op|ghp|xox[a-z])[_-][A-Za-z0-9+/=_\-]{8,}|\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]+)*`)
	// Long unbroken text of the kind that keys are.
	opaque = regexp.MustCompile(`\b[A-Fa-f0-9]{32,}\b|[A-Za-z0-9+/_\-]{40,}={0,2}`)
)

// excerpt is the start of a response as the log may keep it: at most 1 KiB of
// valid text, what may be the number of a card, an account or a phone cut to its
// last four characters, and whatever looks like a secret taken out.
func excerpt(body []byte) string {
	// Masking what ends at the cut needs a look at what follows it.
	text := strings.ToValidUTF8(string(body[:min(len(body), 2*excerptLimit)]), "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, text)
	if len(text) >= 8 {
		text = mask(text)
	}
	if len(text) <= excerptLimit {
		return text
	}
	end := excerptLimit
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

func mask(text string) string {
	text = namedSecret.ReplaceAllString(text, "${1}[masked]")
	text = userinfo.ReplaceAllString(text, "${1}[masked]@")
	text = bearer.ReplaceAllString(text, "$1 [masked]")
	text = prefixed.ReplaceAllString(text, "[masked]")
	text = opaque.ReplaceAllString(text, "[masked]") // before a number in it is all that is seen
	text = iban.ReplaceAllStringFunc(text, func(found string) string {
		parts := iban.FindStringSubmatch(found)
		return parts[1] + lastFour(parts[2])
	})
	return digitRun.ReplaceAllStringFunc(text, lastFour)
}

func lastFour(number string) string {
	number = gaps.ReplaceAllString(number, "")
	return "[masked]" + number[len(number)-4:]
}
