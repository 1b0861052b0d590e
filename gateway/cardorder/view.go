package cardorder

import (
	"time"

	"disburse/gateway/chat"
)

// DetailsView is where money goes, in the shape of JSON output.
type DetailsView struct {
	CardNumber string `json:"card_number"`
	BankName   string `json:"bank_name,omitempty"`
	HolderName string `json:"holder_name,omitempty"`
}

// View is an order in the shape of JSON output, as its user sees it.
type View struct {
	ID             int64        `json:"id"`
	Type           string       `json:"type"`
	AmountKopecks  int64        `json:"amount_kopecks"`
	Status         string       `json:"status"`
	PaymentDetails *DetailsView `json:"payment_details"` // null when none were given
	CreatedAt      string       `json:"created_at"`
	UpdatedAt      string       `json:"updated_at"`
	CompletedAt    *string      `json:"completed_at"`
	CancelReason   *string      `json:"cancel_reason"`
}

// View gives the order as it was read: the card masked or in clear.
func (o Order) View() View {
	v := View{
		ID: o.ID, Type: string(o.Type), AmountKopecks: o.Amount, Status: string(o.Status),
		CreatedAt: Timestamp(o.CreatedAt), UpdatedAt: Timestamp(o.UpdatedAt), CancelReason: orNull(o.CancelReason),
	}
	if o.Details != (Details{}) {
		v.PaymentDetails = &DetailsView{CardNumber: o.Details.CardNumber, BankName: o.Details.BankName, HolderName: o.Details.HolderName}
	}
	if o.CompletedAt != nil {
		v.CompletedAt = timestampOrNull(*o.CompletedAt)
	}
	return v
}

// DeskView is an order in the shape of JSON output, as those who run the
// platform see it.
type DeskView struct {
	View
	UserID         int64   `json:"user_id"`
	ClaimedBy      *string `json:"claimed_by"`
	LeaseExpiresAt *string `json:"lease_expires_at"`
	EndedAt        *string `json:"ended_at"`
	EndedBy        *string `json:"ended_by"`
}

// DeskView gives the order for operators.
func (o Order) DeskView() DeskView {
	return DeskView{
		View: o.View(), UserID: o.UserID, ClaimedBy: orNull(o.ClaimedBy), LeaseExpiresAt: timestampOrNull(o.LeaseUntil),
		EndedAt: timestampOrNull(o.EndedAt), EndedBy: orNull(o.EndedBy),
	}
}

// PlatformCardView is the card that deposits are paid to.
type PlatformCardView struct {
	BankName   string `json:"bank_name"`
	CardNumber string `json:"card_number"`
	HolderName string `json:"holder_name"`
}

// LimitsView is the settings in the shape of JSON output, as users see them.
type LimitsView struct {
	PlatformCard             PlatformCardView `json:"platform_card"`
	MinAmountKopecks         int64            `json:"min_amount_kopecks"`
	MaxAmountKopecks         int64            `json:"max_amount_kopecks"`
	WithdrawMinAmountKopecks int64            `json:"withdraw_min_amount_kopecks"`
	WithdrawMaxAmountKopecks int64            `json:"withdraw_max_amount_kopecks"`
	Enabled                  bool             `json:"enabled"`
}

// View gives the settings as they are shown.
func (s Settings) View() LimitsView {
	return LimitsView{
		PlatformCard:     PlatformCardView{BankName: s.Card.BankName, CardNumber: s.Card.CardNumber, HolderName: s.Card.HolderName},
		MinAmountKopecks: s.DepositMin, MaxAmountKopecks: s.DepositMax,
		WithdrawMinAmountKopecks: s.WithdrawMin, WithdrawMaxAmountKopecks: s.WithdrawMax, Enabled: s.Enabled,
	}
}

// MessageView is a message of the chat in the shape of JSON output.
type MessageView struct {
	ID         int64  `json:"id"`
	OrderID    int64  `json:"order_id"`
	UserID     *int64 `json:"user_id"` // null for an operator
	SenderType string `json:"sender_type"`
	Message    string `json:"message"`
	CreatedAt  string `json:"created_at"`
}

// MessagesView is a chat in the shape of JSON output.
type MessagesView struct {
	Messages []MessageView `json:"messages"`
	Status   string        `json:"status"`
}

// ViewMessages gives a chat with where its order stands.
func ViewMessages(messages []chat.Message, status Status) MessagesView {
	v := MessagesView{Messages: make([]MessageView, len(messages)), Status: string(status)}
	for i, m := range messages {
		v.Messages[i] = MessageView{
			ID: m.ID, OrderID: m.OrderID, UserID: orNull(m.UserID), SenderType: m.Sender, Message: m.Text, CreatedAt: Timestamp(m.CreatedAt),
		}
	}
	return v
}

// Timestamp is a moment as the API writes it.
func Timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func timestampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := Timestamp(t)
	return &text
}
