package httpapi

import (
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/fault"
)

func cardLimits(r *request) error {
	terms, err := r.api.CardOrders.Limits(r.ctx)
	if err != nil {
		return err
	}
	return r.json(terms.View())
}

// cardOrderBody asks for a card order.
type cardOrderBody struct {
	Type    string
	Amount  *kopecks
	Details cardDetailsBody
}

type cardDetailsBody struct {
	CardNumber string `json:"card_number"`
	BankName   string `json:"bank_name"`
	HolderName string `json:"holder_name"`
}

func (b *cardOrderBody) member(name string) any {
	switch name {
	case "type":
		return &b.Type
	case "amount_kopecks":
		return &b.Amount
	case "payment_details":
		return &b.Details
	default:
		return nil
	}
}

func createCardOrder(r *request) error {
	var b cardOrderBody
	if err := r.decode(&b); err != nil {
		return err
	}
	// To the service an amount of nothing is one below the limit.
	if b.Amount == nil {
		return fault.Invalid(fault.Field{Name: "amount_kopecks", Why: "is required"})
	}
	want := cardorder.Request{Type: cardorder.Type(b.Type), Amount: b.Amount.orZero(), Details: cardorder.Details(b.Details)}
	key, err := r.key(0, b)
	if err != nil {
		return err
	}
	return r.made(r.api.CardOrders.Create(r.ctx, r.user, want, key))
}

type cardOrdersAnswer struct {
	Orders []cardorder.View `json:"orders"`
	Total  int              `json:"total"`
}

func myCardOrders(r *request) error {
	q := r.query()
	f := cardorder.Filter{
		Type:   cardorder.Type(q.oneOf("type", texts(cardorder.Types())...)),
		Status: cardorder.Status(q.oneOf("status", texts(cardorder.Statuses())...)),
	}
	f.Limit, f.Offset = q.window(pageLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, total, err := r.api.CardOrders.List(r.ctx, r.user.ID, f)
	if err != nil {
		return err
	}
	return r.json(cardOrdersAnswer{Orders: views(found, cardorder.Order.View), Total: total})
}

func showCardOrder(r *request) error {
	o, err := r.api.CardOrders.ByID(r.ctx, r.user.ID, r.number("id"))
	if err != nil {
		return err
	}
	return r.json(o.View())
}

func cancelCardOrder(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.CardOrders.Cancel(r.ctx, r.user, r.number("id")))
}

func confirmCardPaid(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.CardOrders.ConfirmPaid(r.ctx, r.user, r.number("id")))
}

func sayInCardOrder(r *request) error { return r.say(r.api.CardOrders.Say) }

func cardMessages(r *request) error {
	return showChat(r, func(limit, offset int) ([]chat.Message, cardorder.Status, error) {
		return r.api.CardOrders.Messages(r.ctx, r.user, r.number("id"), limit, offset)
	})
}
