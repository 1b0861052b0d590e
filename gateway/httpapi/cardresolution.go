package httpapi

import (
	"net/http"

	"disburse/gateway/fault"
	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// resolutionBody says what became of an operation at the card provider.
type resolutionBody struct{ As, Reason, ProviderCard, Moved string }

func (b *resolutionBody) member(name string) any {
	switch name {
	case "as":
		return &b.As
	case "reason":
		return &b.Reason
	case "provider_card":
		return &b.ProviderCard
	case "moved":
		return &b.Moved
	default:
		return nil
	}
}

func resolveCardOperation(r *request) error {
	var b resolutionBody
	if err := r.decode(&b); err != nil {
		return err
	}
	resolution := virtualcard.Resolution{ID: r.param("id"), As: b.As, Reason: b.Reason, ProviderCard: b.ProviderCard}
	if b.Moved != "" {
		moved, err := money.Parse(b.Moved, virtualcard.USD)
		if err != nil {
			return fault.Invalid(fault.Field{Name: "moved", Why: "must be US dollars such as 100.00, 0 or above"})
		}
		resolution.Moved = &moved
	}
	asked, err := r.api.VirtualCards.AskToResolve(r.ctx, resolution)
	if err != nil {
		return err
	}
	if asked.Replayed {
		r.c.Set(headerReplayed, "true")
	}
	return r.jsonStatus(http.StatusAccepted, askedAnswer{r.viewApproval(*asked.Waiting)})
}
