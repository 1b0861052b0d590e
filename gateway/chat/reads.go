package chat

import (
	"context"
	"fmt"

	"disburse/gateway/audit"
)

// Unread counts the messages of users that the actor of ctx has not read, by
// order; an order without any is not in the answer.
func (s *Store) Unread(ctx context.Context, subject Subject, orderIDs ...int64) (map[int64]int, error) {
	unread := make(map[int64]int)
	if len(orderIDs) == 0 {
		return unread, nil
	}
	rows, err := s.d.DB.Query(ctx, countUnread, authorOf(ctx), string(subject), orderIDs)
	if err != nil {
		return nil, fmt.Errorf("chat: unread: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var order int64
		var count int
		if err := rows.Scan(&order, &count); err != nil {
			return nil, fmt.Errorf("chat: unread: %w", err)
		}
		unread[order] = count
	}
	return unread, rows.Err()
}

// Latest is the id of the last message of an order that the actor of ctx has
// read, 0 for none.
func (s *Store) Latest(ctx context.Context, subject Subject, orderID int64) (int64, error) {
	var id int64
	if err := s.d.DB.QueryRow(ctx, selectRead, authorOf(ctx), string(subject), orderID).Scan(&id); err != nil {
		return 0, fmt.Errorf("chat: read: %w", err)
	}
	return id, nil
}

// Read notes that the actor of ctx has read an order's messages up to one. It
// is never undone by an earlier one, and only operators' reading is kept.
func (s *Store) Read(ctx context.Context, subject Subject, orderID, upTo int64) error {
	if audit.ActorFrom(ctx).Kind != audit.Operator || upTo <= 0 {
		return nil
	}
	if _, err := s.d.DB.Exec(ctx, upsertRead, authorOf(ctx), string(subject), orderID, upTo, s.now()); err != nil {
		return fmt.Errorf("chat: read: %w", err)
	}
	return nil
}

// Tail reads the last messages of an order, at most limit, oldest first, and
// tells whether there are earlier ones.
func (s *Store) Tail(ctx context.Context, subject Subject, orderID int64, limit int) (_ []Message, more bool, err error) {
	var count int
	if err := s.d.DB.QueryRow(ctx, countMessages, string(subject), orderID).Scan(&count); err != nil {
		return nil, false, fmt.Errorf("chat: tail: %w", err)
	}
	from := max(count-limit, 0)
	found, err := s.List(ctx, subject, orderID, limit+1, from) // one may have come meanwhile
	return found, from > 0, err
}
