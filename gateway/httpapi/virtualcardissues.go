package httpapi

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
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
	i := issue{Code: "custom", Message: f.Why, Path: []string{}}
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

// appendIssues writes the list; an issue that cannot be written is none of ours,
// so nothing is left out by a failure.
func appendIssues(dst []byte, issues []issue) []byte {
	list, err := json.Marshal(issues)
	if err != nil {
		return append(dst, "[]"...)
	}
	return append(dst, list...)
}
