package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
)

// Callbacks reads the journal of callbacks and has them sent again, with the
// audit record of ctx's actor in the same transaction.
type Callbacks interface {
	List(ctx context.Context, f callbacks.Filter, cursor string, limit int) (callbacks.Page, error)
	Get(ctx context.Context, id string) (callbacks.Detail, error)
	About(ctx context.Context, subject string) ([]callbacks.Detail, error)
	Stats(ctx context.Context) (callbacks.Stats, error)
	Resend(ctx context.Context, id string) error
	Prospect(ctx context.Context, f callbacks.Filter) (callbacks.Prospect, error)
	ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error)
	// Body is what a callback sends, with numbers and secrets masked.
	Body(ctx context.Context, id string) (string, error)
}

func (k *desk) callbackRoutes() []site.Route {
	const get, post = http.MethodGet, http.MethodPost
	return []site.Route{
		{Method: get, Path: "/callbacks", Role: viewer, Handle: k.callbackList},
		{Method: get, Path: "/callbacks/resend", Role: executor, Handle: k.deadLetters},
		{Method: post, Path: "/callbacks/resend", Role: executor, Handle: k.resendDead},
		{Method: get, Path: "/callbacks/:id", Role: viewer, Handle: k.callback},
		{Method: post, Path: "/callbacks/:id/resend", Role: executor, Handle: k.resendCallback},
	}
}

var errNoCallback = fault.New(fault.NotFound, "not_found", "callback not found")

// resendAtMost is how many callbacks one press sends again, the oldest first; what
// is left is there for the next.
const resendAtMost = 1000

// sentCallback is a callback as a list shows it.
type sentCallback struct {
	callbacks.ItemView
	Merchant string
}

type callbacksPage struct {
	*listing
	States []callbacks.State
	Items  []sentCallback
	Stats  callbacks.Stats
	Lag    time.Time // since when the oldest waits that is due
}

// Dead reports that the list is the one of dead letters, which can be sent
// again together.
func (p callbacksPage) Dead() bool { return p.Asked("state") == string(callbacks.Dead) }

var callbackStates = []callbacks.State{callbacks.Pending, callbacks.Delivered, callbacks.Dead}

// callbackFilter reads the filter of a list of callbacks.
func (k *desk) callbackFilter(l *listing) callbacks.Filter {
	return callbacks.Filter{
		State:      callbacks.State(l.choice("state", string(callbacks.Pending), string(callbacks.Delivered), string(callbacks.Dead))),
		MerchantID: l.merchant(k, "merchant"), OrderID: l.text("order_id"), Subject: l.text("payout_id"),
	}
}

// callbackList lists what merchants are told.
func (k *desk) callbackList(v *site.Visit) error {
	l := listed(v, "/callbacks")
	f := k.callbackFilter(l)
	data := callbacksPage{listing: l, States: callbackStates}
	if err := l.err(); err != nil {
		return l.show("callbacks", data, err)
	}
	found, err := k.Callbacks.List(v.Ctx, f, l.cursor(), listLength)
	if err != nil {
		return err
	}
	if data.Stats, err = k.Callbacks.Stats(v.Ctx); err != nil {
		return err
	}
	if data.Stats.Due > 0 {
		data.Lag = k.Now().Add(-data.Stats.OldestDueAge)
	}
	for _, item := range found.Items {
		data.Items = append(data.Items, sentCallback{item.View(), k.nameOf(v, item.MerchantID)})
	}
	l.turn(found.Next)
	if v.Partial() {
		return v.Fragment("callbacks", "callbacks-now", data)
	}
	return v.Render("callbacks", data)
}

type callbackPage struct {
	callbacks.DetailView
	Merchant string
	Body     string
}

// callback shows one callback: what is sent, and every attempt with its answer.
func (k *desk) callback(v *site.Visit) error {
	id := v.Param("id")
	found, err := k.Callbacks.Get(v.Ctx, id)
	if errors.Is(err, callbacks.ErrNotFound) {
		return errNoCallback
	}
	if err != nil {
		return err
	}
	body, err := k.Callbacks.Body(v.Ctx, id)
	if err != nil {
		return err
	}
	return v.Render("callback", callbackPage{DetailView: found.View(), Merchant: k.nameOf(v, found.MerchantID), Body: indented(body)})
}

// resendCallback has one callback sent again, and goes back to where it was
// asked for.
func (k *desk) resendCallback(v *site.Visit) error {
	id := v.Param("id")
	err := k.Callbacks.Resend(v.Ctx, id)
	if errors.Is(err, callbacks.ErrNotFound) {
		return errNoCallback
	}
	if err != nil {
		return err
	}
	return v.Back("/callbacks/"+id, v.T("The callback is sent again."))
}

// deadLettersPage is what is about to be sent again.
type deadLettersPage struct {
	*listing
	callbacks.Prospect
	Now    int    // how many one press sends
	Of     string // the merchant's name; empty for all merchants
	Amends string // where the filter is changed
}

// Left is how many another press is needed for.
func (p deadLettersPage) Left() int { return p.Matched - p.Now }

func (k *desk) deadLettersOf(v *site.Visit) (deadLettersPage, callbacks.Filter, error) {
	l := listed(v, "/callbacks/resend")
	f := k.callbackFilter(l)
	f.State = callbacks.Dead
	l.values.Del("state")
	data := deadLettersPage{listing: l, Amends: "/callbacks?state=dead"}
	if err := l.err(); err != nil {
		return data, f, err
	}
	if len(l.values) > 0 {
		data.Amends += "&" + l.values.Encode()
	}
	if f.MerchantID != "" {
		data.Of = k.nameOf(v, f.MerchantID)
	}
	var err error
	data.Prospect, err = k.Callbacks.Prospect(v.Ctx, f)
	data.Now = min(data.Matched, resendAtMost)
	return data, f, err
}

// deadLetters shows what is about to be sent again, and afterwards what becomes
// of it.
func (k *desk) deadLetters(v *site.Visit) error {
	data, _, err := k.deadLettersOf(v)
	if err == nil && v.Partial() {
		return v.Fragment("callbacks-resend", "resend-now", data)
	}
	return data.show("callbacks-resend", data, err)
}

// resendDead has dead letters sent again, not more of them than the page has
// said. Who presses twice sends nothing twice: what was sent is dead no more.
func (k *desk) resendDead(v *site.Visit) error {
	data, f, err := k.deadLettersOf(v)
	if err != nil {
		return data.show("callbacks-resend", data, err)
	}
	said, err := strconv.Atoi(v.Form("count"))
	if err != nil || said < 1 {
		return data.show("callbacks-resend", data, fault.Invalid(fault.Field{Name: "count", Why: "is required"}))
	}
	done, err := k.Callbacks.ResendMany(v.Ctx, f, min(said, resendAtMost))
	switch {
	case err != nil:
		return err
	case done.Resent == 0:
		return v.Goto(data.Here(), v.T("Nothing was left to send again."))
	default:
		return v.Goto(data.Here(), v.T("Sent again: %s of %s.", strconv.Itoa(done.Resent), strconv.Itoa(done.Matched)))
	}
}

// indented is JSON with its members on lines of their own; other text stays.
func indented(text string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(text), "", "  ") != nil {
		return text
	}
	return out.String()
}
