package httpapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/fault"
)

func faultsOf(t testing.TB, err error) map[string]string {
	t.Helper()
	if err == nil {
		return nil
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.InvalidInput || len(f.Fields) == 0 {
		t.Fatalf("got %v, want a fault of input with fields", err)
	}
	out := make(map[string]string)
	for _, field := range f.Fields {
		out[field.Name] = field.Why
	}
	return out
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const (
		notString = "must be a string"
		notWhole  = "must be a whole number written as an integer"
		notObject = "must be a JSON object"
		cut       = "ends in the middle of the JSON"
		notJSON   = "is not valid JSON in UTF-8"
		twice     = "is given more than once"
		lower     = "must be written in lower case"
		trailing  = "must be one JSON object with nothing after it"
	)
	tests := map[string]struct {
		text string
		want map[string]string
	}{
		"Empty":             {``, map[string]string{"body": notObject}},
		"Array":             {`[]`, map[string]string{"body": notObject}},
		"Text":              {`"x"`, map[string]string{"body": notObject}},
		"Null":              {`null`, map[string]string{"body": notObject}},
		"Cut":               {`{"order_id":"a"`, map[string]string{"body": cut}},
		"CutInText":         {`{"order_id":"a`, map[string]string{"body": cut}},
		"TrailingComma":     {`{"order_id":"a",}`, map[string]string{"body": notJSON}},
		"SingleQuotes":      {`{'order_id':'a'}`, map[string]string{"body": notJSON}},
		"TwoObjects":        {`{"order_id":"a"}{"order_id":"b"}`, map[string]string{"body": trailing}},
		"TrailingText":      {`{"order_id":"a"} x`, map[string]string{"body": trailing}},
		"Comment":           {`{"order_id":"a"} // x`, map[string]string{"body": trailing}},
		"Duplicate":         {`{"order_id":"a","order_id":"b"}`, map[string]string{"order_id": twice}},
		"DuplicateEscaped":  {`{"order_id":"a","order\u005fid":"b"}`, map[string]string{"order_id": twice}},
		"DuplicateUnknown":  {`{"x":1,"x":2}`, map[string]string{"x": twice}},
		"NumberForText":     {`{"order_id":1}`, map[string]string{"order_id": notString}},
		"BoolForText":       {`{"order_id":true}`, map[string]string{"order_id": notString}},
		"ObjectForText":     {`{"order_id":{"a":1}}`, map[string]string{"order_id": notString}},
		"ListForText":       {`{"order_id":["a"]}`, map[string]string{"order_id": notString}},
		"TextForNumber":     {`{"timeout":"30"}`, map[string]string{"timeout": notWhole}},
		"Fraction":          {`{"timeout":30.0}`, map[string]string{"timeout": notWhole}},
		"Exponent":          {`{"timeout":3e1}`, map[string]string{"timeout": notWhole}},
		"TooLarge":          {`{"timeout":9223372036854775808}`, map[string]string{"timeout": notWhole}},
		"LeadingZero":       {`{"timeout":030}`, map[string]string{"body": notJSON}},
		"PlusSign":          {`{"timeout":+3}`, map[string]string{"timeout": notJSON}},
		"NaN":               {`{"timeout":NaN}`, map[string]string{"timeout": notJSON}},
		"BadUTF8":           {"{\"order_id\":\"a\xff\"}", map[string]string{"order_id": notJSON}},
		"LoneSurrogate":     {`{"order_id":"\ud800"}`, map[string]string{"order_id": notJSON}},
		"RawControl":        {"{\"order_id\":\"a\nb\"}", map[string]string{"order_id": notJSON}},
		"WrongCase":         {`{"Order_ID":"a"}`, map[string]string{"order_id": lower}},
		"WrongCaseOptional": {`{"order_id":"a","Timeout":30}`, map[string]string{"timeout": lower}},
		"SeveralTypes":      {`{"order_id":1,"timeout":"x","bik":[]}`, map[string]string{"order_id": notString, "timeout": notWhole, "bik": notString}},
		"TypeAndSyntax":     {`{"order_id":1,"bik":}`, map[string]string{"order_id": notString, "bik": notJSON}},
		"DeepNesting":       {`{"x":` + strings.Repeat("[", 20000), map[string]string{"body": notJSON}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b createBody
			if diff := cmp.Diff(tt.want, faultsOf(t, decodeBody([]byte(tt.text), &b))); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeKeepsTheTextAsItWas(t *testing.T) {
	t.Parallel()
	var b createBody
	err := decodeBody([]byte(` {"fiat_amount" : "01500.00 " ,"order_id":"\u0061\u00fc\/","timeout":-7,"bik":null,"colour":{"a":[1,2,{"b":null}]}} `), &b)
	if err != nil {
		t.Fatal(err)
	}
	if b.FiatAmount != "01500.00 " || b.OrderID != "aü/" || b.Timeout == nil || *b.Timeout != -7 || b.BIK != "" {
		t.Errorf("got %+v", b)
	}
}

// numbers has one member of every kind that is not text.
type numbers struct {
	Amount literal
	Plain  bool
	Asked  *bool
}

func (b *numbers) member(name string) any {
	switch name {
	case "amount":
		return &b.Amount
	case "plain":
		return &b.Plain
	case "asked":
		return &b.Asked
	default:
		return nil
	}
}

func TestDecodeKeepsNumbersAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"10", "0.10", "1.000", "-5", "1e3", "1E+400", "63727092.34", "9223372036854775808", "0.1000000000000000055511151231257827"} {
		var b numbers
		if err := decodeBody([]byte(`{"amount": `+text+` }`), &b); err != nil || string(b.Amount) != text {
			t.Errorf("%s: got %q, %v", text, b.Amount, err)
		}
	}
	var b numbers
	must := func(text string) {
		t.Helper()
		if err := decodeBody([]byte(text), &b); err != nil {
			t.Fatal(err)
		}
	}
	must(`{"amount":null,"plain":null,"asked":null}`)
	if b != (numbers{}) {
		t.Errorf("null filled %+v", b)
	}
	must(`{"plain":true,"asked":false}`)
	if !b.Plain || b.Asked == nil || *b.Asked {
		t.Errorf("got %+v", b)
	}
	const notNumber, notBool = "must be a number", "must be true or false"
	for text, want := range map[string]map[string]string{
		`{"amount":"10","plain":1,"asked":"true"}`: {"amount": notNumber, "plain": notBool, "asked": notBool},
		`{"amount":[1],"plain":{},"asked":0}`:      {"amount": notNumber, "plain": notBool, "asked": notBool},
		`{"amount":true}`:                          {"amount": notNumber},
		`{"amount":NaN}`:                           {"amount": "is not valid JSON in UTF-8"},
		`{"amount":01}`:                            {"body": "is not valid JSON in UTF-8"},
		`{"amount":+1}`:                            {"amount": "is not valid JSON in UTF-8"},
		`{"amount":0x1}`:                           {"body": "is not valid JSON in UTF-8"},
		`{"amount":1.}`:                            {"amount": "is not valid JSON in UTF-8"},
		`{"amount":1,00}`:                          {"body": "is not valid JSON in UTF-8"},
		`{"amount":１}`:                             {"amount": "is not valid JSON in UTF-8"},
	} {
		var b numbers
		if diff := cmp.Diff(want, faultsOf(t, decodeBody([]byte(text), &b))); diff != "" {
			t.Errorf("%s: faults (-want +got):\n%s", text, diff)
		}
	}
}

func TestDecodeNestedFaultsNameTheirPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"filter":{"min_amount":5}}`:                 "filter.min_amount",
		`{"filter":{"currency":"rub","currency":""}}`: "filter.currency",
		`{"filter":[]}`:                               "filter",
	} {
		var b claimBody
		if got := faultsOf(t, decodeBody([]byte(text), &b)); got[want] == "" {
			t.Errorf("%s: got %v, want %s named", text, got, want)
		}
	}
}

// FuzzDecode wants a fault or a body from any bytes, never a panic, and no
// fault that quotes a value.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"order_id":"a","timeout":30}`, `{"order_id":1}`, `{"a":{"b":[1,2.5e3,null,true]}}`, "{\"order_id\":\"\xff\"}", `{"order_id":"\ud800"}`, `[[[`, `{""0`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b createBody
		if err := decodeBody(raw, &b); err != nil {
			for name, why := range faultsOf(t, err) {
				if name == "" || why == "" {
					t.Errorf("a fault without a name or a reason: %v", err)
				}
			}
		}
	})
}
