package password_test

import (
	"strings"
	"testing"

	"disburse/gateway/password"
)

func TestWeakness(t *testing.T) {
	t.Parallel()
	for chosen, want := range map[string]string{
		"correct horse battery":             "",
		"x7!kQ2pZ0mwL":                      "",
		"нашакошкаест9":                     "",
		"":                                  "at least 12",
		"x7!kQ2pZ0mw":                       "at least 12",
		"кошкаест9":                         "at least 12", // characters, not bytes
		strings.Repeat("x7!kQ2pZ0mwL", 100): "too long",
		"x7!kQ2pZ0mwL\x00":                  "control characters",
		"x7!kQ2pZ0mwL\xff":                  "control characters",
		"aaaaaaaaaaaa":                      "easy to guess",
		"abababababab":                      "easy to guess",
		"123456789012":                      "easy to guess",
		"abcdefghijklmnop":                  "easy to guess",
		"Password1234":                      "easy to guess",
		"QWERTYuiop12345":                   "easy to guess",
		"anna@shop.example2026":             "easy to guess",
		"Annastasia-1234":                   "easy to guess",
	} {
		about := []string{"anna@shop.example", "annastasia@x"}
		if got := password.Weakness(chosen, about...); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", chosen, got, want)
		}
	}
}
