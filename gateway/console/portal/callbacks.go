package portal

import (
	"errors"
	"net/url"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
)

// maxResend is how many callbacks one press sends again.
const maxResend = 1000

var errNoCallback = fault.New(fault.NotFound, "not_found", "callback not found")

func (p *portal) callbackRoutes() []site.Route {
	return []site.Route{
		{Method: get, Path: "/callbacks", Handle: p.callbacks},
		{Method: post, Path: "/callbacks/resend", Handle: p.resendDead},
		{Method: post, Path: "/callbacks/test", Handle: p.testCallback},
		{Method: get, Path: "/callbacks/:id", Handle: p.callback},
		{Method: post, Path: "/callbacks/:id/resend", Handle: p.resend},
	}
}

// callbackList is the log of callbacks with its filters.
type callbackList struct {
	Items []callbacks.Item
	Query url.Values
	Here  string // this log as it is
	site.Pager
	States  []callbacks.State
	TestURL string
}

// Asked is the value of a filter.
func (l callbackList) Asked(name string) string { return l.Query.Get(name) }

func (p *portal) callbacks(v *site.Visit) error {
	l, err := p.callbackLog(v)
	if err != nil {
		return err
	}
	return live(v, "callbacks", "callbacks-now", l)
}

func (p *portal) callbackLog(v *site.Visit) (callbackList, error) {
	m, err := p.merchant(v)
	if err != nil {
		return callbackList{}, err
	}
	q := asked(v, "state", "order_id")
	l := callbackList{Query: q, States: []callbacks.State{callbacks.Pending, callbacks.Delivered, callbacks.Dead}}
	found, err := p.Callbacks.List(v.Ctx, callbacks.Filter{
		MerchantID: m.ID, State: callbacks.State(q.Get("state")), OrderID: q.Get("order_id"),
	}, v.Query("cursor"), 0)
	if err != nil {
		return callbackList{}, err
	}
	l.Items = found.Items
	if l.TestURL = v.Form("url"); l.TestURL == "" && len(found.Items) > 0 {
		l.TestURL = found.Items[0].URL
	}
	l.Pager, l.Here = v.Pager("/callbacks", q, found.Next), here(v, "/callbacks", q)
	return l, nil
}

// callbackPage is one callback with its attempts and what it sends.
type callbackPage struct {
	callbacks.Detail
	Body string
	Test bool // it reports nothing
}

func (p *portal) callback(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	d, err := p.ownCallback(v, m)
	if err != nil {
		return err
	}
	shown := callbackPage{Detail: d, Test: d.Kind == "test"}
	if shown.Body, err = p.Callbacks.Body(v.Ctx, d.ID); err != nil {
		return err
	}
	return v.Render("callback", shown)
}

// ownCallback is the callback of the path; another merchant's is not found.
func (p *portal) ownCallback(v *site.Visit, m merchant.Merchant) (callbacks.Detail, error) {
	d, err := p.Callbacks.Get(v.Ctx, v.Param("id"))
	if errors.Is(err, callbacks.ErrNotFound) || (err == nil && d.MerchantID != m.ID) {
		return callbacks.Detail{}, errNoCallback
	}
	return d, err
}

func (p *portal) resend(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	d, err := p.ownCallback(v, m)
	if err != nil {
		return err
	}
	if err := p.Callbacks.Resend(v.Ctx, d.ID); err != nil {
		return err
	}
	return v.Goto("/callbacks/"+d.ID, v.T("The callback is on its way again."))
}

// resendDead sends everything again that was given up.
func (p *portal) resendDead(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	done, err := p.Callbacks.ResendMany(v.Ctx, callbacks.Filter{MerchantID: m.ID, State: callbacks.Dead}, maxResend)
	if err != nil {
		return err
	}
	return v.Goto("/callbacks", v.T("Callbacks on their way again: %d", done.Resent))
}

func (p *portal) testCallback(v *site.Visit) error {
	m, err := p.merchant(v)
	if err != nil {
		return err
	}
	id, err := p.TestCallback(v.Ctx, m.ID, v.Form("url"))
	if err != nil && site.Invalid(err) {
		l, listErr := p.callbackLog(v)
		if listErr != nil {
			return listErr
		}
		return v.RenderInvalid("callbacks", l, err)
	}
	if err != nil {
		return err
	}
	return v.Goto("/callbacks/"+id, v.T("The test callback is on its way."))
}
