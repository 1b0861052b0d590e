package virtualcard

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/idempotency"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// errAgain is the failure of a beginning that something stood against which is
// not there any more.
var errAgain = errors.New("virtualcard: refused a moment ago, allowed now")

// attempts at a beginning that was refused a moment ago and is allowed now.
const attempts = 3

// number gives an operation its ids and its times. Refused ones leave gaps
// between the numbers of invoices.
func (s *Service) number(ctx context.Context, o *operation) error {
	var cardID string
	if err := s.d.DB.QueryRow(ctx, selectNumbers).Scan(&o.ID, &o.TransactionID, &o.feeID, &cardID); err != nil {
		return fmt.Errorf("virtualcard: number: %w", err)
	}
	if o.CardID == "" {
		o.CardID = cardID
	}
	o.State = Pending
	o.CreatedAt = s.now()
	o.NotAfter = o.CreatedAt.Add(orderTime)
	return nil
}

// begun is what becomes of an operation that was to begin: that it did, or what
// a request with the same key began before.
type begun struct {
	operation
	repeated bool
}

// begin writes down an operation before anybody is asked for it: from then on
// it ends, whatever happens to this process. statuses are those of the card
// that allow it, and before is what else must hold in the same transaction, of an
// operation that reserves nothing.
func (s *Service) begin(ctx context.Context, o operation, statuses string, before func(tx pgx.Tx, o operation) error) (begun, error) {
	if err := s.number(ctx, &o); err != nil {
		return begun{}, err
	}
	return s.write(ctx, o, beginOperations, append(o.beginning(), statuses), before)
}

// beginCard is begin for an operation that makes its card.
func (s *Service) beginCard(ctx context.Context, o operation, c Card, before func(tx pgx.Tx, o operation) error) (begun, error) {
	if err := s.number(ctx, &o); err != nil {
		return begun{}, err
	}
	return s.write(ctx, o, beginCards, append(o.beginning(), c.BIN.ID, c.PlanID, c.Name), before)
}

// write stores a beginning with what it reserves.
func (s *Service) write(ctx context.Context, o operation, sql string, row []any, before func(tx pgx.Tx, o operation) error) (begun, error) {
	if entry, moves := o.beginEntry(); moves {
		_, err := s.d.Ledger.Post(ctx, entry, ledger.Rider{SQL: sql, Row: row, Certain: true})
		return s.beginResult(ctx, o, err)
	}
	err := transact.Run(ctx, s.d.DB, func(tx pgx.Tx) error {
		if before != nil {
			if err := before(tx, o); err != nil {
				return err
			}
		}
		return alone(ctx, tx, sql, row)
	})
	return s.beginResult(ctx, o, err)
}

// beginResult reads how a beginning went. What it does not know it returns as
// it is: who asked puts the refusals into the published order.
func (s *Service) beginResult(ctx context.Context, o operation, err error) (begun, error) {
	switch {
	case err == nil:
		return begun{operation: o}, nil
	case broken(err, repeatedConstraint):
		// A twin of this request was faster, and it has committed.
		before, found, err := s.repeated(ctx, o.request, o.UserID, o.CardID, o.Kind)
		if err != nil || found {
			return begun{before, true}, err
		}
		return begun{}, errAgain // its operation was declined meanwhile
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable):
		return begun{}, ErrBusy.With(err)
	default:
		return begun{}, err
	}
}

// requestOf is what a key says about a request.
func requestOf(key idempotency.Key) request {
	return request{key.Route(), key.Name(), key.Mark()}
}

// repeated finds what a request with the same key began before, unless that
// was declined: nothing has moved then, and it may begin again. cardID is ""
// for a request that makes a card.
func (s *Service) repeated(ctx context.Context, r request, userID int64, cardID string, kind Kind) (operation, bool, error) {
	if r.name == nil {
		return operation{}, false, nil
	}
	o, err := one(ctx, s.d.DB, toOperation, selectRepeated, userID, r.route, r.name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return operation{}, false, nil
	case err != nil:
		return operation{}, false, fmt.Errorf("virtualcard: repeated: %w", err)
	case !hmac.Equal(o.request.mark, r.mark), o.Kind != kind, kind != KindCreate && o.CardID != cardID:
		return operation{}, false, ErrReused.With(idempotency.ErrReused)
	}
	o, err = s.await(ctx, o)
	return o, true, err
}

// repeatable does what a request asks for, unless one with the same key did so
// before. Whatever stands against it is no answer before the key is looked for
// once more: it may be there because a twin of this request was faster.
func (s *Service) repeatable(ctx context.Context, o operation, do func() (operation, error)) (operation, error) {
	if before, found, err := s.repeated(ctx, o.request, o.UserID, o.CardID, o.Kind); found || err != nil {
		return before, err
	}
	after, err := do()
	if err == nil || errors.Is(err, errAgain) {
		return after, err
	}
	before, found, findErr := s.repeated(ctx, o.request, o.UserID, o.CardID, o.Kind)
	switch {
	case known(findErr):
		return before, findErr
	case findErr != nil:
		return before, ErrBusy.With(errors.Join(err, findErr))
	case found:
		return before, nil
	default:
		return after, err
	}
}

// Between looks at an operation that another call, maybe of another process, is
// about to end.
const awaitEvery = 50 * time.Millisecond

// await gives the call that is at it the time that it has. An operation that
// has not ended then is returned as it is.
func (s *Service) await(ctx context.Context, o operation) (operation, error) {
	ctx, cancel := context.WithTimeout(ctx, max(o.CreatedAt.Add(answerTime).Sub(s.now()), 0))
	defer cancel()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for o.State == Pending {
		select {
		case <-ctx.Done():
			return o, nil
		case <-tick.C:
		}
		now, err := one(ctx, s.d.DB, toOperation, selectOperation, o.ID)
		if ctx.Err() != nil {
			return o, nil
		}
		if err != nil {
			return o, fmt.Errorf("virtualcard: await: %w", err)
		}
		o = now
	}
	return o, nil
}

// card reads a card that a user sees.
func (s *Service) card(ctx context.Context, userID int64, id string) (Card, error) {
	if !validUUID(id) {
		return Card{}, ErrCardNotFound
	}
	c, err := one(ctx, s.d.DB, cardRow.card, selectCard, id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Card{}, ErrCardNotFound
	case err != nil:
		return Card{}, fmt.Errorf("virtualcard: card: %w", err)
	case c.UserID != userID || c.Status == StatusFailed:
		return Card{}, ErrCardNotFound
	}
	return c, nil
}

// validUUID reports the usual form, in any letter case: what the database would
// take beside it would be two names for one card.
func validUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// short is the refusal of what the wallet does not cover.
func short(o operation) error {
	e := *ErrInsufficient
	e.Message = "Insufficient balance. Required: " + o.total().String()
	return &e
}

// known reports an error that is meant for the caller.
func known(err error) bool {
	var f *fault.Error
	return errors.As(err, &f)
}
