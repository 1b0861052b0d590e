package simulator

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"time"

	"disburse/gateway/publicid"
	"disburse/gateway/virtualcard"
)

// Why orders are declined. They are shown to the cards' users.
const (
	reasonTold     = "The card provider declined the operation"
	reasonTooLate  = "The order came too late"
	reasonNoCard   = "There is no such card"
	reasonInactive = "The card is not active"
	reasonUnfrozen = "The card is not frozen"
	reasonClosed   = "The card is closed"
	reasonFunds    = "The card holds less than that"
	reasonTooMuch  = "The card cannot hold that much"
	reasonAmount   = "The amount must be in USD and more than zero"
	reasonBIN      = "There are no cards of this BIN"
)

var binForm = regexp.MustCompile(`^[0-9]{6,8}$`)

// carryOut does what an order asks for, all of it or nothing, and notes in the
// order how that ended.
func (s *state) carryOut(o *order, now time.Time) {
	c, moved, reason := s.attempt(o.content, now)
	o.DueAt = time.Time{}
	if reason != "" {
		o.State, o.Reason = virtualcard.OrderDeclined, reason
		return
	}
	s.Cards[c.ID] = c
	o.State, o.Card, o.Moved = virtualcard.OrderDone, &c, moved
}

// attempt works out the card after an order and what the order moves, or why it
// is declined. It changes nothing.
func (s *state) attempt(o content, now time.Time) (c card, moved int64, reason string) {
	if o.Operation == Create {
		return issue(o, now)
	}
	c, ok := s.Cards[o.CardID]
	switch {
	case !ok:
		return c, 0, reasonNoCard
	case c.Status == virtualcard.AccountClosed:
		return c, 0, reasonClosed
	}
	switch o.Operation {
	case TopUp, Withdraw:
		return move(c, o)
	case Freeze:
		if c.Status != virtualcard.AccountActive {
			return c, 0, reasonInactive
		}
		c.Status = virtualcard.AccountFrozen
	case Unfreeze:
		if c.Status != virtualcard.AccountFrozen {
			return c, 0, reasonUnfrozen
		}
		c.Status = virtualcard.AccountActive
	case Close:
		moved = c.Balance
		c.Status, c.Balance = virtualcard.AccountClosed, 0
	}
	return c, moved, ""
}

func issue(o content, now time.Time) (c card, moved int64, reason string) {
	switch {
	case !binForm.MatchString(o.BIN):
		return c, 0, reasonBIN
	case o.Currency != currency || o.Amount < 0:
		return c, 0, reasonAmount
	}
	c = card{
		ID: publicid.At("card", now), BIN: o.BIN, Name: o.Name, Status: virtualcard.AccountActive,
		Balance: o.Amount, LastFour: lastFour(), CreatedAt: now,
	}
	return c, o.Amount, ""
}

func move(c card, o content) (_ card, moved int64, reason string) {
	switch {
	case c.Status != virtualcard.AccountActive:
		return c, 0, reasonInactive
	case o.Currency != currency || o.Amount <= 0:
		return c, 0, reasonAmount
	case o.Operation == Withdraw && c.Balance < o.Amount:
		return c, 0, reasonFunds
	case o.Operation == Withdraw:
		c.Balance -= o.Amount
		return c, o.Amount, ""
	}
	sum, err := usd(c.Balance).Add(usd(o.Amount))
	if err != nil {
		return c, 0, reasonTooMuch
	}
	c.Balance = sum.Minor()
	return c, o.Amount, ""
}

func lastFour() string {
	n, err := rand.Int(rand.Reader, big.NewInt(10_000))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%04d", n)
}
