package httpapi

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
)

// Codes of issues that this package finds.
const (
	issueTooSmall  = "too_small"
	issueTooBig    = "too_big"
	issueWrongType = "invalid_type"
	issueCustom    = "custom"
)

// issuesOf is what is wrong with the input, as the virtual cards' calls tell
// it. What the wallet's other calls share with them comes as plain fields.
func issuesOf(p problem) []issue {
	issues := p.Issues
	for _, f := range p.Fields {
		issues = append(issues, issueOf(f))
	}
	return issues
}

// issueOf is a faulty field as an issue of a kind of its own; what is wrong with
// the body as a whole has no path.
func issueOf(f fault.Field) issue {
	i := issue{Code: issueCustom, Message: f.Why, Path: []string{}}
	if f.Name != bodyName {
		i.Path = strings.Split(f.Name, ".")
	}
	return i
}

// issue is one thing that is wrong with the input. Which members it has depends
// on its code.
type issue struct {
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

// wrongTypeOf is the issue of a value of another type than expected, or of none.
func wrongTypeOf(expected, received string, path ...string) issue {
	i := issue{Code: issueWrongType, Expected: expected, Received: received, Message: "Required", Path: append([]string{}, path...)}
	if received != "undefined" {
		i.Message = "Expected " + expected + ", received " + received
	}
	return i
}

// tooSmall is the issue of a number below the least that is taken.
func tooSmall(least int64, message string, path ...string) issue {
	return bound(issue{Code: issueTooSmall, Minimum: jsontext.Value(strconv.FormatInt(least, 10)), Message: message, Path: path})
}

// tooBig is the issue of a number above the most that is taken.
func tooBig(most int64, message string, path ...string) issue {
	return bound(issue{Code: issueTooBig, Maximum: jsontext.Value(strconv.FormatInt(most, 10)), Message: message, Path: path})
}

// bound completes the issue of a number that breaks a bound.
func bound(i issue) issue {
	yes, no := true, false
	i.Type, i.Inclusive, i.Exact = "number", &yes, &no
	return i
}

// appendIssues writes the list; an issue that cannot be written is none of ours,
// so nothing is left out by a failure.
func appendIssues(dst []byte, issues []issue) []byte {
	list, err := json.Marshal(issues)
	if err != nil {
		return append(dst, "[]"...)
	}
	return append(dst, list...)
}
