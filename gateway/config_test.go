package gateway_test

import (
	"log/slog"
	"strings"
	"testing"

	"disburse/gateway"
	"disburse/gateway/virtualcard"
)

func TestConfigOfTheCardProvider(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, url, key string
		want           []string
	}{
		{"OKNone", "", "", nil},
		{"OKAbroad", "https://cards.example/api", "key", nil},
		{"OKHere", "http://127.0.0.1:9000", "key", nil},
		{"OKHereByName", "http://localhost:9000/", "key", nil},
		{"ErrNoKey", "https://cards.example", "", []string{"KEY: is not set"}},
		{"ErrNoURL", "", "secret-key", []string{"URL: must be an absolute"}},
		{"ErrInClear", "http://cards.example", "secret-key", []string{"URL: must be https"}},
		{"ErrInClearNearby", "http://10.0.0.1", "secret-key", []string{"URL: must be https"}},
		{"ErrQuery", "https://cards.example?a=b", "secret-key", []string{"URL: must not have a query"}},
		{"ErrBoth", "cards.example", "secret key", []string{"URL: must be an absolute", "KEY: must be visible ASCII"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := gateway.Config{CardProviderURL: tc.url, CardProviderKey: tc.key}
			text := c.Validate().Error() // other settings are missing
			if got := strings.Count(text, "DISBURSE_CARD_PROVIDER_"); got != len(tc.want) {
				t.Errorf("%d faults of the card provider, want %d:\n%s", got, len(tc.want), text)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, "DISBURSE_CARD_PROVIDER_"+want) {
					t.Errorf("no fault %q in:\n%s", want, text)
				}
			}
			if tc.key != "" && tc.key != "key" && strings.Contains(text+slog.AnyValue(c).Resolve().String(), tc.key) {
				t.Error("the key is told")
			}
		})
	}
}

func TestNoCardProviderIsOneThatIsNeverReached(t *testing.T) {
	t.Parallel()
	p, err := gateway.Config{}.CardProvider()
	if _, absent := p.(virtualcard.Absent); err != nil || !absent {
		t.Errorf("got %T, %v", p, err)
	}
	if p, err = (gateway.Config{CardProviderURL: "https://cards.example", CardProviderKey: "key"}).CardProvider(); err != nil || p == nil {
		t.Errorf("got %T, %v", p, err)
	}
}
