package gateway

import (
	"time"

	"disburse/gateway/epoch"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

// buildGames builds what providers of games need: who they are, and what they
// do with their players' money.
func (a *App) buildGames(watcher *epoch.Watcher, now func() time.Time) (err error) {
	deps := gameprovider.Deps{DB: a.DB, Vault: a.vault, Watcher: watcher, Now: now}
	if a.GameDirectory, err = gameprovider.NewDirectory(deps); err != nil {
		return err
	}
	if a.GameProviders, err = gameprovider.NewService(deps); err != nil {
		return err
	}
	a.Games, err = gamewallet.NewService(gamewallet.Deps{DB: a.DB, Ledger: a.Ledger, Directory: a.GameDirectory, Now: now, Observe: a.metrics.games()})
	return err
}
