package gateway

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"disburse/gateway/audit"
	"disburse/gateway/console"
	"disburse/gateway/console/portal"
	"disburse/gateway/console/site"
	"disburse/gateway/httpapi"
	"disburse/gateway/report"
)

// buildPages makes the web sites that are served beside the API.
func (a *App) buildPages(gate site.Gate, redisClient redis.UniversalClient) ([]httpapi.Page, error) {
	figures, err := report.New(report.Deps{DB: a.DB, Callbacks: a.Callbacks, Now: time.Now})
	if err != nil {
		return nil, err
	}
	background := a.background()
	background(func(ctx context.Context) {
		if err := figures.Warm(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("the charts are not read ahead", "cause", err)
		}
	})
	desk, err := console.New(console.Deps{
		Payouts: a.Payouts, VirtualCards: a.VirtualCards, Directory: a.Directory, Ledger: a.Ledger, Callbacks: a.Callbacks, Exports: a.Exports, Queues: newQueues(redisClient), ProveLedger: a.proveLedger, Background: background,
		Sessions: a.Sessions, Operators: a.Operators, Figures: figures, Gate: gate, Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
		Merchants: a.Merchants, People: a.People, EndUsers: a.Users, CardOrders: a.CardOrders, Exchange: a.Exchange, Chat: a.Chat, Rates: a.Rates,
		GameProviders: a.GameProviders, Games: a.Games, TestCallback: a.TestCallback, Approvals: a.Approvals,
		Audit: func(ctx context.Context, f audit.Filter) (audit.Page, error) { return audit.List(ctx, a.DB, f) },
	})
	if err != nil {
		return nil, err
	}
	theirs, err := portal.New(portal.Deps{
		Sessions: a.Sessions, People: a.People, Merchants: a.Merchants, Directory: a.Directory, Payouts: a.Payouts, Ledger: a.Ledger,
		Callbacks: a.Callbacks, TestCallback: a.TestCallback, Live: figures.MerchantPulse, Gate: gate, Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
	})
	if err != nil {
		return nil, err
	}
	a.sites = append(a.sites, desk, theirs)
	var pages []httpapi.Page
	for _, s := range a.sites {
		for _, p := range s.Served() {
			pages = append(pages, httpapi.Page(p))
		}
	}
	return pages, nil
}
