package httpapi

import (
	"strings"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/gateway/virtualcard"
)

// The list of exceptions is the virtual cards' first and the payouts' after it.
// Its cursor says whose part is next and goes on with that part's own cursor.
const (
	cardExceptions   = "c"
	payoutExceptions = "p"
)

// exceptionView is something that no machine could settle. What it has beyond
// its first members depends on what it is about.
type exceptionView struct {
	Kind       string       `json:"kind"`
	ID         string       `json:"id"`
	State      string       `json:"state"`
	AgeSeconds int64        `json:"age_seconds"`
	CardID     string       `json:"card_id,omitzero"`
	UserID     int64        `json:"user_id,omitzero"`
	Amount     string       `json:"amount,omitzero"`
	Note       string       `json:"note,omitzero"`
	ApprovalID string       `json:"approval_id,omitzero"`
	Since      string       `json:"since,omitzero"`
	Payout     *payout.View `json:"payout,omitzero"`
}

func listExceptions(r *request) error {
	q := r.query()
	limit, cursor := q.limit(), q.text("cursor")
	if err := q.err(); err != nil {
		return err
	}
	part, rest, _ := strings.Cut(cursor, ".")
	var items []exceptionView
	switch part {
	case "", cardExceptions:
		found, err := r.api.VirtualCards.Exceptions(r.ctx, rest, limit)
		if err != nil {
			return err
		}
		items = views(found.Items, viewCardException)
		if found.NextCursor != nil {
			return r.json(page.Of(items, cardExceptions+"."+*found.NextCursor, page.As))
		}
		rest = ""
	case payoutExceptions:
	default:
		return fault.Invalid(fault.Field{Name: "cursor", Why: "is not a cursor of this list"})
	}
	if len(items) >= limit {
		return r.json(page.Of(items, payoutExceptions+".", page.As))
	}
	more, next, err := r.payoutExceptions(rest, limit-len(items))
	if err != nil {
		return err
	}
	return r.json(page.Of(append(items, more...), next, page.As))
}

// payoutExceptions is the part of the list that payouts are, with the cursor of
// what follows.
func (r *request) payoutExceptions(cursor string, limit int) (items []exceptionView, next string, err error) {
	found, err := r.api.Payouts.List(r.ctx, payout.Filter{Exceptions: true, Cursor: cursor, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	now := r.api.Now()
	for _, p := range found.Items {
		view, err := r.viewException(p, now)
		if err != nil {
			return nil, "", err
		}
		items = append(items, view)
	}
	if found.NextCursor != "" {
		next = payoutExceptions + "." + found.NextCursor
	}
	return items, next, nil
}

func (r *request) viewException(p payout.Payout, now time.Time) (exceptionView, error) {
	kind, since := p.Exception(now)
	view, err := r.viewPayout(p)
	return exceptionView{
		Kind: kind, ID: p.ID, State: string(p.Status), AgeSeconds: int64(max(0, now.Sub(since)) / time.Second),
		Since: stamp(since), Payout: &view,
	}, err
}

func viewCardException(e virtualcard.Exception) exceptionView {
	return exceptionView{
		Kind: "virtual_card_" + string(e.Kind), ID: e.ID, State: e.State, AgeSeconds: e.AgeSeconds,
		CardID: e.CardID, UserID: e.UserID, Amount: e.Amount, Note: e.Note, ApprovalID: e.ApprovalID,
	}
}
