package httpapi

import "disburse/gateway/chat"

// messageBody says something about an order.
type messageBody struct{ Message string }

func (b *messageBody) member(name string) any {
	if name == "message" {
		return &b.Message
	}
	return nil
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
