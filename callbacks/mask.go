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

var (
	// Card numbers, with or without the usual gaps.
	digitRun = regexp.MustCompile(`\d(?:[ \-]?\d){11,}`)
	// A name that says secret, and what follows it.
	namedSecret = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|sign_key|access[_-]?key|private[_-]?key|authorization|cookie|credential|cvv|cvc|pin)[a-z0-9_\-]*["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:bearer |basic )?[^\s"',;&}<]+)`)
	bearer      = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=\-]{8,}`)
	prefixed    = regexp.MustCompile(`\b(?:whsec|sk|pk|rk|op|ghp|xox[a-z])[_-][A-Za-z0-9+/=_\-]{8,}|\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]+)*`)
	// Long unbroken text of the kind that keys are.
	opaque = regexp.MustCompile(`\b[A-Fa-f0-9]{32,}\b|[A-Za-z0-9+/_\-]{40,}={0,2}`)
)

// excerpt is the start of a response as the log may keep it: at most 1 KiB of
// valid text, card-like numbers cut to their last four digits, and whatever
// looks like a secret taken out.
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
	text = bearer.ReplaceAllString(text, "$1 [masked]")
	text = prefixed.ReplaceAllString(text, "[masked]")
	text = digitRun.ReplaceAllStringFunc(text, func(run string) string {
		return "[masked]" + run[len(run)-4:]
	})
	return opaque.ReplaceAllString(text, "[masked]")
}
