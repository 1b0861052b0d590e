package merchant

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// IDPrefix is the prefix of merchant ids.
const IDPrefix = "mer"

// MaxTimeout is the longest time that a payout may wait for its end.
const MaxTimeout = 10080 * time.Minute

// Merchant is one merchant as it stands. It is a copy to read; its maps and
// slices are shared and must not be changed.
type Merchant struct {
	ID             string // mer_...
	Name           string // 1 to 64 of a-z 0-9 _ -
	Mode           ledger.Mode
	Disabled       bool
	FeeBPS         int64         // of the USDT amount, in hundredths of a percent
	FeeFixed       money.Money   // USDT, four decimals
	Timeout        time.Duration // of a payout that names none; whole minutes
	RequireV2      bool          // requests must carry a v2 signature
	MaskRequisites bool          // status and callbacks show the last four digits only
	Luhn           bool          // card numbers must pass the Luhn check
	StandartSign   signing.Form
	Methods        map[MethodKey]Method // a method without an entry is off
	Limits         Limits
	CreatedAt      time.Time
	Keys           []KeyInfo // active ones, newest first within their kind; no secrets

	// SignKeys and WebhookSecrets are the active secrets, newest first. They
	// are filled in by a Directory alone.
	SignKeys       []string
	WebhookSecrets []string
	apiHashes      [maxActive][32]byte
}

// String names the merchant and keeps its secrets out of logs and errors.
func (m Merchant) String() string { return m.ID + " (" + m.Name + ")" }

// GoString does the same for the verb %#v.
func (m Merchant) GoString() string { return m.String() }

// MarshalJSON gives the View.
func (m Merchant) MarshalJSON() ([]byte, error) { return json.Marshal(m.View()) }

// MethodKey names one payment method in one currency.
type MethodKey struct {
	Currency string // lower-case: "rub"
	Method   string // card, sbp, score, iban
}

// String is the form of the command line: "rub/sbp".
func (k MethodKey) String() string { return k.Currency + "/" + k.Method }

// Method says whether a method is on, and the bounds of one payout, both
// included, in the method's currency.
type Method struct {
	Enabled  bool
	Min, Max money.Money
}

// Payment methods of the merchant API.
const (
	Card  = "card"
	SBP   = "sbp"
	Score = "score"
	IBAN  = "iban"
)

var methodNames = []string{Card, SBP, Score, IBAN}

// ParseMethodKey reads "rub/sbp": a known currency in any letter case and one
// of the methods.
func ParseMethodKey(text string) (MethodKey, error) {
	code, method, _ := strings.Cut(text, "/")
	currency, known := money.Lookup(code)
	if !known || currency == money.USDT {
		return MethodKey{}, fmt.Errorf("merchant: a method is CURRENCY/METHOD, as in rub/sbp, and its currency must be known")
	}
	if !slices.Contains(methodNames, method) {
		return MethodKey{}, fmt.Errorf("merchant: the method must be one of %s", strings.Join(methodNames, ", "))
	}
	return MethodKey{Currency: currency.Lower(), Method: method}, nil
}

// defaultMethod has the bounds that a method begins with: 100 to 1,000,000
// units of its currency.
func defaultMethod(key MethodKey, enabled bool) Method {
	currency, _ := money.Lookup(key.Currency)
	unit := int64(1)
	for range currency.Scale() {
		unit *= 10
	}
	return Method{Enabled: enabled, Min: money.New(100*unit, currency), Max: money.New(1_000_000*unit, currency)}
}

// defaultMethods are those of a new merchant.
func defaultMethods() map[MethodKey]Method {
	methods := make(map[MethodKey]Method)
	for _, key := range []MethodKey{{"rub", Card}, {"rub", SBP}, {"rub", Score}, {"eur", IBAN}} {
		methods[key] = defaultMethod(key, true)
	}
	return methods
}

var namePattern = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// ValidName reports whether a merchant may have this name. A name that could be
// taken for an id is refused, because calls accept either.
func ValidName(name string) bool {
	return namePattern.MatchString(name) && !publicid.Valid(IDPrefix, name)
}

// View is the state of a merchant without secrets, in the shape of audit rows
// and of JSON output.
type View struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Mode           string            `json:"mode"`
	Disabled       bool              `json:"disabled"`
	FeeBPS         int64             `json:"fee_bps"`
	FeeFixed       string            `json:"fee_fixed"`
	TimeoutMinutes int64             `json:"timeout"`
	RequireV2      bool              `json:"require_v2"`
	MaskRequisites bool              `json:"mask_requisites"`
	Luhn           bool              `json:"luhn"`
	StandartSign   string            `json:"standart_sign"`
	Methods        []MethodView      `json:"methods"`
	Limits         map[string]string `json:"limits"`
	Keys           []KeyInfo         `json:"keys"`
	CreatedAt      time.Time         `json:"created_at"`
}

// MethodView is a method within a View.
type MethodView struct {
	Currency string `json:"currency"`
	Method   string `json:"method"`
	Enabled  bool   `json:"enabled"`
	Min      string `json:"min"`
	Max      string `json:"max"`
}

// View gives the state without secrets.
func (m Merchant) View() View {
	v := View{
		ID: m.ID, Name: m.Name, Mode: string(m.Mode), Disabled: m.Disabled,
		FeeBPS: m.FeeBPS, FeeFixed: m.FeeFixed.Fixed(ledger.USDTPlaces),
		TimeoutMinutes: int64(m.Timeout / time.Minute), RequireV2: m.RequireV2,
		MaskRequisites: m.MaskRequisites, Luhn: m.Luhn, StandartSign: string(m.StandartSign),
		Limits: make(map[string]string, len(LimitNames())), Keys: m.Keys, CreatedAt: m.CreatedAt,
		Methods: make([]MethodView, 0, len(m.Methods)),
	}
	for _, name := range LimitNames() {
		v.Limits[string(name)] = m.Limits.Get(name).String()
	}
	keys := slices.SortedFunc(maps.Keys(m.Methods), func(a, b MethodKey) int {
		return strings.Compare(a.String(), b.String())
	})
	for _, key := range keys {
		method := m.Methods[key]
		v.Methods = append(v.Methods, MethodView{
			Currency: key.Currency, Method: key.Method, Enabled: method.Enabled,
			Min: method.Min.String(), Max: method.Max.String(),
		})
	}
	return v
}
