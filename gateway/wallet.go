package gateway

import (
	"time"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
)

// buildWallet builds the end users' services: who they are, and what they do
// with their money.
func (a *App) buildWallet(now func() time.Time) (err error) {
	if a.Users, err = enduser.NewService(enduser.Deps{DB: a.DB, Ledger: a.Ledger, Now: now}); err != nil {
		return err
	}
	if a.Chat, err = chat.New(chat.Deps{DB: a.DB, Vault: a.vault, Now: now, Log: a.log}); err != nil {
		return err
	}
	a.CardOrders, err = cardorder.NewService(cardorder.Deps{
		DB: a.DB, Ledger: a.Ledger, Users: a.Users, Chat: a.Chat, Vault: a.vault, Now: now, Observe: a.metrics.cardOrders(),
	})
	if err != nil {
		return err
	}
	a.Exchange, err = exchange.NewService(exchange.Deps{
		DB: a.DB, Ledger: a.Ledger, Users: a.Users, Chat: a.Chat, Vault: a.vault, Now: now, Log: a.log,
		Observe: a.metrics.trades(),
	})
	return err
}
