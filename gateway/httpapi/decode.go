package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
)

// body is a request body that knows its members. member returns where the
// member of that name goes, or nil when the call has no such member.
//
// A *string, a *bool, a **bool, a *literal, a **int64 and a **kopecks are filled
// here, and every one with a wrong type is reported; other targets are filled by
// the json package. null leaves a target as it is, the same as an absent member.
// A whole number must be written as an integer: 30, and neither 30.0 nor 3e1 nor
// "30".
type body interface {
	member(name string) any
}

// kopecks is an amount of money as end users' calls have it: a whole number,
// never negative.
type kopecks int64

// literal is a number as the caller wrote it, "" when absent. What it is worth,
// and which ways of writing it are allowed, depends on its currency.
type literal string

// orZero is the amount, 0 where the member was absent.
func (k *kopecks) orZero() int64 {
	if k == nil {
		return 0
	}
	return int64(*k)
}

// bodyName stands for the body as a whole where a fault belongs to no field.
const bodyName = "body"

var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(bytes.NewReader(nil)) }}

// decodeBody fills into from the one JSON object that raw must be. The error
// is a fault of invalid input that names each faulty field. Its texts never
// quote the body, which may hold a card number or a secret.
func decodeBody(raw []byte, into body) error {
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(raw))

	if dec.PeekKind() != '{' {
		return fault.Invalid(fault.Field{Name: bodyName, Why: "must be a JSON object"})
	}
	if _, err := dec.ReadToken(); err != nil {
		return fault.Invalid(syntaxFault(err))
	}
	var faults []fault.Field
	for dec.PeekKind() != '}' {
		found, err := decodeMember(dec, into)
		if found.Name != "" {
			faults = append(faults, found)
		}
		if err != nil {
			return fault.Invalid(append(faults, syntaxFault(err))...)
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return fault.Invalid(append(faults, syntaxFault(err))...)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		faults = append(faults, fault.Field{Name: bodyName, Why: "must be one JSON object with nothing after it"})
	}
	if len(faults) > 0 {
		return fault.Invalid(faults...)
	}
	return nil
}

// decodeMember reads one name and its value. A fault of type is returned as a
// field and decoding goes on; an error means that the text cannot be read any
// further.
func decodeMember(dec *jsontext.Decoder, into body) (fault.Field, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return fault.Field{}, err
	}
	name := tok.String()
	target := into.member(name)
	if target == nil {
		return unknownMember(dec, into, name)
	}
	kind := dec.PeekKind()
	if kind == 'n' {
		return fault.Field{}, dec.SkipValue()
	}
	switch target := target.(type) {
	case *string:
		if kind != '"' {
			return wrongType(dec, name, "must be a string")
		}
		tok, err := dec.ReadToken()
		if err == nil {
			*target = tok.String()
		}
		return fault.Field{}, err
	case *literal:
		if kind != '0' {
			return wrongType(dec, name, "must be a number")
		}
		text, err := dec.ReadValue()
		*target = literal(text)
		return fault.Field{}, err
	case **int64:
		return decodeWholeNumber(dec, name, target)
	case **kopecks:
		var n *int64
		found, err := decodeWholeNumber(dec, name, &n)
		if n != nil && *n < 0 {
			return fault.Field{Name: name, Why: "must not be negative"}, nil
		}
		*target = (*kopecks)(n)
		return found, err
	case *bool:
		var b *bool
		found, err := decodeBool(dec, name, &b)
		if b != nil {
			*target = *b
		}
		return found, err
	case **bool:
		return decodeBool(dec, name, target)
	default:
		return fault.Field{}, json.UnmarshalDecode(dec, target)
	}
}

// unknownMember skips a member that the call does not have. One that differs
// from a known member only in the case of its letters is a mistake that would
// silently change the request, so it is refused.
func unknownMember(dec *jsontext.Decoder, into body, name string) (fault.Field, error) {
	if lower := strings.ToLower(name); lower != name && into.member(lower) != nil {
		return fault.Field{Name: lower, Why: "must be written in lower case"}, dec.SkipValue()
	}
	return fault.Field{}, dec.SkipValue()
}

func decodeBool(dec *jsontext.Decoder, name string, into **bool) (fault.Field, error) {
	if kind := dec.PeekKind(); kind != 't' && kind != 'f' {
		return wrongType(dec, name, "must be true or false")
	}
	tok, err := dec.ReadToken()
	if err == nil {
		b := tok.Bool()
		*into = &b
	}
	return fault.Field{}, err
}

func decodeWholeNumber(dec *jsontext.Decoder, name string, into **int64) (fault.Field, error) {
	const why = "must be a whole number written as an integer"
	if dec.PeekKind() != '0' {
		return wrongType(dec, name, why)
	}
	literal, err := dec.ReadValue()
	if err != nil {
		return fault.Field{}, err
	}
	n, err := strconv.ParseInt(string(literal), 10, 64)
	if err != nil {
		return fault.Field{Name: name, Why: why}, nil
	}
	*into = &n
	return fault.Field{}, nil
}

func wrongType(dec *jsontext.Decoder, name, why string) (fault.Field, error) {
	return fault.Field{Name: name, Why: why}, dec.SkipValue()
}

// syntaxFault names the field at which decoding stopped and says why in words
// that quote nothing of the body.
func syntaxFault(err error) fault.Field {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return fault.Field{Name: fieldName(semantic.JSONPointer), Why: "has the wrong type"}
	}
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return fault.Field{Name: bodyName, Why: "ends in the middle of the JSON"}
	}
	name := fieldName(syntactic.JSONPointer)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fault.Field{Name: name, Why: "is given more than once"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Field{Name: bodyName, Why: "ends in the middle of the JSON"}
	default:
		return fault.Field{Name: name, Why: "is not valid JSON in UTF-8"}
	}
}

// fieldName turns a JSON pointer into the name callers know: "/filter/limit"
// is "filter.limit", and the root is "body".
func fieldName(p jsontext.Pointer) string {
	var parts []string
	for token := range p.Tokens() {
		parts = append(parts, token)
	}
	if len(parts) == 0 {
		return bodyName
	}
	name := strings.ToValidUTF8(strings.Join(parts, "."), "?")
	if name == "" || len(name) > 64 {
		return bodyName
	}
	return name
}
