package devmode

import (
	"context"
	"fmt"

	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// What each of the first demo users has in dollars: in the wallet, and on a
// card.
var (
	seedWalletUSD = money.New(10_000, virtualcard.USD)
	seedCardUSD   = money.New(10_000, virtualcard.USD)
)

// demoCards is how many of the demo users have a card.
const demoCards = 2

// cards gives the first demo users a wallet in dollars and a virtual card.
func (s seeder) cards(ctx context.Context, users []User) ([]VirtualCard, error) {
	var all []VirtualCard
	for _, u := range users[:demoCards] {
		if err := s.app.Users.Deposit(ctx, u.ID, seedWalletUSD, seedReference+"-usd"); err != nil {
			return nil, fmt.Errorf("user %s: %w", u.Name, err)
		}
		c, err := s.card(ctx, u)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", u.Name, err)
		}
		all = append(all, VirtualCard{ID: c.ID, UserID: u.ID, Token: u.Token, Balance: c.Balance.String()})
	}
	return all, nil
}

// card is the user's first card that is of use, made if there is none.
func (s seeder) card(ctx context.Context, u User) (virtualcard.Card, error) {
	have, err := s.app.VirtualCards.Cards(ctx, u.ID)
	if err != nil {
		return virtualcard.Card{}, err
	}
	for _, c := range have {
		if c.Status == virtualcard.StatusActive {
			return c, nil
		}
	}
	return s.app.VirtualCards.Issue(ctx, u.ID, seedCardUSD)
}
