package console

import (
	"net/http"

	"disburse/gateway/console/site"
	"disburse/gateway/virtualcard"
)

func (k *desk) cardExceptionRoutes() []site.Route {
	return []site.Route{
		{Method: http.MethodGet, Path: "/exceptions/cards/:id", Role: viewer, Handle: k.cardException},
		{Method: http.MethodPost, Path: "/exceptions/cards/:id", Role: approver, Handle: k.resolveCard},
	}
}

// cardExceptionPage is an operation that the card provider does not end, and the
// way to end it.
type cardExceptionPage struct {
	virtualcard.Resolved
	Given struct{ As, Reason, ProviderCard, Moved string }
}

// Open reports an operation that has no end.
func (p cardExceptionPage) Open() bool { return p.State == virtualcard.Pending }

// WasDone reports one whose end, which was contradicted, is that it was done.
func (p cardExceptionPage) WasDone() bool { return p.State == virtualcard.Done }

// Makes and Closes report what asks for more when it is done.
func (p cardExceptionPage) Makes() bool {
	return p.Open() && (p.Kind == virtualcard.KindCreate || p.Kind == virtualcard.KindIssue)
}

// Closes reports that what was taken off the card is not known.
func (p cardExceptionPage) Closes() bool { return p.Open() && p.Kind == virtualcard.KindClose }

func (k *desk) cardException(v *site.Visit) error { return k.showCardException(v, nil) }

func (k *desk) showCardException(v *site.Visit, problem error) error {
	found, err := k.VirtualCards.Exceptional(v.Ctx, v.Param("id"))
	if err != nil {
		return err
	}
	page := cardExceptionPage{Resolved: found}
	page.Given.As, page.Given.Reason = v.Form("as"), v.Form("reason")
	page.Given.ProviderCard, page.Given.Moved = v.Form("provider_card"), v.Form("moved")
	if problem != nil {
		return v.RenderInvalid("cardexception", page, problem)
	}
	return v.Render("cardexception", page)
}

// resolveCard asks for the end of an operation, which a second person decides.
func (k *desk) resolveCard(v *site.Visit) error {
	r := virtualcard.Resolution{ID: v.Param("id"), As: v.Form("as"), Reason: v.Form("reason")}
	if r.As == virtualcard.AsDone {
		r.ProviderCard = v.Form("provider_card")
		if text := v.Form("moved"); text != "" {
			moved, err := amountOf("moved", text, virtualcard.USD)
			if err != nil {
				return k.showCardException(v, err)
			}
			r.Moved = &moved
		}
	}
	asked, err := k.VirtualCards.AskToResolve(v.Ctx, r)
	switch {
	case err != nil && site.Invalid(err):
		return k.showCardException(v, err)
	case err != nil:
		return err
	}
	return v.Goto("/approvals/"+asked.Waiting.ID, v.T("It waits for a second person. Nothing moves until then."))
}
