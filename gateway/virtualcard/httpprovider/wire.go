package httpprovider

import (
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// KeyHeader carries an order's key.
const KeyHeader = "Idempotency-Key"

// What a Fault says: the card is not there; the key is another order's.
const (
	NoCard    = "no_card"
	KeyReused = "key_reused"
)

const maxReason = 200

var (
	identifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	fourDigits = regexp.MustCompile(`^[0-9]{4}$`)
	longNumber = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){11,}`)
)

// ValidID reports whether s can be an order's key or a card's id.
func ValidID(s string) bool { return identifier.MatchString(s) }

// Order is the body of an order. Its key is in the header, its card in the path.
type Order struct {
	NotAfter time.Time `json:"not_after"`
	BIN      string    `json:"bin,omitempty"`
	Name     string    `json:"name,omitempty"`
	Amount   string    `json:"amount,omitempty"`
	Currency string    `json:"currency,omitempty"`
}

// Answer tells what became of the order with this key.
type Answer struct {
	Key    string                 `json:"key"`
	State  virtualcard.OrderState `json:"state"`
	Reason string                 `json:"reason,omitempty"`
	Card   *Card                  `json:"card,omitempty"`
	Moved  string                 `json:"moved,omitempty"` // in the card's currency
	At     time.Time              `json:"at"`
}

// Card is a card in an answer.
type Card struct {
	ID       string                    `json:"id"`
	Status   virtualcard.AccountStatus `json:"status"`
	Balance  string                    `json:"balance"`
	Currency string                    `json:"currency"`
	LastFour string                    `json:"last_four"`
	Category string                    `json:"category"`
	Address  Address                   `json:"address"`
}

// Address is a card's billing address in an answer.
type Address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	State      string `json:"state"`
	Country    string `json:"country"`
	PostalCode string `json:"postal_code"`
}

// Fault is the body of an answer that is about the request and not an order.
type Fault struct {
	Error string `json:"error"`
	Key   string `json:"key,omitempty"` // with KeyReused
}

// NewAnswer writes an outcome down.
func NewAnswer(key string, o virtualcard.Outcome) Answer {
	a := Answer{Key: key, State: o.State, Reason: o.Reason, At: o.At}
	if o.State == virtualcard.OrderDone {
		card := NewCard(o.Account)
		a.Card, a.Moved = &card, o.Moved.String()
	}
	return a
}

// NewCard writes an account down.
func NewCard(a virtualcard.Account) Card {
	return Card{
		ID: a.CardID, Status: a.Status, Balance: a.Balance.String(), Currency: string(a.Balance.Currency()),
		LastFour: a.LastFour, Category: a.Category, Address: Address(a.Address),
	}
}

// outcome reads an answer; one that says too little to act upon is an error.
func (a Answer) outcome(key string) (virtualcard.Outcome, error) {
	o := virtualcard.Outcome{State: a.State, At: a.At}
	if a.Key != key {
		return o, errors.New("it is about another order")
	}
	switch a.State {
	case virtualcard.OrderPending:
	case virtualcard.OrderNotFound:
		if a.At.IsZero() {
			return o, errors.New("it does not say when the order was looked for")
		}
	case virtualcard.OrderDeclined:
		o.Reason = plain(a.Reason)
	case virtualcard.OrderDone:
		if a.Card == nil {
			return o, errors.New("it has no card")
		}
		var err error
		if o.Account, err = a.Card.account(); err != nil {
			return o, err
		}
		if o.Moved, err = money.Parse(a.Moved, o.Account.Balance.Currency()); err != nil {
			return o, errors.New("moved is no amount")
		}
	default:
		return o, errors.New("its state is none that is known")
	}
	return o, nil
}

// account reads a card.
func (c Card) account() (virtualcard.Account, error) {
	a := virtualcard.Account{CardID: c.ID, Status: c.Status, LastFour: c.LastFour, Category: c.Category, Address: virtualcard.Address(c.Address)}
	currency, ok := money.Lookup(c.Currency)
	if !ok {
		return a, errors.New("the card's currency is not known")
	}
	var err error
	if a.Balance, err = money.Parse(c.Balance, currency); err != nil {
		return a, errors.New("the card's balance is no amount")
	}
	switch {
	case !ValidID(c.ID):
		return a, errors.New("the card's id has a bad form")
	case !fourDigits.MatchString(c.LastFour):
		return a, errors.New("last_four is not four digits")
	case c.Category != "wallet" && c.Category != "online":
		return a, errors.New("the card's category is none that is known")
	case c.Status != virtualcard.AccountActive && c.Status != virtualcard.AccountFrozen && c.Status != virtualcard.AccountClosed:
		return a, errors.New("the card's status is none that is known")
	}
	return a, nil
}

// plain makes a reason fit to be shown: one line, not long, not empty, and
// nothing in it that could be a card's number.
func plain(reason string) string {
	line := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(reason, ""))
	line = strings.Join(strings.Fields(line), " ")
	line = longNumber.ReplaceAllString(line, "****")
	if runes := []rune(line); len(runes) > maxReason {
		line = string(runes[:maxReason])
	}
	if line == "" {
		return "no reason given"
	}
	return line
}
