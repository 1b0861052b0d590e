package gateway

import (
	"time"

	"disburse/gateway/virtualcard"
)

// buildCards builds the service of virtual cards.
func (a *App) buildCards(now func() time.Time) error {
	provider, err := a.Config.CardProvider()
	if err != nil {
		return err
	}
	a.VirtualCards, err = virtualcard.NewService(virtualcard.Deps{
		DB: a.DB, Ledger: a.Ledger, Users: a.Users, Provider: provider, Now: now, Log: a.log, Observe: a.metrics.cards(),
	})
	return err
}
