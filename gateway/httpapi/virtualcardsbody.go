package httpapi

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
)

// cardInput is what a call of virtual cards was given, each value as it was
// written, and what is wrong with it. Unlike the other calls' bodies it tells
// a wrong type in the words of the published form.
type cardInput struct {
	values map[string]jsontext.Value
	issues []issue
}

// cardInput reads the body, which must be one JSON object. Members that the
// call does not know are left out.
func (r *request) cardInput(known ...string) (*cardInput, error) {
	raw := r.rawBody()
	if len(raw) > 0 && !isJSON(r.c) {
		return nil, errMediaType
	}
	in := &cardInput{values: map[string]jsontext.Value{}}
	if kind := jsontext.Value(raw).Kind(); kind != '{' && jsontext.Value(raw).IsValid() {
		return nil, invalidInput(wrongTypeOf("object", kindName(kind)))
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, invalidInput(malformed(err))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if slices.Contains(known, name) {
			in.values[name] = members[name]
			continue
		}
		// What differs in the case of its letters alone is a mistake that would
		// silently change the request.
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) }); i >= 0 {
			in.refuse(issue{Code: issueCustom, Message: "Must be written as " + known[i], Path: []string{known[i]}})
		}
	}
	return in, nil
}

// malformed is the issue of a body that is no JSON object; a member that is
// given twice is named.
func malformed(err error) issue {
	i := issue{Code: issueCustom, Message: "Must be one JSON object in UTF-8", Path: []string{}}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return issueOf(syntaxFault(err))
	}
	return i
}

func (in *cardInput) refuse(i issue) { in.issues = append(in.issues, i) }

// err is the refusal of everything that is wrong, nil when nothing is.
func (in *cardInput) err() error {
	if len(in.issues) == 0 {
		return nil
	}
	return invalidInput(in.issues...)
}

// number is a number as it was written; what it may be is for the service.
func (in *cardInput) number(name string) string {
	v := in.values[name]
	if v.Kind() != '0' {
		in.refuse(wrongTypeOf("number", kindName(v.Kind()), name))
		return ""
	}
	return string(v)
}

// whole is a number that must be written as an integer.
func (in *cardInput) whole(name string) int64 {
	text := in.number(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if text != "" && err != nil {
		in.refuse(wrongTypeOf("integer", "float", name))
	}
	return n
}

// text is a text that must be there.
func (in *cardInput) text(name string) string {
	v := in.values[name]
	if v.Kind() != '"' {
		in.refuse(wrongTypeOf("string", kindName(v.Kind()), name))
		return ""
	}
	return textOf(v)
}

// textOrNone is a text that need not be there.
func (in *cardInput) textOrNone(name string) string {
	if v, given := in.values[name]; !given || v.Kind() == 'n' {
		return ""
	}
	return in.text(name)
}

// textOf is the text that a JSON string stands for.
func textOf(v jsontext.Value) string {
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(text)
}

// queryNumber is a whole number of the query, from least to most.
func (in *cardInput) queryNumber(r *request, name string, absent, least, most int64) int64 {
	text := r.c.Query(name)
	if text == "" {
		return absent
	}
	n, ok := wholeNumber(text)
	switch {
	case !ok:
		in.refuse(wrongTypeOf("number", "string", name))
	case n < least:
		in.refuse(tooSmall(least, "Number must be greater than or equal to "+strconv.FormatInt(least, 10), name))
	case n > most:
		in.refuse(tooBig(most, "Number must be less than or equal to "+strconv.FormatInt(most, 10), name))
	}
	return n
}

// kindName is how the published form calls a JSON value's type.
func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	default:
		return "undefined"
	}
}

// errInvalidInput is a call of virtual cards whose input cannot be taken.
var errInvalidInput = fault.New(fault.InvalidInput, "invalid_request", cardInvalidInput)

func invalidInput(issues ...issue) error { return errInvalidInput.With(&inputError{issues}) }

// inputError carries what is wrong to the envelope.
type inputError struct{ issues []issue }

// Error names the fields and says nothing of their values: it is for the log.
func (e *inputError) Error() string {
	var text strings.Builder
	for n, i := range e.issues {
		if n > 0 {
			text.WriteString(", ")
		}
		text.WriteString(strings.Join(append(slices.Clone(i.Path), i.Code), " "))
	}
	return text.String()
}
