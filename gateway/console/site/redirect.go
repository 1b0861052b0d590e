package site

import (
	"fmt"
	"strings"
)

// address is an address as a header of an answer can hold it: what would end the
// header, or is no part of an address, is escaped. What a visitor sent may be in
// it.
func address(target string) string {
	var out strings.Builder
	for i := range len(target) {
		if b := target[i]; b <= ' ' || b >= 0x7f {
			fmt.Fprintf(&out, "%%%02X", b)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// bare reports text without control characters.
func bare(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
