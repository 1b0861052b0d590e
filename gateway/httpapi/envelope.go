package httpapi

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/fault"
	"disburse/gateway/virtualcard"
)

// problem is a failed request as an envelope sees it: everything in it is safe
// for the caller.
type problem struct {
	Status    int
	Code      string
	Message   string
	Fields    []fault.Field
	Issues    []virtualcard.Issue // only of virtual cards
	RequestID string
	At        time.Time
}

// envelope is the form in which one API tells its callers about failures. A
// new API adds one value here and a row to envelopesByPath.
type envelope struct {
	name     string
	internal string              // code of an unexpected fault
	code     func(string) string // a code in the letters of this API
	ofUsers  bool                // its callers are end users' apps
	append   func(dst []byte, p problem) []byte

	// adapt has the last word where an API publishes statuses and codes of its
	// own for the kinds of failure. Optional.
	adapt func(p *problem, kind fault.Kind)
}

// The APIs share faults but not the case of their codes: end users' codes are
// published in capitals, the others' in small letters.
var (
	merchantEnvelope = &envelope{name: "merchant", internal: "internal", code: strings.ToLower, append: appendMerchantProblem}
	operatorEnvelope = &envelope{name: "operator", internal: "internal", code: strings.ToLower, append: appendOperatorProblem}
	walletEnvelope   = &envelope{name: "wallet", internal: "INTERNAL_ERROR", code: strings.ToUpper, ofUsers: true, append: appendWalletProblem}
	cardEnvelope     = &envelope{name: "virtual cards", internal: "internal", code: strings.ToLower, ofUsers: true, append: appendCardProblem}
	gameEnvelope     = &envelope{name: "game", internal: gameUnknownError, code: strings.ToUpper, append: appendGameProblem, adapt: adaptGameProblem}
)

// envelopesByPath tells which envelope answers a path that matches no route
// (404, 405) or whose body never became a request (413). The first that fits
// does: virtual cards share their root with the wallet.
var envelopesByPath = []struct {
	prefix   string
	envelope *envelope
}{
	{"/api/merchant/", merchantEnvelope},
	{"/api/operator/", operatorEnvelope},
	{"/api/v1/cards/", cardEnvelope},
	{"/api/v1/bins/", cardEnvelope},
	{"/api/v1/card-plans/", cardEnvelope},
	{"/api/v1/wallet/", cardEnvelope},
	{"/api/v1/", walletEnvelope},
	{"/wallet/", gameEnvelope},
}

// envelopeFor returns the envelope of the API that path belongs to; paths
// outside every API get the operator form.
func envelopeFor(path string) *envelope {
	for _, e := range envelopesByPath {
		if strings.HasPrefix(path+"/", e.prefix) {
			return e.envelope
		}
	}
	return operatorEnvelope
}

func appendMerchantProblem(dst []byte, p problem) []byte {
	dst = append(dst, `{"ok":false,"error":`...)
	dst = appendQuoted(dst, p.Message)
	dst = append(dst, `,"code":`...)
	dst = appendQuoted(dst, p.Code)
	dst = appendFields(dst, p.Fields)
	dst = append(dst, `,"request_id":`...)
	dst = appendQuoted(dst, p.RequestID)
	return append(dst, '}')
}

func appendOperatorProblem(dst []byte, p problem) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = appendQuoted(dst, p.Code)
	dst = append(dst, `,"message":`...)
	dst = appendQuoted(dst, p.Message)
	dst = appendFields(dst, p.Fields)
	dst = append(dst, `,"request_id":`...)
	dst = appendQuoted(dst, p.RequestID)
	return append(dst, `}}`...)
}

// appendWalletProblem leaves the request's id to its header: the published form
// has none.
func appendWalletProblem(dst []byte, p problem) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = appendQuoted(dst, p.Code)
	dst = append(dst, `,"message":`...)
	dst = appendQuoted(dst, p.Message)
	dst = appendFields(dst, p.Fields)
	return append(dst, `}}`...)
}

// appendFields writes the fields as one object. A field that failed twice
// keeps its first reason, since an object must not name a member twice.
func appendFields(dst []byte, fields []fault.Field) []byte {
	if len(fields) == 0 {
		return dst
	}
	dst = append(dst, `,"fields":{`...)
	for i, f := range fields {
		if namedBefore(fields[:i], f.Name) {
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, f.Name)
		dst = append(dst, ':')
		dst = appendQuoted(dst, f.Why)
	}
	return append(dst, '}')
}

func namedBefore(fields []fault.Field, name string) bool {
	for _, f := range fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// appendQuoted writes s as a JSON string; bytes that are not UTF-8 become the
// replacement character, which is what the dropped error would say.
func appendQuoted(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}
