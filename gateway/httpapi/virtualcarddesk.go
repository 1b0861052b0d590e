package httpapi

import (
	"math"

	"disburse/gateway/page"
	"disburse/gateway/virtualcard"
)

// virtualCardAtDesk is a virtual card as the back office sees it; amounts are
// in dollars.
type virtualCardAtDesk struct {
	ID            string             `json:"id"`
	UserID        int64              `json:"user_id"`
	Name          string             `json:"name"`
	Status        virtualcard.Status `json:"status"`
	Balance       string             `json:"balance"`
	Deposit       string             `json:"deposit"`
	CardNumber    string             `json:"card_number"`
	Category      string             `json:"category"`
	BIN           string             `json:"bin"`
	PlanID        int64              `json:"card_plan"`
	CooldownUntil *string            `json:"cooldown_until"`
	CreatedAt     string             `json:"created_at"`
	UpdatedAt     string             `json:"updated_at"`
}

func viewVirtualCardAtDesk(c virtualcard.Card) virtualCardAtDesk {
	v := virtualCardAtDesk{
		ID: c.ID, UserID: c.UserID, Name: c.Name, Status: c.Status, Balance: c.Balance.String(), Deposit: c.Deposit.String(),
		CardNumber: maskedPAN(c.LastFour), Category: cardCategory(c), BIN: c.BIN.Digits, PlanID: c.PlanID,
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	if !c.CooldownEnd.IsZero() {
		until := stamp(c.CooldownEnd)
		v.CooldownUntil = &until
	}
	return v
}

func listVirtualCardsAtDesk(r *request) error {
	q := r.query()
	user := q.between("user", 0, 1, math.MaxInt64)
	cursor, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.VirtualCards.Desk(r.ctx, user, cursor, limit)
	if err != nil {
		return err
	}
	answer := page.Of(found.Items, "", viewVirtualCardAtDesk)
	answer.NextCursor = found.NextCursor
	return r.json(answer)
}
