package virtualcard_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/virtualcard"
)

func issuesOf(err error) []virtualcard.Issue {
	var invalid *virtualcard.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	return invalid.Issues
}

// An amount is refused by its digits, with a field error, before anything else
// is looked at.
func TestPG70AmountsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	for literal, codes := range map[virtualcard.Literal][]string{
		"0.99":                   {"too_small"},
		"0":                      {"too_small"},
		"-5":                     {"too_small"},
		"-5.001":                 {"too_small", "not_multiple_of"},
		"10000.01":               {"too_big"},
		"10000.001":              {"too_big", "not_multiple_of"},
		"99999999999999999999":   {"too_big"},
		"9999999999999999999.01": {"too_big"},
		"1.005":                  {"not_multiple_of"},
		"1.000":                  {"not_multiple_of"},
		"0.001":                  {"too_small", "not_multiple_of"},
		"1e1":                    {"invalid_type"},
		"1E1":                    {"invalid_type"},
		"1e400":                  {"invalid_type"},
		`"10"`:                   {"invalid_type"},
		"null":                   {"invalid_type"},
		"true":                   {"invalid_type"},
		"[10]":                   {"invalid_type"},
		`{"a":1}`:                {"invalid_type"},
		"":                       {"invalid_type"},
		"NaN":                    {"invalid_type"},
		"+1":                     {"invalid_type"},
		"01":                     {"invalid_type"},
	} {
		// No such card either: what is wrong with the input comes first.
		_, err := w.Withdraw(t.Context(), u, "no-card", literal, noKey())
		var got []string
		for _, i := range issuesOf(err) {
			got = append(got, i.Code)
			if !slices.Equal(i.Path, []string{"amount"}) || i.Message == "" {
				t.Errorf("%q: issue %+v", literal, i)
			}
		}
		if !slices.Equal(got, codes) {
			t.Errorf("%q: got %v (%v), want %v", literal, got, err, codes)
		}
	}
	for _, literal := range []virtualcard.Literal{"1", "1.0", "1.00", "10000", "10000.00", "9999.99"} {
		_, err := w.Withdraw(t.Context(), u, "no-card", literal, noKey())
		wantCode(t, err, "CARD_NOT_FOUND")
	}
}

func TestIssuesToTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	path := []string{"amount"}
	for _, tc := range []struct {
		literal virtualcard.Literal
		topUp   bool
		want    virtualcard.Issue
	}{
		{"0.99", false, virtualcard.Issue{Code: "too_small", Minimum: "1", Type: "number", Inclusive: true, Message: "Minimum withdrawal amount is 1.00", Path: path}},
		{"10000.01", false, virtualcard.Issue{Code: "too_big", Maximum: "10000", Type: "number", Inclusive: true, Message: "Maximum withdrawal amount is 10000.00", Path: path}},
		{"1.005", false, virtualcard.Issue{Code: "not_multiple_of", MultipleOf: "0.01", Message: "Number must be a multiple of 0.01", Path: path}},
		{`"1"`, false, virtualcard.Issue{Code: "invalid_type", Expected: "number", Received: "string", Message: "Expected number, received string", Path: path}},
		{"", false, virtualcard.Issue{Code: "invalid_type", Expected: "number", Received: "undefined", Message: "Required", Path: path}},
		{"4.99", true, virtualcard.Issue{Code: "too_small", Minimum: "5", Type: "number", Inclusive: true, Message: "Minimum topup amount is 5.00", Path: path}},
	} {
		_, err := w.Withdraw(t.Context(), u, "", tc.literal, noKey())
		if tc.topUp {
			_, err = w.TopUp(t.Context(), u, "", tc.literal, noKey())
		}
		if diff := cmp.Diff([]virtualcard.Issue{tc.want}, issuesOf(err)); diff != "" {
			t.Errorf("%q: %s", tc.literal, diff)
		}
	}
}
