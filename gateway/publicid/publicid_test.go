package publicid_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/publicid"
)

func TestValid(t *testing.T) {
	t.Parallel()
	const good = "po_01jzzzzzzz0123456789abcdef"
	for _, tt := range []struct {
		name string
		s    string
		want bool
	}{
		{"OK", good, true},
		{"OtherPrefix", "evt" + good[2:], false},
		{"NoPrefix", good[3:], false},
		{"TooShort", good[:len(good)-1], false},
		{"TooLong", good + "0", false},
		{"UpperCase", "po_01JZZZZZZZ0123456789ABCDEF", false},
		{"LetterOutsideTheAlphabet", "po_01jzzzzzzz0123456789abcdeu", false},
		{"MoreThan128Bits", "po_81jzzzzzzz0123456789abcdef", false},
		{"Empty", "", false},
		{"PrefixAlone", "po_", false},
		{"Control", "po_01jzzzzzzz0123456789abcd\x00f", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := publicid.Valid("po", tt.s); got != tt.want {
				t.Errorf("Valid(%q) = %v, want %v", tt.s, got, tt.want)
			}
		})
	}
}

func TestAtIsValidAndSortsByTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const last = 1<<48 - 2
		ms := rapid.Int64Range(0, last).Draw(t, "ms")
		earlier := publicid.At("po", time.UnixMilli(ms))
		later := publicid.At("po", time.UnixMilli(ms+1))
		if !publicid.Valid("po", earlier) || !publicid.Valid("po", later) {
			t.Fatalf("not valid: %s %s", earlier, later)
		}
		if earlier >= later {
			t.Fatalf("%s of %d ms does not sort before %s", earlier, ms, later)
		}
	})
}

func TestAtBefore1970CountsAs1970(t *testing.T) {
	t.Parallel()
	if id := publicid.At("po", time.Time{}); !strings.HasPrefix(id, "po_0000000000") {
		t.Errorf("At(year 1) = %s", id)
	}
}

func TestNewNeverRepeats(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	now := time.UnixMilli(1_700_000_000_000)
	for range 10_000 {
		id := publicid.At("po", now)
		if seen[id] {
			t.Fatalf("%s came twice", id)
		}
		seen[id] = true
	}
	if id := publicid.New("po"); !publicid.Valid("po", id) {
		t.Errorf("New = %s", id)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	a, b := publicid.Token("op"), publicid.Token("op")
	if a == b {
		t.Error("two tokens are the same")
	}
	if !publicid.ValidToken("op", a) || len(a) != len("op_")+40 {
		t.Errorf("Token = %q", a)
	}
	for _, bad := range []string{"", "op_", a[:len(a)-1], a + "0", "xx" + a[2:], strings.ToUpper(a)} {
		if publicid.ValidToken("op", bad) {
			t.Errorf("ValidToken(%q)", bad)
		}
	}
}
