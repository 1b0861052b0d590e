package virtualcard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/transact"
	"disburse/ledger"
	"disburse/ledger/money"
)

// AskToResolve asks for a resolution, which is carried out when a second person
// approves it. It is void when the provider ends the operation meanwhile, or
// contradicts it. Faults: those of Resolve, already_waiting, approval_blocked.
func (s *Service) AskToResolve(ctx context.Context, r Resolution) (Resolved, error) {
	f, err := s.find(ctx, r)
	if err != nil {
		return Resolved{}, err
	}
	out, now, what := f.resolved(r), s.now(), r.what(f)
	by, _ := approval.By(ctx)
	err = transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		waiting, waits, err := approval.Open(ctx, tx, approval.VirtualCard, f.TransactionID, "")
		switch {
		case err != nil:
			return err
		case waits && waiting.Standing(now) == approval.Waiting && waiting.RequestedBy == by && waiting.Reason == r.Reason && maps.Equal(waiting.What, what):
			out.Waiting, out.Replayed = &waiting, true
			return nil
		}
		if err := approval.Possible(ctx, tx, approval.VirtualCard); err != nil {
			return err
		}
		asked, err := approval.Ask(ctx, tx, approval.Request{Kind: approval.VirtualCard, Subject: f.TransactionID, What: what, Reason: r.Reason, At: now})
		out.Waiting = &asked
		return err
	})
	if err != nil {
		return Resolved{}, named("ask to resolve", err)
	}
	return out, nil
}

// Members of what is asked for that the resolution is made of again.
const (
	whatAs           = "as"
	whatProviderCard = "provider_card"
	whatLastFour     = "last_digits"
	whatMoved        = "moved"
	whatState        = "before"
	whatSaid         = "contradiction"
)

// what tells the second person what it is about.
func (r Resolution) what(f found) map[string]string {
	what := map[string]string{
		"operation": string(f.Kind), "card_id": f.CardID, "user_id": strconv.FormatInt(f.UserID, 10), "currency": string(USD),
		"amount": f.Amount.String(), "fee": f.Fee.String(), whatState: string(f.State), whatAs: r.As,
	}
	if f.said != "" {
		what[whatSaid] = f.said
	}
	if r.ProviderCard != "" {
		what[whatProviderCard], what[whatLastFour] = r.ProviderCard, f.account.LastFour
	}
	if r.Moved != nil {
		what[whatMoved] = r.Moved.String()
	}
	return what
}

// resolutionOf is what was asked for.
func resolutionOf(a approval.Approval) (Resolution, error) {
	r := Resolution{ID: a.Subject, As: a.What[whatAs], Reason: a.Reason, ProviderCard: a.What[whatProviderCard]}
	if text, given := a.What[whatMoved]; given {
		moved, err := money.Parse(text, USD)
		if err != nil {
			return r, fmt.Errorf("virtualcard: resolution %s: %w", a.ID, err)
		}
		r.Moved = &moved
	}
	return r, nil
}

// The decisions about resolutions as package approval hands them on.

// GrantAsked ends the operation, in the transaction of the approval.
func (s *Service) GrantAsked(ctx context.Context, a approval.Approval, note string) error {
	at := s.now()
	d := approval.Decision{Approval: a, State: approval.Approved, Note: note, At: at}
	if err := d.Refusal(ctx); err != nil {
		// A repetition by the same person is answered like the first time.
		if errors.Is(err, approval.ErrDecided) {
			return approval.Why(ctx, s.d.DB, d)
		}
		return err
	}
	r, err := resolutionOf(a)
	if err != nil {
		return err
	}
	f, err := s.find(ctx, r)
	switch {
	case errors.Is(err, ErrEnded):
		return s.overtaken(ctx, d)
	case err != nil:
		return err
	case !maps.Equal(r.what(f), a.What):
		return s.overtaken(ctx, d)
	}
	record := r.record(ctx, f, at)
	record.After = grantedResolution{record.After, a.ID, a.RequestedBy, note}
	err = s.settle(ctx, r, f, at, ledger.Rider(d.Statement(ctx)), ledger.Rider(audit.Row(record)), ledger.Rider(d.Record(ctx)))
	if errors.Is(err, errOvertaken) {
		return s.overtaken(ctx, d)
	}
	return err
}

// grantedResolution is the state after a resolution in the trail, with who asked
// for it.
type grantedResolution struct {
	Resolution any    `json:"resolution"`
	Approval   string `json:"approval"`
	AskedBy    string `json:"asked_by"`
	Note       string `json:"note"`
}

// overtaken says why a resolution was not carried out. When it is because the
// operation has changed, what was asked for is void.
func (s *Service) overtaken(ctx context.Context, d approval.Decision) error {
	err := approval.Why(ctx, s.d.DB, d)
	if !errors.Is(err, approval.ErrChanged) {
		return err
	}
	voided := approval.VoidAll(ctx, s.d.DB, approval.Matter{Kind: approval.VirtualCard, Subject: d.Approval.Subject}, changedNote, d.At)
	return errors.Join(err, voided)
}

// changedNote is why what waited is void.
const changedNote = "the operation has changed"

// RefuseAsked refuses; nothing follows.
func (s *Service) RefuseAsked(ctx context.Context, a approval.Approval, reason string) error {
	d := approval.Decision{Approval: a, State: approval.Refused, Note: reason, At: s.now()}
	return named("refuse", transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		_, err := approval.Decide(ctx, tx, d)
		return err
	}))
}

// WithdrawAsked takes back what the actor asked for.
func (s *Service) WithdrawAsked(ctx context.Context, a approval.Approval) error {
	now := s.now()
	return named("withdraw", transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error { return approval.Withdraw(ctx, tx, a, now) }))
}
