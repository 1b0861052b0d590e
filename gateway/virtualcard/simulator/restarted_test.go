package simulator_test

import (
	"context"
	"testing"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/providertest"
)

// inProcess is the simulator that a stand has at present, without HTTP.
type inProcess struct{ *stand }

func (p inProcess) Create(ctx context.Context, o virtualcard.CreateOrder) (virtualcard.Account, error) {
	return p.current.Load().Create(ctx, o)
}

func (p inProcess) TopUp(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return p.current.Load().TopUp(ctx, o)
}

func (p inProcess) Withdraw(ctx context.Context, o virtualcard.Move) (virtualcard.Account, error) {
	return p.current.Load().Withdraw(ctx, o)
}

func (p inProcess) Freeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	return p.current.Load().Freeze(ctx, o)
}

func (p inProcess) Unfreeze(ctx context.Context, o virtualcard.Change) (virtualcard.Account, error) {
	return p.current.Load().Unfreeze(ctx, o)
}

func (p inProcess) Close(ctx context.Context, o virtualcard.Change) (virtualcard.Closed, error) {
	return p.current.Load().Close(ctx, o)
}

func (p inProcess) Card(ctx context.Context, cardID string) (virtualcard.Account, error) {
	return p.current.Load().Card(ctx, cardID)
}

func (p inProcess) Lookup(ctx context.Context, key string) (virtualcard.Outcome, error) {
	return p.current.Load().Lookup(ctx, key)
}

func TestConformanceInProcess(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) (virtualcard.Provider, providertest.Control) {
		s := newStand(t)
		return inProcess{s}, s
	})
}
