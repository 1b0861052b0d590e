package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shortest is how many characters a password must have that somebody has chosen,
// and surprises how many of them must not follow from the one before, from what
// everybody knows or from what is known of the person.
const (
	Shortest  = 12
	surprises = 6
)

// known are beginnings of passwords that everybody tries.
var known = []string{
	"qwertyuiop", "asdfghjkl", "password", "passw0rd", "disburse", "zxcvbnm", "letmein", "welcome", "qwerty", "admin",
	"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "пароль", "йцукен", "админ",
}

// Weakness says why a password that somebody has chosen is not to be taken, and
// is empty for one that is. about is what others know of the person, such as the
// address.
func Weakness(chosen string, about ...string) string {
	switch {
	case utf8.RuneCountInString(chosen) < Shortest:
		return "must have at least 12 characters"
	case len(chosen) > Longest:
		return "is too long"
	case !utf8.ValidString(chosen) || strings.ContainsFunc(chosen, unicode.IsControl):
		return "must not have control characters"
	case guessed(strings.ToLower(chosen), about):
		return "is too easy to guess"
	default:
		return ""
	}
}

// guessed reports that little is left of a password without what can be guessed.
func guessed(chosen string, about []string) bool {
	words := slices.Clone(known)
	for _, text := range about {
		text = strings.ToLower(text)
		name, domain, _ := strings.Cut(text, "@")
		for _, part := range []string{text, domain, name} {
			if utf8.RuneCountInString(part) >= 4 {
				words = append(words, part)
			}
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for _, word := range words {
		chosen = strings.ReplaceAll(chosen, word, "")
	}
	jumps, seen, before := 0, make(map[rune]bool), rune(-10)
	for _, r := range chosen {
		if step := r - before; step < -1 || step > 1 {
			jumps++
		}
		seen[r], before = true, r
	}
	return min(jumps, len(seen)) < surprises
}
