package httpapi

import (
	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/chat"
	"disburse/gateway/exchange"
	"disburse/gateway/fault"
)

// p2pOrderBody answers an ad.
type p2pOrderBody struct {
	exchange.OrderRequest
	Ad     *int64
	Amount *kopecks
}

func (b *p2pOrderBody) member(name string) any {
	switch name {
	case "ad_id":
		return &b.Ad
	case "usdt_amount":
		return &b.Amount
	case "payment_method":
		return &b.PaymentMethod
	case "payment_details":
		return &b.PaymentDetails
	default:
		return nil
	}
}

func createP2POrder(r *request) error {
	var b p2pOrderBody
	if err := r.decode(&b); err != nil {
		return err
	}
	if b.Ad != nil {
		b.AdID = *b.Ad
	}
	b.USDTAmount = b.Amount.orZero()
	key, err := r.key(0, b.OrderRequest)
	if err != nil {
		return err
	}
	return r.made(r.api.Exchange.CreateOrder(r.ctx, r.user, b.OrderRequest, key))
}

type p2pOrdersAnswer struct {
	Orders []exchange.OrderView `json:"orders"`
}

func myP2POrders(r *request) error {
	q := r.query()
	status := q.oneOf("status", texts(exchange.Statuses())...)
	limit, offset := q.window(pageLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Exchange.MyOrders(r.ctx, r.user.ID, status, limit, offset)
	if err != nil {
		return err
	}
	return r.json(p2pOrdersAnswer{Orders: found})
}

func showP2POrder(r *request) error {
	order, err := r.api.Exchange.OrderByID(r.ctx, r.user, r.number("id"))
	if err != nil {
		return err
	}
	return r.json(order)
}

// detailsBody replaces payment details.
type detailsBody struct{ Details map[string]string }

func (b *detailsBody) member(name string) any {
	if name == "payment_details" {
		return &b.Details
	}
	return nil
}

func changeP2PDetails(r *request) error {
	var b detailsBody
	if err := r.decode(&b); err != nil {
		return err
	}
	if b.Details == nil {
		return fault.Invalid(fault.Field{Name: "payment_details", Why: "is required"})
	}
	return r.done(r.api.Exchange.UpdateDetails(r.ctx, r.user, r.number("id"), b.Details))
}

func confirmP2PPaid(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.Exchange.ConfirmPaid(r.ctx, r.user, r.number("id")))
}

func confirmP2PReceived(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.Exchange.ConfirmReceived(r.ctx, r.user, r.number("id")))
}

func cancelP2POrder(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.Exchange.Cancel(r.ctx, r.user, r.number("id")))
}

func callP2POperator(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.done(r.api.Exchange.CallOperator(r.ctx, r.user, r.number("id")))
}

// ratingBody rates the counterpart.
type ratingBody struct{ Rating jsontext.Value }

func (b *ratingBody) member(name string) any {
	if name == "rating" {
		return &b.Rating
	}
	return nil
}

// stars is the rating, 0 for whatever is no whole number: the published code of
// a wrong rating is the same for all of them, and the service's to give.
func (b *ratingBody) stars() int64 {
	n, _ := wholeNumber(string(b.Rating))
	return n
}

func rateP2POrder(r *request) error {
	var b ratingBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.done(r.api.Exchange.Rate(r.ctx, r.user, r.number("id"), b.stars()))
}

func sayInP2POrder(r *request) error { return r.say(r.api.Exchange.Say) }

func p2pMessages(r *request) error {
	return showChat(r, func(limit, offset int) ([]chat.Message, exchange.Status, error) {
		return r.api.Exchange.Messages(r.ctx, r.user, r.number("id"), limit, offset)
	})
}

// texts are the values of a kind of text.
func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
