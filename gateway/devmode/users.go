package devmode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/ledger/money"
)

// seedRUB is what each demo user has deposited: enough to withdraw by every rule.
var seedRUB = money.New(500_000, enduser.RUB)

var demoUsers = []enduser.Spec{
	{Name: "anna", Nickname: "Anna"},
	{Name: "boris", Nickname: "Boris"},
	{Name: "vera", Nickname: "Vera"},
}

// userTokenTTL is how long a demo user's token works.
const userTokenTTL = 365 * 24 * time.Hour

// pass is what is kept of a demo user: who it is, and how it gets in.
type pass struct {
	ID      int64     `json:"id"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// platformCard names the card that deposits are paid to, unless one is named.
func (s seeder) platformCard(ctx context.Context) error {
	terms, err := s.app.CardOrders.Limits(ctx)
	if err != nil || terms.Card.CardNumber != "" {
		return err
	}
	number, bank, holder := "2200000000000053", "Demo Bank", "DISBURSE DEMO"
	_, err = s.app.CardOrders.SetSettings(ctx, cardorder.Change{CardNumber: &number, BankName: &bank, HolderName: &holder})
	return err
}

func (s seeder) users(ctx context.Context) ([]User, error) {
	var all []User
	for _, n := range demoUsers {
		made, err := s.user(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("demo user %s: %w", n.Name, err)
		}
		all = append(all, made)
	}
	return all, nil
}

func (s seeder) user(ctx context.Context, n enduser.Spec) (User, error) {
	kept := s.kept.Users[n.Name]
	id, err := s.findUser(ctx, n, kept.ID)
	if err != nil {
		return User{}, err
	}
	if id == 0 {
		made, err := s.app.Users.Create(ctx, n)
		if err != nil {
			return User{}, err
		}
		id = made.ID
	}
	kept.ID = id
	if err := s.app.Users.Unblock(ctx, id); err != nil {
		return User{}, err
	}
	if err := s.app.Users.Deposit(ctx, id, seedRUB, seedReference); err != nil {
		return User{}, err
	}
	if works, err := s.userTokenWorks(ctx, kept); err != nil {
		return User{}, err
	} else if !works {
		if kept.Token, kept.Expires, err = s.app.Users.IssueToken(ctx, id, userTokenTTL); err != nil {
			return User{}, err
		}
	}
	s.kept.Users[n.Name] = kept
	balance, err := s.app.Users.Balance(ctx, id)
	if err != nil {
		return User{}, err
	}
	return User{ID: id, Name: n.Name, Token: kept.Token, AvailableKopecks: balance.Available}, nil
}

// findUser finds a demo user by the id that was kept, else by its names: a
// killed run may have made it and kept nothing. It is 0 when there is none.
func (s seeder) findUser(ctx context.Context, n enduser.Spec, id int64) (int64, error) {
	u, err := s.app.Users.ByID(ctx, id)
	switch {
	case err == nil && u.Name == n.Name:
		return id, nil
	case err != nil && !errors.Is(err, enduser.ErrNotFound):
		return 0, err
	}
	const page = 500
	for after := int64(0); ; {
		found, err := s.app.Users.List(ctx, after, page)
		if err != nil {
			return 0, err
		}
		for _, u := range found {
			if u.Name == n.Name && u.Nickname == n.Nickname {
				return u.ID, nil
			}
			after = u.ID
		}
		if len(found) < page {
			return 0, nil
		}
	}
}

// userTokenWorks reports a token that lets its user in and goes on doing so for
// a while.
func (s seeder) userTokenWorks(ctx context.Context, kept pass) (bool, error) {
	u, err := s.app.Users.Authenticate(ctx, kept.Token)
	if isUnauthenticated(err) {
		return false, nil
	}
	return err == nil && u.ID == kept.ID && kept.Expires.Sub(s.now()) > tokenReserve, err
}
