package gamewallet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/ledger"
	"disburse/ledger/money"
)

// call is one request on its way: what it says, and what is known of it.
type call struct {
	provider            gameprovider.Provider
	kind                Kind
	playerID, sessionID string
	currency            money.Currency // empty: a rollback that names none
	game, round         string
	id, withdrawID      string
	campaign            string
	amount              money.Money
	jackpot             int64
	finished            bool
	consumed            *bool

	// Of the present attempt.
	at    time.Time
	known bool // the player
	seat  gameprovider.Seat
	found found
	// mixed: the stake may have to be made up of cash and bonus. Once it turned
	// out to be so it stays.
	mixed bool
}

// attempts at a call that others overtake. Each time one of them has got
// further.
const attempts = 10

// answer takes a call to its end. What is known of a call is read anew after
// somebody else was first; what stands in its way is then told in the order of
// the checks.
func (s *Service) answer(ctx context.Context, c *call, act func(context.Context, *call) (money.Money, error)) (money.Money, error) {
	var balance money.Money
	var err error
	for range attempts {
		balance, err = s.attempt(ctx, c, act)
		if !errors.Is(err, errAgain) {
			break
		}
	}
	err = told(err)
	s.observe(string(c.kind), err)
	return balance, err
}

func (s *Service) attempt(ctx context.Context, c *call, act func(context.Context, *call) (money.Money, error)) (money.Money, error) {
	c.at = s.now()
	if err := s.find(ctx, c); err != nil {
		return money.Money{}, err
	}
	c.mixed = c.mixed || c.found.bonus
	if c.found.self.kind != "" {
		return s.again(ctx, c)
	}
	return act(ctx, c)
}

// again answers a call whose id was seen before.
func (s *Service) again(ctx context.Context, c *call) (money.Money, error) {
	before, rules := c.found.self, c.provider.Profile
	switch {
	case before.kind == Tombstone && c.kind == Withdraw:
		if rules.LateBet == gameprovider.Accept && c.known && before.player == c.seat.Player.ID {
			return s.balance(ctx, c)
		}
		return money.Money{}, ErrRolledBackBefore
	case before.kind == Tombstone && c.kind == Rollback && c.id == c.withdrawID && c.same(before):
		return s.nothingToUndo(ctx, c)
	case before.kind != c.kind || before.withdrawID != c.withdrawID || !c.same(before):
		return money.Money{}, ErrDuplicate
	case before.state == NotFound:
		return s.nothingToUndo(ctx, c)
	case c.kind == Rollback && rules.RepeatedRollback == gameprovider.Refuse,
		c.kind != Rollback && rules.Duplicate == gameprovider.RefuseDuplicate:
		return money.Money{}, ErrDuplicate
	}
	return s.balance(ctx, c)
}

// same compares what a call says with a transaction. The session does not
// count, and a rollback has no amount.
func (c *call) same(t stored) bool {
	return c.known && t.player == c.seat.Player.ID && t.game == c.game && t.round == c.round &&
		(c.currency == "" || string(c.currency) == t.currency) &&
		(c.kind == Rollback || t.amount == c.amount.Minor() && t.jackpot == c.jackpot)
}

// admit refuses a call by its player, currency and session, in this order. A
// session that is over will do.
func (c *call) admit() error {
	switch {
	case !c.known:
		return errUnknownPlayer
	case c.currency != "" && c.currency != c.seat.Player.Currency:
		return errCurrency
	case c.seat.Session == nil:
		return ErrInvalidSession
	}
	return nil
}

// scope tells apart the ids of players where these are the players' own.
func (c *call) scope() int64 {
	if c.provider.Profile.IDScope == gameprovider.PerPlayer {
		return c.seat.Player.ID
	}
	return 0
}

// owner is the user's name in the books.
func (c *call) owner() string { return enduser.Owner(c.seat.Player.UserID) }

// reference names a bet or a win in the books.
func (c *call) reference() string { return c.named("game:", c.id) }

// rollbackReference names what undoes a withdraw, so that it is undone once
// whoever asks for it.
func (c *call) rollbackReference() string { return c.named("game_rollback:", c.withdrawID) }

func (c *call) named(sort, id string) string {
	return sort + strconv.FormatInt(c.provider.ID, 10) + ":" + strconv.FormatInt(c.scope(), 10) + ":" + id
}

// post moves money. It fails with errAgain where somebody else was first.
func (s *Service) post(ctx context.Context, e ledger.Entry, riders ...ledger.Rider) (ledger.Receipt, error) {
	receipt, err := s.d.Ledger.Post(ctx, e, riders...)
	switch {
	case err == nil && receipt.Replayed:
		return ledger.Receipt{}, errAgain // a twin of this call
	case errors.Is(err, ledger.ErrUnavailable):
		return ledger.Receipt{}, err
	case errors.Is(err, ledger.ErrReferenceReused), overtaken(err):
		return ledger.Receipt{}, fmt.Errorf("%w: %w", errAgain, err)
	case errors.Is(err, ledger.ErrOverflow), outOfRange(err):
		return ledger.Receipt{}, errTooLarge.With(err)
	}
	return receipt, err
}

// purse is what a player can bet.
type purse struct{ cash, bonus money.Money }

func (s *Service) purse(ctx context.Context, c *call) (purse, error) {
	owner, currency := c.owner(), c.seat.Player.Currency
	held, err := s.d.Ledger.Balances(ctx, ledger.UserAvailable(owner, currency), ledger.UserBonus(owner, currency))
	if err != nil {
		return purse{}, fmt.Errorf("gamewallet: balances: %w", err)
	}
	return purse{cash: held[0], bonus: held[1]}, nil
}

func (p purse) total() (money.Money, error) { return p.cash.Add(p.bonus) }

// stake makes up an amount: the player's own money first.
func (p purse) stake(amount money.Money) (ledger.Stake, bool) {
	none := money.New(0, amount.Currency())
	if p.cash.Cmp(amount) >= 0 {
		return ledger.Stake{Cash: amount, Bonus: none}, true
	}
	bonus, err := amount.Sub(p.cash)
	return ledger.Stake{Cash: p.cash, Bonus: bonus}, err == nil && p.bonus.Cmp(bonus) >= 0
}

// balance reads what the player of a call can bet.
func (s *Service) balance(ctx context.Context, c *call) (money.Money, error) {
	p, err := s.purse(ctx, c)
	if err != nil {
		return money.Money{}, err
	}
	return p.total()
}

// left is what a player can bet after a posting. It is on the receipt, unless
// there may be bonus money besides.
func (s *Service) left(ctx context.Context, c *call, r ledger.Receipt) (money.Money, error) {
	cash := ledger.UserAvailable(c.owner(), c.seat.Player.Currency)
	for _, t := range r.Transfers {
		switch {
		case c.mixed:
		case t.From == cash:
			return money.New(t.FromBalance, cash.Currency), nil
		case t.To == cash:
			return money.New(t.ToBalance, cash.Currency), nil
		}
	}
	return s.balance(ctx, c)
}

// told is an error as providers may be told it. What may be over in a moment
// must not look final to them.
func told(err error) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known) && known.Kind == fault.Rule:
		return err
	case errors.Is(err, errAgain), errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		known != nil && known.Kind == fault.Unavailable:
		return ErrTimeout.With(err)
	}
	return err
}

func (s *Service) observe(call string, err error) {
	if s.d.Observe.Answered == nil {
		return
	}
	s.d.Observe.Answered(call, fault.Code(err))
}
