package httpapi

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
	"disburse/gateway/virtualcard"
)

// Codes of issues that this package finds; the service finds others.
const (
	issueTooSmall  = "too_small"
	issueTooBig    = "too_big"
	issueWrongType = "invalid_type"
	issueCustom    = "custom"
)

// errInvalidInput is a call of virtual cards whose input cannot be taken.
var errInvalidInput = fault.New(fault.InvalidInput, "invalid_request", cardInvalidInput)

// issuesIn is what a service of virtual cards, or the reading of their input,
// found wrong.
func issuesIn(err error) []virtualcard.Issue {
	var invalid *virtualcard.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Issues
	}
	return nil
}

// issuesOf is all that is wrong with the input. What the calls share with the
// wallet's other calls finds plain fields.
func issuesOf(p problem) []virtualcard.Issue {
	issues := p.Issues
	for _, f := range p.Fields {
		issues = append(issues, issueOf(f))
	}
	return issues
}

// issueOf is a faulty field as an issue of a kind of its own; what is wrong with
// the body as a whole has no path.
func issueOf(f fault.Field) virtualcard.Issue {
	i := virtualcard.Issue{Code: issueCustom, Message: f.Why}
	if f.Name != bodyName {
		i.Path = strings.Split(f.Name, ".")
	}
	return i
}

// wrongTypeOf is the issue of a value of another type than expected.
func wrongTypeOf(expected, received string, path ...string) virtualcard.Issue {
	return virtualcard.Issue{
		Code: issueWrongType, Expected: expected, Received: received, Path: path, Message: "Expected " + expected + ", received " + received,
	}
}

// tooSmall is the issue of a number below the least that is taken.
func tooSmall(least int64, path ...string) virtualcard.Issue {
	bound := strconv.FormatInt(least, 10)
	return virtualcard.Issue{
		Code: issueTooSmall, Minimum: bound, Type: "number", Inclusive: true, Path: path, Message: "Number must be greater than or equal to " + bound,
	}
}

// tooBig is the issue of a number above the most that is taken.
func tooBig(most int64, path ...string) virtualcard.Issue {
	bound := strconv.FormatInt(most, 10)
	return virtualcard.Issue{
		Code: issueTooBig, Maximum: bound, Type: "number", Inclusive: true, Path: path, Message: "Number must be less than or equal to " + bound,
	}
}

// issueView is an issue in the order of members that is published. Which there
// are depends on the code.
type issueView struct {
	Code       string         `json:"code"`
	Minimum    jsontext.Value `json:"minimum,omitzero"`
	Maximum    jsontext.Value `json:"maximum,omitzero"`
	MultipleOf jsontext.Value `json:"multipleOf,omitzero"`
	Expected   string         `json:"expected,omitzero"`
	Received   string         `json:"received,omitzero"`
	Type       string         `json:"type,omitzero"`
	Inclusive  *bool          `json:"inclusive,omitzero"`
	Exact      *bool          `json:"exact,omitzero"`
	Message    string         `json:"message"`
	Path       []string       `json:"path"`
}

func viewIssue(i virtualcard.Issue) issueView {
	v := issueView{
		Code: i.Code, Minimum: numberOrNone(i.Minimum), Maximum: numberOrNone(i.Maximum), MultipleOf: numberOrNone(i.MultipleOf),
		Expected: i.Expected, Received: i.Received, Type: i.Type, Message: i.Message, Path: i.Path,
	}
	if i.Code == issueTooSmall || i.Code == issueTooBig {
		v.Inclusive, v.Exact = &i.Inclusive, &i.Exact
	}
	return v
}

// numberOrNone is a number as JSON, nothing for "".
func numberOrNone(text string) jsontext.Value {
	if text == "" {
		return nil
	}
	return jsontext.Value(text)
}

// appendIssues writes the list. It fails for no issue that there is; if one
// could not be written, the message would still tell that the input is wrong.
func appendIssues(dst []byte, issues []virtualcard.Issue) []byte {
	list, err := json.Marshal(views(issues, viewIssue))
	if err != nil {
		return append(dst, "[]"...)
	}
	return append(dst, list...)
}
