package httpapi

import (
	stdjson "encoding/json"
	"errors"
	"strconv"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/ledger/money"
)

const (
	headerPublicKey = "Public-Key"
	headerSignature = "Signature"
)

// gameDeadline is how long a call of a provider of games may take. Providers
// give up after a few seconds and roll the bet back; whoever works on for longer
// only makes the two meet.
const gameDeadline = 8 * time.Second

var errGameSignature = fault.New(fault.Unauthenticated, "ERROR_INVALID_SIGNATURE", "invalid signature")

// fromProvider is the provider of games that signed the request, with the body
// in into. The signature is checked over the raw bytes, before any of them is
// understood.
//
// Failures are not counted against the address, as those of other callers are:
// a provider calls for all of its players from one address, and takes a refusal
// as final. A made-up public key costs no query.
func (r *request) fromProvider(into body) (gameprovider.Provider, error) {
	uri := r.api.PublicURL + r.calledPath()
	given, signature := r.c.Get(headerPublicKey), r.c.Get(headerSignature)
	p, err := r.api.GameDirectory.ByPublicKey(r.ctx, given)
	unknown := errors.Is(err, gameprovider.ErrUnknownKey)
	if err != nil && !unknown {
		return gameprovider.Provider{}, err
	}
	// Of an unknown key there is a decoy, to be checked all the same: the answer
	// must not tell by its time which keys there are.
	if signed := p.Verify(r.route.method, uri, r.rawBody(), signature, r.api.Now()); !signed || unknown {
		return gameprovider.Provider{}, errGameSignature
	}
	r.provider = p.Name
	return p, r.decode(into)
}

// calledPath is the path as it was called, with its escapes and the slash at its
// end if there is one, and without a query.
func (r *request) calledPath() string { return string(r.c.Context().URI().PathOriginal()) }

// gameAnswer is the balance after a call.
type gameAnswer struct {
	Balance  stdjson.Number `json:"balance"`
	Currency money.Currency `json:"currency"`
}

// balance answers with the balance, as a number with the decimals of its
// currency.
func (r *request) balance(m money.Money, err error) error {
	if err != nil {
		return err
	}
	return r.json(gameAnswer{Balance: stdjson.Number(m.String()), Currency: m.Currency()})
}

func gameBalance(r *request) error {
	var b gamePlayer
	p, err := r.fromProvider(&b)
	if err != nil {
		return err
	}
	return r.balance(r.api.Games.Balance(r.ctx, p, b.request()))
}

func gameWithdraw(r *request) error {
	var b betBody
	p, err := r.fromProvider(&b)
	if err != nil {
		return err
	}
	bet, err := b.request()
	if err != nil {
		return err
	}
	return r.balance(r.api.Games.Withdraw(r.ctx, p, bet))
}

func gameDeposit(r *request) error {
	var b winBody
	p, err := r.fromProvider(&b)
	if err != nil {
		return err
	}
	win, err := b.request()
	if err != nil {
		return err
	}
	return r.balance(r.api.Games.Deposit(r.ctx, p, win))
}

func gameRollback(r *request) error {
	var b rollbackBody
	p, err := r.fromProvider(&b)
	if err != nil {
		return err
	}
	return r.balance(r.api.Games.Rollback(r.ctx, p, b.request()))
}

func listRounds(r *request) error {
	q := r.query()
	f := gamewallet.RoundFilter{Provider: q.text("provider"), OpenOlderThan: duration(q.text("open_for"), 0)}
	f.Open, _ = strconv.ParseBool(q.oneOf("open", "true", "false"))
	cursor, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Games.Rounds(r.ctx, f, cursor, limit)
	if err != nil {
		return err
	}
	return r.json(found)
}

func listGameTransactions(r *request) error {
	q := r.query()
	f := gamewallet.Filter{
		Provider: q.text("provider"), Player: q.text("player"), Round: q.text("round"), From: q.time("from"), To: q.time("to"),
	}
	cursor, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Games.Transactions(r.ctx, f, cursor, limit)
	if err != nil {
		return err
	}
	return r.json(found)
}
