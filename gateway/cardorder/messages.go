package cardorder

import (
	"context"
	"errors"
	"fmt"

	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
)

// Say posts a message of the user to the operator and returns its id. A message
// whose key was used for it before has the id it had. Faults: invalid_request,
// ORDER_NOT_FOUND, IDEMPOTENCY_KEY_REUSED, unavailable.
func (s *Service) Say(ctx context.Context, u enduser.User, id int64, text string, key idempotency.Key) (int64, error) {
	if err := checkText(text); err != nil {
		return 0, err
	}
	if _, err := s.owned(ctx, u.ID, id); err != nil {
		return 0, err
	}
	return s.post(ctx, chat.Draft{Subject: chat.Card, OrderID: id, UserID: u.ID, Text: text, Key: key})
}

// Messages reads the chat of an order of the user, oldest first, and where the
// order stands. Faults: ORDER_NOT_FOUND.
func (s *Service) Messages(ctx context.Context, u enduser.User, id int64, limit, offset int) ([]chat.Message, Status, error) {
	o, err := s.owned(ctx, u.ID, id)
	if err != nil {
		return nil, "", err
	}
	return s.messages(ctx, o, limit, offset)
}

// SayAsOperator posts a message of the actor of ctx. Faults: invalid_request,
// ORDER_NOT_FOUND, unavailable.
func (s *Service) SayAsOperator(ctx context.Context, id int64, text string) (int64, error) {
	if err := checkText(text); err != nil {
		return 0, err
	}
	if _, err := s.byID(ctx, id); err != nil {
		return 0, err
	}
	return s.post(ctx, chat.Draft{Subject: chat.Card, OrderID: id, Text: text})
}

// DeskMessages reads the chat of any order for an operator. Faults:
// ORDER_NOT_FOUND.
func (s *Service) DeskMessages(ctx context.Context, id int64, limit, offset int) ([]chat.Message, Status, error) {
	o, err := s.byID(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return s.messages(ctx, o, limit, offset)
}

// defaultMessages is how many messages are read when no number is asked for.
const defaultMessages = 50

func (s *Service) messages(ctx context.Context, o Order, limit, offset int) ([]chat.Message, Status, error) {
	if limit <= 0 {
		limit = defaultMessages
	}
	found, err := s.d.Chat.List(ctx, chat.Card, o.ID, limit, max(offset, 0))
	if err != nil {
		return nil, "", fmt.Errorf("cardorder: messages: %w", err)
	}
	return found, o.Status, nil
}

func (s *Service) post(ctx context.Context, d chat.Draft) (int64, error) {
	id, err := s.d.Chat.Post(ctx, d)
	if err != nil {
		return 0, fmt.Errorf("cardorder: say: %w", err)
	}
	return id, nil
}

// checkText refuses a message by the field that holds it.
func checkText(text string) error {
	if err := chat.Check(text); errors.Is(err, chat.ErrInvalidMessage) {
		return fault.Invalid(fault.Field{Name: "message", Why: fmt.Sprintf("must have 1 to %d characters", chat.MaxText)})
	}
	return nil
}
