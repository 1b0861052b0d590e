package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/transact"
	"disburse/gateway/vault"
)

// Subject is the sort of order that is talked about.
type Subject string

// The subjects.
const (
	Card Subject = "card"
	P2P  Subject = "p2p"
)

// order is the subject as the audit trail names it.
func (s Subject) order() string { return string(s) + "_order" }

// Senders of messages, as on the wire.
const (
	User     = "user"
	Operator = "operator"
)

// Message is one message. Its text is for the participants; a log gets it
// masked.
type Message struct {
	ID        int64
	OrderID   int64
	UserID    int64  // 0: an operator
	Sender    string // User or Operator
	Text      string
	CreatedAt time.Time
}

// LogValue is the message as logs have it.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("id", m.ID), slog.Int64("order_id", m.OrderID), slog.Int64("user_id", m.UserID),
		slog.String("sender", m.Sender), slog.String("text", Mask(m.Text)))
}

// String is what every other way of printing a message gives.
func (m Message) String() string {
	return fmt.Sprintf("message %d of order %d by %s: %s", m.ID, m.OrderID, m.Sender, Mask(m.Text))
}

// GoString keeps %#v from showing more than String.
func (m Message) GoString() string { return m.String() }

// MarshalJSON keeps a log that takes a struct apart from showing more. What is
// answered has views of its own.
func (m Message) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// Draft is a message that somebody wants to post.
type Draft struct {
	Subject Subject
	OrderID int64
	UserID  int64 // who writes; 0: an operator, the actor of the context
	Text    string
	Key     idempotency.Key // optional
}

// MaxText is how many characters a message may have.
const MaxText = 4000

// The faults of Post.
var (
	ErrInvalidMessage = fault.New(fault.Rule, "INVALID_MESSAGE", "a message has 1 to 4000 characters")
	ErrKeyReused      = fault.New(fault.Conflict, "IDEMPOTENCY_KEY_REUSED", "the Idempotency-Key was used with another request")
)

// Deps is what a Store needs.
type Deps struct {
	DB    *pgxpool.Pool
	Vault *vault.Vault
	Now   func() time.Time // default time.Now
	Log   *slog.Logger     // default slog.Default
}

// Store keeps the messages of all orders. It is safe for concurrent use.
type Store struct{ d Deps }

// New makes a Store, and refuses missing dependencies by name.
func New(d Deps) (*Store, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("chat: DB missing")
	case d.Vault == nil:
		return nil, errors.New("chat: Vault missing")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	return &Store{d: d}, nil
}

// Check judges a text: nil, or ErrInvalidMessage.
func Check(text string) error {
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxText {
		return ErrInvalidMessage
	}
	return nil
}

// Post stores a message and returns its id. A message whose key was used for it
// before is not stored again, and has the id it had. What an operator writes is
// recorded in the audit trail. Whether the author may write there is the
// caller's to know.
//
// Faults: INVALID_MESSAGE, IDEMPOTENCY_KEY_REUSED, unavailable.
func (s *Store) Post(ctx context.Context, d Draft) (int64, error) {
	if err := Check(d.Text); err != nil {
		return 0, err
	}
	m := Message{OrderID: d.OrderID, UserID: d.UserID, Sender: User, Text: d.Text, CreatedAt: s.now()}
	author := ""
	if d.UserID == 0 {
		m.Sender, author = Operator, authorOf(ctx)
	}
	if id, found, err := s.replay(ctx, d.Key); found || err != nil {
		return id, err
	}
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, nextID).Scan(&m.ID); err != nil {
			return err
		}
		sealed, err := s.d.Vault.Seal(textAAD(m.ID), []byte(m.Text))
		if err != nil {
			return err
		}
		if err := idempotency.Write(ctx, tx, d.Key, m.ID, m.CreatedAt); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertMessage, m.ID, string(d.Subject), m.OrderID, userOrNull(m.UserID), author, sealed.Key, sealed.Box, m.CreatedAt)
		if err != nil || d.UserID != 0 {
			return err
		}
		record := audit.Of(ctx, m.CreatedAt, d.Subject.order()+".say", d.Subject.order(), strconv.FormatInt(m.OrderID, 10))
		record.After = map[string]any{"message_id": m.ID, "message": Mask(m.Text)}
		return audit.Write(ctx, tx, record)
	})
	if idempotency.Taken(err) {
		if id, found, err := s.replay(ctx, d.Key); found || err != nil {
			return id, err
		}
	}
	if err != nil {
		return 0, fmt.Errorf("chat: post: %w", err)
	}
	s.d.Log.InfoContext(ctx, "chat message", "subject", string(d.Subject), "message", m, "request_id", audit.RequestIDFrom(ctx))
	return m.ID, nil
}

func (s *Store) replay(ctx context.Context, k idempotency.Key) (int64, bool, error) {
	id, found, err := idempotency.Find(ctx, s.d.DB, k)
	if errors.Is(err, idempotency.ErrReused) {
		err = ErrKeyReused.With(err)
	}
	return id, found, err
}

// List reads messages of an order, oldest first, from offset on.
func (s *Store) List(ctx context.Context, subject Subject, orderID int64, limit, offset int) ([]Message, error) {
	stored, err := selectRows(ctx, s.d.DB, string(subject), orderID, limit, offset)
	if err != nil {
		return nil, fmt.Errorf("chat: list: %w", err)
	}
	out := make([]Message, len(stored))
	for i, r := range stored {
		text, err := s.d.Vault.Open(textAAD(r.ID), vault.Sealed{Key: r.Key, Box: r.Box})
		if err != nil {
			return nil, fmt.Errorf("chat: list: %w", err)
		}
		out[i] = Message{ID: r.ID, OrderID: orderID, Sender: Operator, Text: string(text), CreatedAt: r.CreatedAt.UTC()}
		if r.UserID != nil {
			out[i].UserID, out[i].Sender = *r.UserID, User
		}
	}
	return out, nil
}

func (s *Store) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

func textAAD(id int64) string { return "chat_messages.text_box:" + strconv.FormatInt(id, 10) }

func userOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// authorOf is the operator who writes, as other tables name him.
func authorOf(ctx context.Context) string {
	a := audit.ActorFrom(ctx)
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}
