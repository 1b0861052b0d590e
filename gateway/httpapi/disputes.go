package httpapi

import (
	"disburse/gateway/exchange"
)

func listDisputes(r *request) error {
	q := r.query()
	f := exchange.DisputeFilter{Cursor: q.text("cursor"), Limit: q.limit()}
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Exchange.Disputes(r.ctx, f)
	if err != nil {
		return err
	}
	return r.json(found)
}

// answerDispute answers with one dispute.
func (r *request) answerDispute(d exchange.DisputeView, err error) error {
	if err != nil {
		return err
	}
	return r.json(d)
}

func showDispute(r *request) error {
	return r.answerDispute(r.api.Exchange.DisputeByID(r.ctx, r.number("order_id")))
}

func claimDispute(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.answerDispute(r.api.Exchange.ClaimDispute(r.ctx, r.number("order_id")))
}

func releaseDispute(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	id := r.number("order_id")
	if err := r.api.Exchange.ReleaseDispute(r.ctx, id); err != nil {
		return err
	}
	return r.answerDispute(r.api.Exchange.DisputeByID(r.ctx, id))
}

// resolveBody ends a dispute.
type resolveBody struct{ To, Note string }

func (b *resolveBody) member(name string) any {
	switch name {
	case "to":
		return &b.To
	case "note":
		return &b.Note
	default:
		return nil
	}
}

func resolveDispute(r *request) error {
	var b resolveBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.answerDispute(r.api.Exchange.Resolve(r.ctx, r.number("order_id"), b.To, b.Note))
}

func sayInDispute(r *request) error {
	var b messageBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.made(r.api.Exchange.SayInDispute(r.ctx, r.number("order_id"), b.Message))
}

type deskMessagesAnswer struct {
	Messages []messageView `json:"messages"`
}

func disputeMessages(r *request) error {
	q := r.query()
	limit, offset := q.window(chatLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Exchange.DisputeMessages(r.ctx, r.number("order_id"), limit, offset)
	if err != nil {
		return err
	}
	return r.json(deskMessagesAnswer{Messages: views(found, viewMessage)})
}
