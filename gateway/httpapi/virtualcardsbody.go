package httpapi

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/virtualcard"
)

// cardInput is what a call of virtual cards was given, each member as it was
// written: what it may be, and in which words it is refused, is published and
// belongs to the service.
type cardInput map[string]jsontext.Value

// member is a member as it was written, "" when it is missing.
func (in cardInput) member(name string) virtualcard.Literal { return virtualcard.Literal(in[name]) }

// cardInput reads the body, which must be one JSON object. Members that the
// call does not know are left out.
func (r *request) cardInput(known ...string) (cardInput, error) {
	raw := r.rawBody()
	if len(raw) > 0 && !isJSON(r.c) {
		return nil, errMediaType
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, refuseInput(notAnObject(raw, err))
	}
	if members == nil {
		return nil, refuseInput(wrongTypeOf("object", "null"))
	}
	var issues []virtualcard.Issue
	for _, name := range slices.Sorted(maps.Keys(members)) {
		// What differs in the case of its letters alone is a mistake that would
		// silently change the request.
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		switch {
		case i < 0:
			delete(members, name)
		case known[i] != name:
			issues = append(issues, virtualcard.Issue{Code: issueCustom, Message: "Must be written as " + known[i], Path: known[i : i+1]})
		}
	}
	if len(issues) > 0 {
		return nil, refuseInput(issues...)
	}
	return members, nil
}

// notAnObject is the issue of a body that is no JSON object. It belongs to the
// body as a whole, except for a member that is given twice.
func notAnObject(raw jsontext.Value, err error) virtualcard.Issue {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return issueOf(syntaxFault(err))
	case raw.IsValid():
		return wrongTypeOf("object", kindName(raw.Kind()))
	default:
		return virtualcard.Issue{Code: issueCustom, Message: "Malformed JSON"}
	}
}

// queryNumber is a whole number of the query, from least to most, with what is
// wrong with it.
func (r *request) queryNumber(name string, absent, least, most int64) (int, []virtualcard.Issue) {
	text := r.c.Query(name)
	if text == "" {
		return int(absent), nil
	}
	n, ok := wholeNumber(text)
	switch {
	case !ok:
		return 0, []virtualcard.Issue{wrongTypeOf("integer", "string", name)}
	case n < least:
		return 0, []virtualcard.Issue{tooSmall(least, name)}
	case n > most:
		return 0, []virtualcard.Issue{tooBig(most, name)}
	default:
		return int(n), nil
	}
}

func refuseInput(issues ...virtualcard.Issue) error { return &virtualcard.InvalidError{Issues: issues} }

// kindName is how the published form calls a JSON value's type.
func kindName(k jsontext.Kind) string {
	switch k {
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '[':
		return "array"
	default:
		return "null"
	}
}
