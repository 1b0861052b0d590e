package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"disburse/signing"
)

// The wallet double's world.
const (
	publicKey  = "public-key"
	privateKey = "private-key"
	currency   = "RUB"
	decimals   = 2
)

// double is a whole wallet in memory, with one switch for each fault that the
// tester has to find.
type double struct {
	*books

	fault     string
	url       string
	rollbacks atomic.Int64
}

func (w *double) has(fault string) bool { return w.fault == fault }

func newDouble(t *testing.T, fault string, profile Profile) *double {
	t.Helper()
	w := &double{fault: fault}
	w.books = newBooks(w.has, profile.withDefaults())
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// refusal is an error of the API.
type refusal struct {
	status int
	code   string
}

func (r refusal) Error() string { return r.code }

func refuse(code string) error { return refusal{http.StatusBadRequest, code} }

func (w *double) serve(out http.ResponseWriter, in *http.Request) {
	const most = 64 << 10
	body, err := io.ReadAll(in.Body)
	if err == nil && len(body) > most && !w.has("any-size") {
		err = refusal{http.StatusRequestEntityTooLarge, badRequest}
	}
	call := strings.TrimPrefix(in.URL.Path, "/wallet/")
	if err == nil && w.has("slow") {
		select {
		case <-in.Context().Done():
		case <-time.After(2 * time.Second):
		}
	}
	signed := w.signed(in, call, body)
	if err == nil && !signed && !w.has("acts-before-signature") {
		err = refusal{http.StatusUnauthorized, badSignature}
	}
	var balance units
	if err == nil {
		balance, err = w.act(call, body)
	}
	if err == nil && !signed {
		err = refusal{http.StatusUnauthorized, badSignature}
	}
	out.Header().Set("Content-Type", "application/json")
	if err == nil {
		told := currency
		if w.has("other-currency-told") {
			told = "EUR"
		}
		_, _ = io.WriteString(out, `{"balance":`+Config{Decimals: decimals}.text(balance)+`,"currency":"`+told+`"}`)
		return
	}
	w.answerRefusal(out, err)
}

func (w *double) answerRefusal(out http.ResponseWriter, err error) {
	r := refusal{http.StatusInternalServerError, "ERROR_UNKNOWN_ERROR"}
	errors.As(err, &r)
	answer := map[string]any{"code": r.code, "description": "refused", "traceId": "t-1"}
	if w.has("no-trace") {
		delete(answer, "traceId")
	}
	if w.has("balance-in-refusal") {
		answer["balance"] = 1
	}
	if w.has("other-code-for-funds") && r.code == fundsShort {
		answer["code"] = badRequest
	}
	if w.has("refusals-are-500") {
		r.status = http.StatusInternalServerError
	}
	out.WriteHeader(r.status)
	_ = json.NewEncoder(out).Encode(answer)
}

func (w *double) signed(in *http.Request, call string, body []byte) bool {
	signature := in.Header.Get("Signature")
	switch {
	case w.has("signature-not-needed") && signature == "", w.has("signature-not-checked") && signature != "":
		return true
	case in.Header.Get("Public-Key") != publicKey && !w.has("any-public-key"):
		return false
	case w.has("signature-prefix") && signature != "":
		return strings.HasPrefix(signing.WalletSignature(http.MethodPost, w.url+in.URL.Path, body, privateKey), signature)
	}
	methods, calls, bodies := []string{http.MethodPost}, []string{call}, []string{string(body)}
	if w.has("method-not-signed") {
		methods = append(methods, http.MethodGet)
	}
	if w.has("address-not-signed") {
		calls = append(calls, "balance", "withdraw", "deposit", "rollback")
	}
	if w.has("parsed-body-signed") {
		var known struct {
			PlayerID  string `json:"playerId"`
			SessionID string `json:"sessionId"`
			Currency  string `json:"currency"`
		}
		_ = json.Unmarshal(body, &known)
		again, _ := json.Marshal(known)
		bodies = append(bodies, string(again))
	}
	for _, method := range methods {
		for _, call := range calls {
			for _, body := range bodies {
				if signing.WalletSignature(method, w.url+"/wallet/"+call, []byte(body), privateKey) == signature {
					return true
				}
			}
		}
	}
	return false
}

// message is a parsed call.
type message struct {
	call                            string
	player, session, currency, game string
	round, id, bet, campaign        string
	amount, cash, jackpot           units
	finished                        bool
	asked                           units // the amount that a rollback names, for the fault that uses it
	amountText                      string
	hasBet, hasAsked                bool
}

func (w *double) act(call string, body []byte) (units, error) {
	fields, err := w.object(body)
	if err != nil {
		return 0, refuse(badRequest)
	}
	m, err := w.message(call, fields)
	if err != nil {
		return 0, refuse(badRequest)
	}
	if call == "rollback" && w.has("rollbacks-limited") && w.rollbacks.Add(1) > 20 {
		return 0, refusal{http.StatusTooManyRequests, "ERROR_LIMITED"}
	}
	return w.books.act(m)
}

// object reads one JSON object and keeps its values letter by letter.
func (w *double) object(body []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		text, _ := name.(string)
		if _, twice := fields[text]; twice && !w.has("last-field-wins") {
			return nil, errors.New("twice")
		}
		if text == "metadata" && w.has("unknown-field-refused") {
			return nil, errors.New("unknown")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		fields[text] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) && !w.has("trailing-data") {
		return nil, errors.New("trailing")
	}
	return fields, nil
}

func (w *double) message(call string, fields map[string]json.RawMessage) (message, error) {
	m := message{call: call}
	for name := range fields {
		if string(fields[name]) == "null" {
			if slices.Contains(required[call], name) && !w.has("null-accepted") {
				return m, errors.New("null")
			}
			delete(fields, name)
		}
	}
	for _, name := range required[call] {
		if _, there := fields[name]; !there && !w.has("missing-accepted") && !w.has("null-accepted") {
			return m, errors.New("missing")
		}
	}
	for name, into := range map[string]*string{
		"playerId": &m.player, "sessionId": &m.session, "currency": &m.currency, "gameId": &m.game, "gameRoundId": &m.round,
		"transactionId": &m.id, "withdrawTransactionId": &m.bet, "freeSpinsCampaignId": &m.campaign,
	} {
		if err := w.text(fields, name, into); err != nil {
			return m, err
		}
	}
	_, m.hasBet = fields["withdrawTransactionId"]
	if raw, there := fields["isGameRoundFinished"]; there {
		if err := json.Unmarshal(raw, &m.finished); err != nil {
			return m, err
		}
	}
	if call == "rollback" {
		m.asked, m.hasAsked = 0, fields["amount"] != nil
		m.asked, _ = w.amount(string(fields["amount"]))
		return m, nil
	}
	return m, w.amounts(fields, &m)
}

func (w *double) text(fields map[string]json.RawMessage, name string, into *string) error {
	raw, there := fields[name]
	if !there {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		if !w.has("any-type") {
			return err
		}
		*into = string(raw)
	}
	if *into == "" && name != "currency" && !w.has("empty-id") {
		return errors.New("empty")
	}
	if most, bounded := longest[name]; bounded && len(*into) > most && !w.has("long-id") {
		return errors.New("long")
	}
	if w.has("cut-id") && len(*into) > 200 {
		*into = (*into)[:200]
	}
	return nil
}

func (w *double) amounts(fields map[string]json.RawMessage, m *message) error {
	for name, into := range map[string]*units{"amount": &m.amount, "cashAmount": &m.cash, "jackpotAmount": &m.jackpot} {
		raw, there := fields[name]
		if !there {
			continue
		}
		var err error
		if *into, err = w.amount(string(raw)); err != nil {
			return err
		}
	}
	m.amountText = string(fields["amount"])
	if m.amount != m.cash+m.jackpot && !w.has("sum-not-checked") {
		return errors.New("not the sum")
	}
	return nil
}

var (
	strictNumber = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	signedNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

func (w *double) amount(text string) (units, error) {
	if w.has("any-type") {
		text = strings.Trim(text, `"`)
	}
	form := strictNumber
	if w.has("negative-accepted") {
		form = signedNumber
	}
	if !form.MatchString(text) && !w.has("exponents") {
		return 0, errors.New("not a plain number")
	}
	if float, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case w.has("float-truncated"):
			return units(float * 100), nil
		case w.has("float"):
			return units(math.Round(float * 100)), nil
		}
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, errors.New("not a number")
	}
	exact.Mul(exact, big.NewRat(100, 1))
	whole := exact.Num()
	if !exact.IsInt() {
		if !w.has("rounded") {
			return 0, errors.New("too many decimals")
		}
		whole = new(big.Int).Div(exact.Num(), exact.Denom())
	}
	switch {
	case w.has("int32"):
		return units(int32(whole.Int64())), nil //nolint:gosec // the fault
	case !whole.IsInt64() && w.has("overflow"):
		return units(new(big.Int).And(whole, big.NewInt(math.MaxInt64)).Int64()), nil
	case !whole.IsInt64():
		return 0, errors.New("too large")
	}
	return units(whole.Int64()), nil
}
