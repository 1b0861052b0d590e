package httpapi

import (
	"context"
	"errors"
	"strings"

	"disburse/callbacks"
	"disburse/gateway/fault"
	"disburse/gateway/page"
)

// Callbacks reads the journal of callbacks and has them sent again. What
// resends must also write the audit record of ctx's actor, in the same
// transaction; a bare callbacks.Journal does not.
type Callbacks interface {
	List(ctx context.Context, f callbacks.Filter, cursor string, limit int) (callbacks.Page, error)
	Get(ctx context.Context, id string) (callbacks.Detail, error)
	About(ctx context.Context, payoutID string) ([]callbacks.Detail, error)
	Resend(ctx context.Context, id string) error
	ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error)
}

// maxResend is how many callbacks one bulk resend takes; what is left matches
// the next one.
const maxResend = 10_000

var errNoCallback = fault.New(fault.NotFound, "not_found", "callback not found")

var callbackStates = []string{string(callbacks.Pending), string(callbacks.Delivered), string(callbacks.Dead)}

func listCallbacks(r *request) error {
	q := r.query()
	f := callbacks.Filter{
		State: callbacks.State(q.oneOf("state", callbackStates...)), MerchantID: q.merchantID("merchant"),
		OrderID: q.text("order_id"), Subject: q.text("payout_id"),
	}
	cursor, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Callbacks.List(r.ctx, f, cursor, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, callbacks.Item.View))
}

func showCallback(r *request) error { return r.answerCallback(r.param("id")) }

func resendCallback(r *request) error {
	id := r.param("id")
	err := r.api.Callbacks.Resend(r.ctx, id)
	if errors.Is(err, callbacks.ErrNotFound) {
		return errNoCallback
	}
	if err != nil {
		return err
	}
	return r.answerCallback(id)
}

func (r *request) answerCallback(id string) error {
	d, err := r.api.Callbacks.Get(r.ctx, id)
	if errors.Is(err, callbacks.ErrNotFound) {
		return errNoCallback
	}
	if err != nil {
		return err
	}
	return r.json(d.View())
}

// resendBody says which callbacks to send again.
type resendBody struct {
	State, Merchant, OrderID, PayoutID string
	Limit                              *int64
}

func (b *resendBody) member(name string) any {
	switch name {
	case "state":
		return &b.State
	case "merchant":
		return &b.Merchant
	case "order_id":
		return &b.OrderID
	case "payout_id":
		return &b.PayoutID
	case "limit":
		return &b.Limit
	default:
		return nil
	}
}

func resendCallbacks(r *request) error {
	var b resendBody
	if err := r.decode(&b); err != nil {
		return err
	}
	f, limit, err := b.filter(r)
	if err != nil {
		return err
	}
	done, err := r.api.Callbacks.ResendMany(r.ctx, f, limit)
	if err != nil {
		return err
	}
	return r.json(done)
}

// filter insists on a state, so that an empty body cannot resend everything.
func (b *resendBody) filter(r *request) (callbacks.Filter, int, error) {
	q := r.query()
	q.check("state", b.State, callbackStates...)
	if b.State == "" {
		q.refuse("state", "is required")
	}
	limit := int64(maxResend)
	if b.Limit != nil {
		limit = *b.Limit
	}
	if limit < 1 || limit > maxResend {
		q.refuse("limit", "must be a whole number from 1 to 10000")
	}
	for _, text := range [...]struct{ name, value string }{{"order_id", b.OrderID}, {"payout_id", b.PayoutID}} {
		if strings.IndexByte(text.value, 0) >= 0 {
			q.refuse(text.name, "must not hold control characters")
		}
	}
	f := callbacks.Filter{State: callbacks.State(b.State), OrderID: b.OrderID, Subject: b.PayoutID}
	if b.Merchant != "" {
		f.MerchantID = q.lookUp("merchant", b.Merchant)
	}
	return f, int(limit), q.err()
}
