package console

import "testing"

// TestOneRussianText: of two maps that name the same text otherwise one would win
// by the order in which they are listed.
func TestOneRussianText(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, of := range texts() {
		for english, russian := range of {
			if other, twice := seen[english]; twice && other != russian {
				t.Errorf("%q is %q and %q", english, other, russian)
			}
			seen[english] = russian
		}
	}
}
