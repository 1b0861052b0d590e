package virtualcard

import (
	"context"
	"errors"

	"disburse/gateway/enduser"
)

// Freeze stops a card; it keeps its money. Faults: CARD_NOT_FOUND,
// CARD_ALREADY_FROZEN, CARD_NOT_READY; then DECLINED, PROVIDER_UNAVAILABLE;
// unavailable. A user who is blocked may freeze: it keeps money safe.
func (s *Service) Freeze(ctx context.Context, u enduser.User, cardID string) (Card, error) {
	_, c, err := s.changeCard(ctx, u, cardID, KindFreeze)
	return c, err
}

// Unfreeze makes a frozen card active again. Faults: FORBIDDEN, CARD_NOT_FOUND,
// CARD_NOT_FROZEN, CARD_NOT_READY; then DECLINED, PROVIDER_UNAVAILABLE;
// unavailable.
func (s *Service) Unfreeze(ctx context.Context, u enduser.User, cardID string) (Card, error) {
	_, c, err := s.changeCard(ctx, u, cardID, KindUnfreeze)
	return c, err
}

// changeCard gives a card another status: at the provider, then here. It
// returns what was done, and the card as it then is.
func (s *Service) changeCard(ctx context.Context, u enduser.User, cardID string, kind Kind) (operation, Card, error) {
	for range attempts {
		o, err := s.change(ctx, u, operation{CardID: cardID, UserID: u.ID, Kind: kind, Amount: usd(0), Fee: usd(0)})
		if errors.Is(err, errAgain) {
			continue
		}
		if err == nil {
			err = o.outcome()
		}
		if err != nil {
			return o, Card{}, err
		}
		c, err := s.card(context.WithoutCancel(ctx), u.ID, cardID) // the provider may have taken all of the request's time
		return o, c, err
	}
	return operation{}, Card{}, ErrBusy.With(errAgain)
}

// change tries it once.
func (s *Service) change(ctx context.Context, u enduser.User, o operation) (operation, error) {
	if o.Kind != KindFreeze {
		if err := s.d.Users.CheckActive(u); err != nil {
			return o, err
		}
	}
	c, err := s.card(ctx, o.UserID, o.CardID)
	if err != nil {
		return o, err
	}
	statuses, err := c.allows(o.Kind)
	if err != nil {
		return o, err
	}
	if c.changing {
		return o, notReady("this")
	}
	b, err := s.begin(ctx, o, statuses, nil)
	switch {
	case missed(err), broken(err, changingConstraint):
		return o, errAgain // something stands against it now, and is read again
	case err != nil:
		return o, named(string(o.Kind), err)
	}
	return s.perform(ctx, b.operation, func(ctx context.Context, p Provider) (ending, error) {
		return b.ask(ctx, p, b.change(c))
	})
}

// allows gives the statuses in which a card may be changed that way, or says why
// this one may not.
func (c Card) allows(kind Kind) (statuses string, err error) {
	switch {
	case kind == KindFreeze && c.Status == StatusFrozen:
		return "", ErrFrozen
	case kind == KindFreeze && c.Status == StatusActive:
		return string(StatusActive), nil
	case kind == KindUnfreeze && c.Status == StatusFrozen:
		return string(StatusFrozen), nil
	case kind == KindUnfreeze:
		return "", ErrNotFrozen
	case kind == KindClose && (c.Status == StatusActive || c.Status == StatusFrozen):
		return string(StatusActive) + "," + string(StatusFrozen), nil
	case kind == KindClose && c.Status == StatusClosed:
		return "", ErrClosed
	default:
		return "", notReady("this")
	}
}

func (o operation) ask(ctx context.Context, p Provider, c Change) (e ending, err error) {
	e.moved = usd(0)
	switch o.Kind {
	case KindFreeze:
		e.account, err = p.Freeze(ctx, c)
	case KindUnfreeze:
		e.account, err = p.Unfreeze(ctx, c)
	default:
		var closed Closed
		closed, err = p.Close(ctx, c)
		e.account, e.moved = closed.Account, closed.Moved
	}
	return e, err
}
