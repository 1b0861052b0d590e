package httpapi

import (
	"context"
	"errors"
	"strings"

	"disburse/callbacks"
	"disburse/gateway/fault"
)

// Callbacks reads the journal of callbacks and has them sent again. What
// resends must also write the audit record of ctx's actor, in the same
// transaction; a bare callbacks.Journal does not.
type Callbacks interface {
	List(ctx context.Context, f callbacks.Filter, cursor string, limit int) (callbacks.Page, error)
	Get(ctx context.Context, id string) (callbacks.Detail, error)
	Resend(ctx context.Context, id string) error
	ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error)
}

// maxResend is how many callbacks one bulk resend takes; what is left matches
// the next one.
const maxResend = 10_000

var errNoCallback = fault.New(fault.NotFound, "not_found", "callback not found")

type callbackView struct {
	ID            string  `json:"id"`
	MerchantID    string  `json:"merchant_id"`
	PayoutID      string  `json:"payout_id"`
	OrderID       string  `json:"order_id"`
	Kind          string  `json:"kind"`
	URL           string  `json:"url"`
	State         string  `json:"state"`
	Attempts      int     `json:"attempts"`
	NextAttemptAt *string `json:"next_attempt_at"`
	LastStatus    *int    `json:"last_status"`
	LastError     string  `json:"last_error"`
	DeadReason    string  `json:"dead_reason"`
	CreatedAt     string  `json:"created_at"`
	FinishedAt    *string `json:"finished_at"`
}

func viewCallback(i callbacks.Item) callbackView {
	v := callbackView{
		ID: i.ID, MerchantID: i.MerchantID, PayoutID: i.Subject, OrderID: i.OrderID, Kind: i.Kind, URL: i.URL,
		State: string(i.State), Attempts: i.Attempts, LastError: i.LastError, DeadReason: i.DeadReason, CreatedAt: stamp(i.CreatedAt),
	}
	if i.LastStatus != 0 {
		v.LastStatus = &i.LastStatus
	}
	if i.NextAttemptAt != nil {
		v.NextAttemptAt = stampOrNull(*i.NextAttemptAt)
	}
	if i.FinishedAt != nil {
		v.FinishedAt = stampOrNull(*i.FinishedAt)
	}
	return v
}

// callbackDetailView is a callback with its attempts, latest first, where the
// list has only their number.
type callbackDetailView struct {
	ID            string        `json:"id"`
	MerchantID    string        `json:"merchant_id"`
	PayoutID      string        `json:"payout_id"`
	OrderID       string        `json:"order_id"`
	Kind          string        `json:"kind"`
	URL           string        `json:"url"`
	State         string        `json:"state"`
	Attempts      []attemptView `json:"attempts"`
	NextAttemptAt *string       `json:"next_attempt_at"`
	LastStatus    *int          `json:"last_status"`
	LastError     string        `json:"last_error"`
	DeadReason    string        `json:"dead_reason"`
	CreatedAt     string        `json:"created_at"`
	FinishedAt    *string       `json:"finished_at"`
}

type attemptView struct {
	Number     int    `json:"number"`
	StartedAt  string `json:"started_at"`
	DurationMS int64  `json:"duration_ms"`
	Outcome    string `json:"outcome"`
	Status     *int   `json:"status"`
	Error      string `json:"error"`
	Response   string `json:"response"`
}

func viewAttempt(a callbacks.Attempt) attemptView {
	v := attemptView{
		Number: a.Number, StartedAt: stamp(a.StartedAt), DurationMS: a.Duration.Milliseconds(),
		Outcome: string(a.Outcome), Error: a.Error, Response: a.Response,
	}
	if a.Status != 0 {
		v.Status = &a.Status
	}
	return v
}

func viewCallbackDetail(d callbacks.Detail) callbackDetailView {
	v := viewCallback(d.Item)
	return callbackDetailView{
		ID: v.ID, MerchantID: v.MerchantID, PayoutID: v.PayoutID, OrderID: v.OrderID, Kind: v.Kind, URL: v.URL, State: v.State,
		Attempts: viewAll(d.Log, viewAttempt), NextAttemptAt: v.NextAttemptAt, LastStatus: v.LastStatus, LastError: v.LastError,
		DeadReason: v.DeadReason, CreatedAt: v.CreatedAt, FinishedAt: v.FinishedAt,
	}
}

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
	page, err := r.api.Callbacks.List(r.ctx, f, cursor, limit)
	if err != nil {
		return err
	}
	return r.json(pageOf(viewAll(page.Items, viewCallback), page.Next))
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
	return r.json(viewCallbackDetail(d))
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

type resentAnswer struct {
	Matched int `json:"matched"`
	Resent  int `json:"resent"`
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
	return r.json(resentAnswer{Matched: done.Matched, Resent: done.Resent})
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

// callbacksOf is what was sent about a payout, with every attempt.
func (r *request) callbacksOf(payoutID string) ([]callbackDetailView, error) {
	page, err := r.api.Callbacks.List(r.ctx, callbacks.Filter{Subject: payoutID}, "", 0)
	if err != nil {
		return nil, err
	}
	out := make([]callbackDetailView, len(page.Items))
	for i, item := range page.Items {
		d, err := r.api.Callbacks.Get(r.ctx, item.ID)
		if err != nil {
			return nil, err
		}
		out[i] = viewCallbackDetail(d)
	}
	return out, nil
}
