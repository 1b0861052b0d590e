package httpapi

import (
	"context"

	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/idempotency"
)

// messageBody says something about an order.
type messageBody struct{ Message string }

func (b *messageBody) member(name string) any {
	if name == "message" {
		return &b.Message
	}
	return nil
}

// say posts a message of an end user.
func (r *request) say(post func(context.Context, enduser.User, int64, string, idempotency.Key) (int64, error)) error {
	var b messageBody
	if err := r.decode(&b); err != nil {
		return err
	}
	id := r.number("id")
	key, err := r.key(id, b)
	if err != nil {
		return err
	}
	return r.made(post(r.ctx, r.user, id, b.Message, key))
}

// showChat shows a part of a chat, with where its order stands.
func showChat[S ~string](r *request, read func(limit, offset int) ([]chat.Message, S, error)) error {
	q := r.query()
	limit, offset := q.window(chatLimit)
	if err := q.err(); err != nil {
		return err
	}
	found, status, err := read(limit, offset)
	if err != nil {
		return err
	}
	return r.json(messagesAnswer{Messages: views(found, viewMessage), Status: string(status)})
}

// messageView is a message as the participants see it; an operator has no user
// id.
type messageView struct {
	ID         int64  `json:"id"`
	OrderID    int64  `json:"order_id"`
	UserID     *int64 `json:"user_id"`
	SenderType string `json:"sender_type"`
	Message    string `json:"message"`
	CreatedAt  string `json:"created_at"`
}

func viewMessage(m chat.Message) messageView {
	v := messageView{ID: m.ID, OrderID: m.OrderID, SenderType: m.Sender, Message: m.Text, CreatedAt: stamp(m.CreatedAt)}
	if m.UserID != 0 {
		v.UserID = &m.UserID
	}
	return v
}

type messagesAnswer struct {
	Messages []messageView `json:"messages"`
	Status   string        `json:"status"`
}

// noMembers is the body of calls that take none but may come with one.
type noMembers struct{}

func (noMembers) member(string) any { return nil }

// nothing checks the body of a call that has nothing to say: there may be none,
// or an object.
func (r *request) nothing() error { return r.decodeOptional(noMembers{}) }
