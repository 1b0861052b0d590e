package httpprovider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"disburse/gateway/virtualcard"
)

// Options says where the provider is and how to get in. URL and Key are
// required.
type Options struct {
	URL     string        // https, or http on this machine; no query, no user
	Key     string        // the bearer key
	Timeout time.Duration // of a whole call; default virtualcard.CallTimeout
	Now     func() time.Time
}

// Provider is a card provider reached over HTTP.
type Provider struct {
	base    string
	key     string
	timeout time.Duration
	now     func() time.Time
	client  *http.Client
}

var _ virtualcard.Provider = (*Provider)(nil)

// New checks the options; nothing is asked of the provider yet.
func New(o Options) (*Provider, error) {
	if err := CheckURL(o.URL); err != nil {
		return nil, fmt.Errorf("card provider: the URL %w", err)
	}
	if err := CheckKey(o.Key); err != nil {
		return nil, fmt.Errorf("card provider: the key %w", err)
	}
	p := &Provider{base: strings.TrimRight(o.URL, "/"), key: o.Key, timeout: o.Timeout, now: o.Now}
	if p.timeout == 0 {
		p.timeout = virtualcard.CallTimeout
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.client = &http.Client{
		// The transport is our own, because sending tells by its trace whether a
		// request has left, and HTTP/1 without reuse is what makes that certain.
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
			TLSHandshakeTimeout: p.timeout, MaxResponseHeaderBytes: maxAnswer,
		},
		// Whoever redirects an order is not the provider that was agreed upon.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p, nil
}

// CheckURL says what is wrong with a provider's URL. In clear the key may only
// stay on this machine: whoever reads it can empty the cards.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return errors.New("must be an absolute http or https URL")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("must not have a query, fragment or user")
	case u.Scheme == "http" && !onThisMachine(u.Hostname()):
		return errors.New("must be https, unless it is on this machine")
	}
	return nil
}

func onThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && address.IsLoopback())
}

// CheckKey says what is wrong with a provider's key, without quoting it.
func CheckKey(key string) error {
	if key == "" {
		return errors.New("is not set")
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return errors.New("must be visible ASCII characters without spaces")
		}
	}
	return nil
}

// Create issues a card.
func (p *Provider) Create(ctx context.Context, o virtualcard.CreateOrder) (virtualcard.Account, error) {
	body := Order{NotAfter: o.NotAfter, BIN: o.BIN, Name: o.Name, Amount: o.Initial.String(), Currency: string(o.Initial.Currency())}
	out, err := p.order(ctx, sending{key: o.Key, path: "/v1/cards", body: body}, func(out virtualcard.Outcome) bool {
		return out.Moved == o.Initial && out.Account.Status == virtualcard.AccountActive
	})
	return out.Account, err
}

// TopUp puts money on a card.
func (p *Provider) TopUp(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return p.move(ctx, o, "topup")
}

// Withdraw takes money off a card.
func (p *Provider) Withdraw(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return p.move(ctx, o, "withdraw")
}

// Freeze stops a card.
func (p *Provider) Freeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	out, err := p.change(ctx, o, "freeze", virtualcard.AccountFrozen)
	return out.Account, err
}

// Unfreeze lets a card go on.
func (p *Provider) Unfreeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	out, err := p.change(ctx, o, "unfreeze", virtualcard.AccountActive)
	return out.Account, err
}

// Close ends a card and takes its money off.
func (p *Provider) Close(ctx context.Context, o virtualcard.Change) (virtualcard.Closed, error) {
	out, err := p.change(ctx, o, "close", virtualcard.AccountClosed)
	return virtualcard.Closed{Account: out.Account, Moved: out.Moved}, err
}

// Card tells how a card is now.
func (p *Provider) Card(ctx context.Context, cardID string) (virtualcard.Account, error) {
	if !ValidID(cardID) {
		return virtualcard.Account{}, virtualcard.ErrNoCard
	}
	status, content, err := p.call(ctx, sending{method: http.MethodGet, path: "/v1/cards/" + cardID})
	if err != nil {
		return virtualcard.Account{}, err
	}
	var fault Fault
	if status == http.StatusNotFound && parse(content, &fault) == nil && fault.Error == NoCard {
		return virtualcard.Account{}, virtualcard.ErrNoCard
	}
	var card Card
	if status != http.StatusOK {
		return virtualcard.Account{}, unknown(status, errors.New("it is no card"))
	}
	if err := parse(content, &card); err != nil {
		return virtualcard.Account{}, unknown(status, err)
	}
	account, err := card.account()
	if err == nil && account.CardID != cardID {
		err = errors.New("it is about another card")
	}
	if err != nil {
		return virtualcard.Account{}, unknown(status, err)
	}
	return account, nil
}

// Lookup tells what became of an order.
func (p *Provider) Lookup(ctx context.Context, key string) (virtualcard.Outcome, error) {
	if !ValidID(key) {
		return virtualcard.Outcome{}, fmt.Errorf("%w: the key has a bad form", virtualcard.ErrNotSent)
	}
	status, content, err := p.call(ctx, sending{method: http.MethodGet, path: "/v1/orders/" + key})
	if err != nil {
		return virtualcard.Outcome{}, err
	}
	if status != http.StatusOK {
		return virtualcard.Outcome{}, unknown(status, errors.New("it tells no outcome"))
	}
	return read(status, content, key)
}

func (p *Provider) move(ctx context.Context, o virtualcard.Move, verb string) (virtualcard.Account, error) {
	if !o.Amount.Positive() {
		return virtualcard.Account{}, notSent("the amount is not more than zero")
	}
	body := Order{NotAfter: o.NotAfter, Amount: o.Amount.String(), Currency: string(o.Amount.Currency())}
	out, err := p.onCard(ctx, sending{key: o.Key, body: body}, o.CardID, verb, func(out virtualcard.Outcome) bool {
		return out.Moved == o.Amount
	})
	return out.Account, err
}

func (p *Provider) change(ctx context.Context, o virtualcard.Change, verb string, to virtualcard.AccountStatus) (virtualcard.Outcome, error) {
	return p.onCard(ctx, sending{key: o.Key, body: Order{NotAfter: o.NotAfter}}, o.CardID, verb, func(out virtualcard.Outcome) bool {
		moved := to == virtualcard.AccountClosed // nothing else that changes a card's status moves money
		return out.Account.Status == to && (moved && out.Account.Balance.IsZero() || !moved && out.Moved.IsZero())
	})
}

// onCard sends an order about a card.
func (p *Provider) onCard(ctx context.Context, s sending, cardID, verb string, agrees func(virtualcard.Outcome) bool) (virtualcard.Outcome, error) {
	if !ValidID(cardID) {
		return virtualcard.Outcome{}, notSent("the card's id has a bad form")
	}
	s.path = "/v1/cards/" + cardID + "/" + verb
	return p.order(ctx, s, func(out virtualcard.Outcome) bool { return out.Account.CardID == cardID && agrees(out) })
}

// order sends an order, once, and reads its answer. One that is done must agree
// with what was asked: what else the provider may have done is for a lookup.
func (p *Provider) order(ctx context.Context, s sending, agrees func(virtualcard.Outcome) bool) (none virtualcard.Outcome, err error) {
	if !ValidID(s.key) {
		return none, notSent("the key has a bad form")
	}
	if !p.now().Before(s.body.NotAfter) {
		return none, notSent("it was too late to begin")
	}
	s.method = http.MethodPost
	status, content, err := p.call(ctx, s)
	if err != nil {
		return none, err
	}
	out, err := read(status, content, s.key)
	switch {
	case status == http.StatusConflict && keyReused(content, s.key):
		return none, virtualcard.ErrKeyReused
	case err != nil:
		return none, err
	case status == http.StatusOK && out.State == virtualcard.OrderDone:
		if !agrees(out) {
			return none, unknown(status, errors.New("it does not agree with the order"))
		}
		return out, nil
	case status == http.StatusUnprocessableEntity && out.State == virtualcard.OrderDeclined:
		return none, &virtualcard.DeclinedError{Reason: out.Reason}
	default:
		return none, unknown(status, fmt.Errorf("the order is %s", out.State))
	}
}

// keyReused tells an answer to the effect that another order has this key.
func keyReused(content []byte, key string) bool {
	var fault Fault
	return parse(content, &fault) == nil && fault.Key == key && fault.Error == KeyReused
}
