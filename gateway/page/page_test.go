package page_test

import (
	"encoding/json"
	"testing"

	"disburse/gateway/page"
)

func TestByID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rows []int64
		want string
	}{
		{"Empty", nil, `{"items":[],"next_cursor":null}`},
		{"Last", []int64{1, 36}, `{"items":[1,36],"next_cursor":null}`},
		{"AnotherFollows", []int64{1, 36, 37}, `{"items":[1,36],"next_cursor":"10"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(page.ByID(tt.rows, 2, page.As, page.As))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	for cursor, want := range map[string]int64{"": 0, "1": 1, "10": 36} {
		if got, ok := page.ID(cursor); got != want || !ok {
			t.Errorf("%q is %d, %v; want %d", cursor, got, ok, want)
		}
	}
	for _, cursor := range []string{"0", "-1", "?", "zzzzzzzzzzzzzzzzzzzz"} {
		if _, ok := page.ID(cursor); ok {
			t.Errorf("%q is taken for a cursor", cursor)
		}
	}
}
