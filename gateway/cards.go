package gateway

import (
	"context"
	"time"

	"disburse/gateway/virtualcard"
)

// buildCards builds the service of virtual cards.
func (a *App) buildCards(now func() time.Time) (err error) {
	a.VirtualCards, err = virtualcard.NewService(virtualcard.Deps{
		DB: a.DB, Ledger: a.Ledger, Users: a.Users, Provider: noCardProvider{}, Now: now, Log: a.log,
	})
	return err
}

// noCardProvider stands where no card provider is configured: nothing can be
// asked of it, so nothing ever happens at it.
type noCardProvider struct{}

var _ virtualcard.Provider = noCardProvider{}

func (noCardProvider) Create(context.Context, virtualcard.CreateOrder) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) TopUp(context.Context, virtualcard.Move) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) Withdraw(context.Context, virtualcard.Move) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) Freeze(context.Context, virtualcard.Change) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) Unfreeze(context.Context, virtualcard.Change) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) Close(context.Context, virtualcard.Change) (virtualcard.Closed, error) {
	return virtualcard.Closed{}, virtualcard.ErrNotSent
}

func (noCardProvider) Card(context.Context, string) (virtualcard.Account, error) {
	return virtualcard.Account{}, virtualcard.ErrNotSent
}

func (noCardProvider) Lookup(context.Context, string) (virtualcard.Outcome, error) {
	return virtualcard.Outcome{}, virtualcard.ErrNotSent
}
