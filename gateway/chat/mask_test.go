package chat_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"disburse/gateway/chat"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"Plain", "hello", "hello"},
		{"Empty", "", ""},
		{"Together", "to 2200123456789012, please", "to ****9012, please"},
		{"InGroups", "Please use a different card: 2200 9876 5432 1000", "Please use a different card: ****1000"},
		{"Dashes", "2200-9876-5432-1000", "****1000"},
		{"Lines", "2200\n9876\n5432\n1000!", "****1000!"},
		{"NineteenDigits", "2200 9876 5432 1000 123.", "****0123."},
		{"Shortest", "220098765432", "****5432"},
		{"Phone", "+7 916 123-45-67", "+7 916 123-45-67"},
		{"Amount", "5000.00 RUB at 12:30", "5000.00 RUB at 12:30"},
		{"FullWidth", "２２００９８７６５４３２１０００", "****１０００"},
		{"Two", "old 2200123456789012 new 2200987654321000", "old ****9012 new ****1000"},
		{"FarApart", "2200 ... 9876 ... 5432 ... 1000", "****1000"},
		{"InvalidUTF8", "\xff2200123456789012\xff", "\xff****9012\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.Mask(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMaskHidesEveryCard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[0-9]{16,19}`).Draw(t, "number")
		separators := rapid.SliceOfN(rapid.SampledFrom([]string{"", " ", "-", " - ", ".", "\u00a0", "\t"}), len(number), len(number)).Draw(t, "separators")
		var spelled strings.Builder
		for i, digit := range number {
			spelled.WriteString(separators[i])
			spelled.WriteRune(digit)
		}
		before, after := rapid.StringMatching(`[a-z ]{0,9}`).Draw(t, "before"), rapid.StringMatching(`[a-z ]{0,9}`).Draw(t, "after")
		masked := chat.Mask(before + spelled.String() + after)
		digits := 0
		for _, r := range masked {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		if digits != 4 || !strings.Contains(masked, number[len(number)-4:]) {
			t.Fatalf("%q became %q", spelled.String(), masked)
		}
		if again := chat.Mask(masked); again != masked {
			t.Fatalf("masked twice: %q became %q", masked, again)
		}
	})
}

func TestPrintedMessagesAreMasked(t *testing.T) {
	t.Parallel()
	const card = "2200987654321000"
	m := chat.Message{ID: 1, OrderID: 2, UserID: 3, Sender: chat.User, Text: "to " + card}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("chat", "message", m, "pointer", &m, "many", []chat.Message{m})
	slog.New(slog.NewTextHandler(&log, nil)).Info("chat", "message", m)
	for name, text := range map[string]string{
		"log": log.String(), "%v": fmt.Sprintf("%v", m), "%+v": fmt.Sprintf("%+v", m), "%#v": fmt.Sprintf("%#v", m),
		"slice": fmt.Sprintf("%+v", []chat.Message{m}),
	} {
		if strings.Contains(text, card) || !strings.Contains(text, "****1000") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
