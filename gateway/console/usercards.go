package console

import (
	"strings"

	"disburse/gateway/console/site"
	"disburse/gateway/virtualcard"
)

// userCards are the virtual cards of a user, with what was ordered of them
// lately. Their numbers are the card provider's: there is no more than the last
// four digits here.
type userCards struct {
	Wallet string // dollars that cards are paid with
	Cards  []userCard
	More   bool // there are more cards
	Orders []cardMove
	All    int // orders in all
}

type userCard struct{ virtualcard.Card }

// Digits are the first and the last ones of the number.
func (c userCard) Digits() string {
	if c.LastFour == "" {
		return c.BIN.Digits + " ••••"
	}
	return c.BIN.Digits + " •••• " + c.LastFour
}

// cardMove is an order to put money on a card, or to take it off.
type cardMove struct{ virtualcard.Transaction }

// Sum is below zero when it left the card.
func (m cardMove) Sum() string {
	if m.Side == "Debit" {
		return "-" + m.Amount.String()
	}
	return m.Amount.String()
}

// State is how it ended, as the badges name it.
func (m cardMove) State() string { return strings.ToLower(m.Status) }

func (k *desk) userCards(v *site.Visit, id int64) (userCards, error) {
	var out userCards
	wallet, err := k.VirtualCards.Wallet(v.Ctx, id)
	if err != nil {
		return out, err
	}
	out.Wallet = wallet.Balance.String()
	cards, err := k.VirtualCards.Desk(v.Ctx, id, "", userRowsShown)
	if err != nil {
		return out, err
	}
	out.More = cards.NextCursor != nil
	for _, c := range cards.Items {
		out.Cards = append(out.Cards, userCard{c})
	}
	orders, err := k.VirtualCards.Transactions(v.Ctx, id, virtualcard.TransactionQuery{Page: 1, Limit: userRowsShown})
	out.All = orders.Total
	for _, t := range orders.Items {
		out.Orders = append(out.Orders, cardMove{t})
	}
	return out, err
}
