package virtualcard

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"disburse/ledger/money"
)

// bounds are those of an amount, in whole dollars, with what it is called.
type bounds struct {
	what     string
	min, max int64
}

var (
	topUpBounds    = bounds{"topup", 5, 10_000}
	withdrawBounds = bounds{"withdrawal", 1, 10_000}
)

// amountStep is the smallest step between amounts.
const amountStep = "0.01"

// amount reads an amount by its digits alone, so that nothing is ever rounded:
// a number with an exponent is refused, whatever it would come to.
func (l Literal) amount(b bounds) (money.Money, []Issue) {
	path := []string{"amount"}
	text := string(l)
	if kind := l.kind(); kind != "number" {
		return money.Money{}, []Issue{wrongType("number", kind, path)}
	}
	if strings.ContainsAny(text, "eE") {
		return money.Money{}, []Issue{{
			Code: "invalid_type", Expected: "number", Received: "exponent", Message: "Expected a number without an exponent", Path: path,
		}}
	}
	digits, negative := strings.CutPrefix(text, "-")
	value, err := money.Parse(digits, USD)
	// What has more decimals is still judged by its whole dollars and cents.
	fine := errors.Is(err, money.ErrScale)
	if fine {
		whole, frac, _ := strings.Cut(digits, ".")
		value, err = money.Parse(whole+"."+frac[:USD.Scale()], USD)
	}
	var issues []Issue
	switch {
	case errors.Is(err, money.ErrOverflow) && !negative:
		issues = append(issues, b.tooBig(path))
	case err != nil && !errors.Is(err, money.ErrOverflow):
		return money.Money{}, []Issue{wrongType("number", "unknown", path)}
	case negative, value.Minor() < b.min*100:
		issues = append(issues, b.tooSmall(path))
	case value.Minor() > b.max*100, value.Minor() == b.max*100 && fine && beyond(digits):
		issues = append(issues, b.tooBig(path))
	}
	if fine {
		issues = append(issues, Issue{
			Code: "not_multiple_of", MultipleOf: amountStep, Message: "Number must be a multiple of " + amountStep, Path: path,
		})
	}
	return value, issues
}

// beyond reports decimals after the cents that are not all zero.
func beyond(digits string) bool {
	_, frac, _ := strings.Cut(digits, ".")
	return strings.Trim(frac[USD.Scale():], "0") != ""
}

func (b bounds) tooSmall(path []string) Issue {
	return Issue{
		Code: "too_small", Minimum: fmt.Sprint(b.min), Type: "number", Inclusive: true,
		Message: fmt.Sprintf("Minimum %s amount is %d.00", b.what, b.min), Path: path,
	}
}

func (b bounds) tooBig(path []string) Issue {
	return Issue{
		Code: "too_big", Maximum: fmt.Sprint(b.max), Type: "number", Inclusive: true,
		Message: fmt.Sprintf("Maximum %s amount is %d.00", b.what, b.max), Path: path,
	}
}

// kind is the JSON type of a literal, as issues name it.
func (l Literal) kind() string {
	switch {
	case l == "":
		return "undefined"
	case l == "null":
		return "null"
	case l == "true" || l == "false":
		return "boolean"
	case l[0] == '"':
		return "string"
	case l[0] == '{':
		return "object"
	case l[0] == '[':
		return "array"
	default:
		return "number"
	}
}

func wrongType(expected, received string, path []string) Issue {
	i := Issue{Code: "invalid_type", Expected: expected, Received: received, Path: path}
	if i.Message = "Expected " + expected + ", received " + received; received == "undefined" {
		i.Message = "Required"
	}
	return i
}

// longestName is in characters.
const longestName = 255

// text reads a text of 1 to most characters that the database can hold.
func (l Literal) text(name string, most int) (string, []Issue) {
	path := []string{name}
	if kind := l.kind(); kind != "string" {
		return "", []Issue{wrongType("string", kind, path)}
	}
	var text string
	if err := json.Unmarshal([]byte(l), &text); err != nil {
		return "", []Issue{wrongType("string", "unknown", path)}
	}
	text = strings.TrimSpace(text)
	length := utf8.RuneCountInString(text)
	switch {
	case length == 0:
		return "", []Issue{{
			Code: "too_small", Minimum: "1", Type: "string", Inclusive: true, Message: "String must contain at least 1 character(s)", Path: path,
		}}
	case length > most:
		return "", []Issue{{
			Code: "too_big", Maximum: fmt.Sprint(most), Type: "string", Inclusive: true,
			Message: fmt.Sprintf("String must contain at most %d character(s)", most), Path: path,
		}}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
		return "", []Issue{{Code: "custom", Message: "String must not contain control characters", Path: path}}
	}
	return text, nil
}

// whole reads a whole number above zero, 0 for one that no id can be.
func (l Literal) whole(name string) (int64, []Issue) {
	path := []string{name}
	if kind := l.kind(); kind != "number" {
		return 0, []Issue{wrongType("number", kind, path)}
	}
	if strings.ContainsAny(string(l), ".eE") {
		return 0, []Issue{wrongType("integer", "float", path)}
	}
	var id int64
	if err := json.Unmarshal([]byte(l), &id); err != nil || id < 0 {
		return 0, nil
	}
	return id, nil
}
