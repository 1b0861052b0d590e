package httpapi

import (
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
)

func listCardOrders(r *request) error {
	q := r.query()
	f := cardorder.DeskFilter{
		Type:      cardorder.Type(q.oneOf("type", texts(cardorder.Types())...)),
		Status:    cardorder.Status(q.oneOf("status", texts(cardorder.Statuses())...)),
		ClaimedBy: q.text("claimed_by"), Cursor: q.text("cursor"), Limit: q.limit(),
	}
	if user := q.amount("user_id"); user != nil {
		f.UserID = *user
	}
	if f.ClaimedBy == "me" {
		f.ClaimedBy = cardorder.Claimant(r.ctx)
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.CardOrders.Desk(r.ctx, f)
	if err != nil {
		return err
	}
	return r.json(found)
}

// answerCardOrder answers with one order as operators see it.
func (r *request) answerCardOrder(o cardorder.Order, err error) error {
	if err != nil {
		return err
	}
	return r.json(o.DeskView())
}

func showCardOrderAtDesk(r *request) error {
	return r.answerCardOrder(r.api.CardOrders.DeskByID(r.ctx, r.number("id")))
}

func claimCardOrder(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.answerCardOrder(r.api.CardOrders.Claim(r.ctx, r.number("id")))
}

func releaseCardOrder(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.answerCardOrder(r.api.CardOrders.Release(r.ctx, r.number("id")))
}

func completeCardOrder(r *request) error {
	if err := r.nothing(); err != nil {
		return err
	}
	return r.answerCardOrder(r.api.CardOrders.Complete(r.ctx, r.number("id")))
}

func cancelCardOrderAtDesk(r *request) error {
	var b reasonBody
	if err := r.decodeOptional(&b); err != nil {
		return err
	}
	return r.answerCardOrder(r.api.CardOrders.CancelByOperator(r.ctx, r.number("id"), b.Reason))
}

func sayAtCardDesk(r *request) error {
	var b messageBody
	if err := r.decode(&b); err != nil {
		return err
	}
	return r.made(r.api.CardOrders.SayAsOperator(r.ctx, r.number("id"), b.Message))
}

func cardDeskMessages(r *request) error {
	return showChat(r, func(limit, offset int) ([]chat.Message, cardorder.Status, error) {
		return r.api.CardOrders.DeskMessages(r.ctx, r.number("id"), limit, offset)
	})
}

// cardSettingsBody changes the terms of card orders; what is absent stays.
type cardSettingsBody struct {
	cardorder.Change
	amounts [4]*kopecks
}

func (b *cardSettingsBody) member(name string) any {
	switch name {
	case "enabled":
		return &b.Enabled
	case "deposit_min":
		return &b.amounts[0]
	case "deposit_max":
		return &b.amounts[1]
	case "withdraw_min":
		return &b.amounts[2]
	case "withdraw_max":
		return &b.amounts[3]
	case "card_number":
		return &b.CardNumber
	case "bank_name":
		return &b.BankName
	case "holder_name":
		return &b.HolderName
	default:
		return nil
	}
}

func (b *cardSettingsBody) change() cardorder.Change {
	c := b.Change
	for i, into := range []**int64{&c.DepositMin, &c.DepositMax, &c.WithdrawMin, &c.WithdrawMax} {
		*into = (*int64)(b.amounts[i])
	}
	return c
}

func setCardSettings(r *request) error {
	var b cardSettingsBody
	if err := r.decode(&b); err != nil {
		return err
	}
	terms, err := r.api.CardOrders.SetSettings(r.ctx, b.change())
	if err != nil {
		return err
	}
	return r.json(terms.View())
}
