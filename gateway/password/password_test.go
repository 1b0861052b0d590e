package password_test

import (
	"strings"
	"testing"

	"disburse/gateway/password"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	stored, err := password.Hash(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, "right") || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored: %s", stored)
	}
	long := strings.Repeat("x", password.Longest+1)
	ofLong, err := password.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		given, stored string
		want          bool
	}{
		"OK": {"right", stored, true}, "Wrong": {"wrong", stored, false}, "Empty": {"", stored, false},
		"Nobody": {"right", "", false}, "TooLong": {long, ofLong, false},
	} {
		if got, err := password.Matches(t.Context(), tt.given, tt.stored); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
