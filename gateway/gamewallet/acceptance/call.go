package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"disburse/signing"
)

// units is an amount in the currency's minor unit.
type units int64

// text is the amount as a plain decimal with all of the currency's decimals.
func (c Config) text(u units) string {
	sign := ""
	if u < 0 {
		sign, u = "-", -u
	}
	digits := fmt.Sprintf("%0*d", c.Decimals+1, u)
	if c.Decimals == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-c.Decimals] + "." + digits[len(digits)-c.Decimals:]
}

func (c Config) amount(u units) literal { return literal(c.text(u)) }

// plainNumber is how a balance may be written: no exponent, no text.
var plainNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$`)

// exact reads a number of an answer without a float on the way.
func (c Config) exact(number string) (units, error) {
	parts := plainNumber.FindStringSubmatch(number)
	if parts == nil {
		return 0, fmt.Errorf("the balance %q is not a plain number", number)
	}
	fraction := parts[3]
	if len(fraction) > c.Decimals {
		if strings.Trim(fraction[c.Decimals:], "0") != "" {
			return 0, fmt.Errorf("the balance %s has more decimals than %s", number, c.Currency)
		}
		fraction = fraction[:c.Decimals]
	}
	whole, err := strconv.ParseInt(parts[1]+parts[2]+fraction+strings.Repeat("0", c.Decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the balance %s is too large", number)
	}
	return units(whole), nil
}

// literal is JSON that goes into a body letter by letter.
type literal string

// field is a name and its JSON.
type field struct {
	name string
	text literal
}

// request is a call that can be made, made again, or made with changes. Its
// methods return changed copies.
type request struct {
	call    string // balance, withdraw, deposit or rollback
	fields  []field
	raw     *string // the body instead of fields
	forgery forgery
}

// forgery is what is wrong with a request's signature.
type forgery struct {
	unsigned, noKey    bool   // the header left out
	key, privateKey    string // another key
	call, method, body string // what is signed instead of what is sent
	cut                bool   // half of it
}

func asJSON(value any) literal {
	if text, ok := value.(literal); ok {
		return text
	}
	text, _ := json.Marshal(value)
	return literal(text)
}

// with sets a field, to JSON when value is a literal.
func (r request) with(name string, value any) request {
	changed := make([]field, 0, len(r.fields)+1)
	found := false
	for _, f := range r.fields {
		if f.name == name {
			f.text, found = asJSON(value), true
		}
		changed = append(changed, f)
	}
	if !found {
		changed = append(changed, field{name, asJSON(value)})
	}
	r.fields = changed
	return r
}

func (r request) without(name string) request {
	var kept []field
	for _, f := range r.fields {
		if f.name != name {
			kept = append(kept, f)
		}
	}
	r.fields = kept
	return r
}

// sending sends this text instead of the fields.
func (r request) sending(raw string) request {
	r.raw = &raw
	return r
}

func (r request) forged(f forgery) request {
	r.forgery = f
	return r
}

// get is a field's text without quotes.
func (r request) get(name string) string {
	for _, f := range r.fields {
		if f.name == name {
			return strings.Trim(string(f.text), `"`)
		}
	}
	return ""
}

func (r request) body() string {
	if r.raw != nil {
		return *r.raw
	}
	var b strings.Builder
	for i, f := range r.fields {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.WriteString(string(asJSON(f.name)) + ":" + string(f.text))
	}
	if len(r.fields) == 0 {
		b.WriteByte('{')
	}
	return b.String() + "}"
}

// answer is what came back, or why nothing did.
type answer struct {
	status   int
	raw      string
	code     string // of a refusal
	trace    string
	balance  json.RawMessage
	currency string
	err      error
}

// send makes the call. It never stops the case, so any goroutine may use it.
func (t *table) send(r request) answer {
	body, url := r.body(), "/wallet/"+r.call
	out, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.URL+url, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	out.Header.Set("Content-Type", "application/json")
	t.sign(out, r, body)
	client := *t.Client
	client.Timeout = t.Timeout
	response, err := client.Do(out)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	// What follows a switch of protocols, which nobody asked for, is no answer:
	// the transport has let go of the connection, and the time limit with it.
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer{err: errors.New("the wallet switches protocols")}
	}
	const most = 1 << 20
	raw, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return answer{err: err}
	}
	return read(response.StatusCode, raw)
}

func (t *table) sign(out *http.Request, r request, body string) {
	f := r.forgery
	either := func(forged, right string) string {
		if forged != "" {
			return forged
		}
		return right
	}
	signature := signing.WalletSignature(either(f.method, http.MethodPost), t.SignedURL+"/wallet/"+either(f.call, r.call),
		[]byte(either(f.body, body)), either(f.privateKey, t.PrivateKey))
	if f.cut {
		signature = signature[:len(signature)/2]
	}
	if !f.noKey {
		out.Header.Set("Public-Key", either(f.key, t.PublicKey))
	}
	if !f.unsigned {
		out.Header.Set("Signature", signature)
	}
}

func read(status int, raw []byte) answer {
	a := answer{status: status, raw: string(raw)}
	var body struct {
		Balance  json.RawMessage `json:"balance"`
		Currency string          `json:"currency"`
		Code     string          `json:"code"`
		TraceID  string          `json:"traceId"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(raw), &body); err != nil {
		a.err = errors.New("the answer is not the documented JSON object")
		return a
	}
	a.code, a.trace, a.balance, a.currency = body.Code, body.TraceID, body.Balance, body.Currency
	return a
}

// String is the answer as a failed case shows it.
func (a answer) String() string {
	if a.err != nil && a.status == 0 {
		return "no answer: " + a.err.Error()
	}
	const most = 200
	shown := a.raw
	if len(shown) > most {
		shown = shown[:most] + "..."
	}
	return fmt.Sprintf("%d %s", a.status, shown)
}
