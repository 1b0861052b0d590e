package exchange

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/transact"
)

// mine reads an order that the user takes part in.
func (s *Service) mine(ctx context.Context, userID, id int64) (Order, error) {
	o, err := selectOneOrder(ctx, s.d.DB, selectOrder, id)
	switch {
	case err != nil:
		return Order{}, named(err, "order")
	case userID != o.BuyerID && userID != o.SellerID:
		return Order{}, ErrNotYours
	default:
		return o, nil
	}
}

// MyOrders lists the orders that a user takes part in, newest first. status may
// be empty. Faults: invalid_request.
func (s *Service) MyOrders(ctx context.Context, userID int64, status string, limit, offset int) ([]OrderView, error) {
	var f faults
	if status != "" && !Status(status).Valid() {
		f.add("status", "must be one of %s", statusList())
	}
	pageBounds(&f, &limit, offset, defaultPage)
	if err := f.err(); err != nil {
		return nil, err
	}
	orders, err := selectOrders(ctx, s.d.DB, selectMine, userID, status, limit, offset)
	if err != nil {
		return nil, fmt.Errorf("exchange: orders: %w", err)
	}
	out := make([]OrderView, len(orders))
	for i, o := range orders {
		out[i] = o.View()
	}
	return out, nil
}

func statusList() string {
	all := Statuses()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// OrderByID reads an order in the detail view. Faults: ORDER_NOT_FOUND,
// FORBIDDEN.
func (s *Service) OrderByID(ctx context.Context, u enduser.User, id int64) (OrderView, error) {
	o, err := s.mine(ctx, u.ID, id)
	if err != nil {
		return OrderView{}, err
	}
	v := o.View()
	if v.PaymentDetails, err = s.open(orderAAD(o.ID), o.details); err != nil {
		return OrderView{}, err
	}
	rows, err := s.d.DB.Query(ctx, selectCounterpart, o.other(u.ID))
	if err != nil {
		return OrderView{}, fmt.Errorf("exchange: counterpart: %w", err)
	}
	counterpart, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[counterpartRow])
	if err != nil {
		return OrderView{}, fmt.Errorf("exchange: counterpart: %w", err)
	}
	v.Counterpart = &CounterpartView{ID: counterpart.ID, Name: counterpart.Name, Nickname: counterpart.Nickname}
	return v, nil
}

// UpdateDetails replaces the seller's payment details while the order is
// pending. Faults: invalid_request, ORDER_NOT_FOUND, FORBIDDEN, INVALID_STATE,
// unavailable.
func (s *Service) UpdateDetails(ctx context.Context, u enduser.User, id int64, details map[string]string) error {
	kept, why := checkDetails(details)
	if why == "" && len(kept) == 0 {
		why = "is required"
	}
	if why != "" {
		return fault.Invalid(fault.Field{Name: "payment_details", Why: why})
	}
	ctx = byUser(ctx, u)
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		o, err := selectOneOrder(ctx, tx, lockOrder, id)
		switch {
		case err != nil:
			return err
		case o.SellerID != u.ID:
			return ErrNotYours
		case o.Status != Pending:
			return invalidState(o.Status)
		}
		after, err := s.seal(orderAAD(id), kept)
		if err != nil {
			return err
		}
		key, box, masked, err := after.columns()
		if err != nil {
			return err
		}
		now := s.now()
		if _, err := tx.Exec(ctx, replaceDetails, id, key, box, masked, now); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "p2p_order.details", "p2p_order", strconv.FormatInt(id, 10))
		record.Before = map[string]any{"payment_details": o.details.masked}
		record.After = map[string]any{"payment_details": after.masked}
		return audit.Write(ctx, tx, record)
	})
	return named(err, "update details")
}

// Say posts a message of a participant and returns its id. Faults:
// ORDER_NOT_FOUND, FORBIDDEN, INVALID_MESSAGE, IDEMPOTENCY_KEY_REUSED,
// unavailable.
func (s *Service) Say(ctx context.Context, u enduser.User, id int64, text string, key idempotency.Key) (int64, error) {
	if _, err := s.mine(ctx, u.ID, id); err != nil {
		return 0, err
	}
	message, err := s.d.Chat.Post(byUser(ctx, u), chat.Draft{Subject: chat.P2P, OrderID: id, UserID: u.ID, Text: text, Key: key})
	return message, named(err, "say")
}

// Messages lists the messages of an order, oldest first, with the order's
// state. limit is 1 to 100, default 50. Faults: invalid_request,
// ORDER_NOT_FOUND, FORBIDDEN.
func (s *Service) Messages(ctx context.Context, u enduser.User, id int64, limit, offset int) ([]chat.Message, Status, error) {
	o, err := s.mine(ctx, u.ID, id)
	if err != nil {
		return nil, "", err
	}
	messages, err := s.messages(ctx, id, limit, offset)
	return messages, o.Status, err
}

func (s *Service) messages(ctx context.Context, id int64, limit, offset int) ([]chat.Message, error) {
	var f faults
	pageBounds(&f, &limit, offset, defaultMessages)
	if err := f.err(); err != nil {
		return nil, err
	}
	messages, err := s.d.Chat.List(ctx, chat.P2P, id, limit, offset)
	return messages, named(err, "messages")
}
