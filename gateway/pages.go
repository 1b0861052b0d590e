package gateway

import (
	"context"
	"time"

	"disburse/gateway/audit"
	"disburse/gateway/console"
	"disburse/gateway/console/site"
	"disburse/gateway/httpapi"
	"disburse/gateway/report"
)

// buildPages makes the web sites that are served beside the API.
func (a *App) buildPages(gate site.Gate) ([]httpapi.Page, error) {
	figures, err := report.New(report.Deps{DB: a.DB, Now: time.Now})
	if err != nil {
		return nil, err
	}
	desk, err := console.New(console.Deps{
		Sessions: a.Sessions, Operators: a.Operators, Figures: figures, Gate: gate, Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
		Merchants: a.Merchants, EndUsers: a.Users, CardOrders: a.CardOrders, Exchange: a.Exchange, Rates: a.Rates,
		GameProviders: a.GameProviders, Games: a.Games,
		Audit: func(ctx context.Context, f audit.Filter) (audit.Page, error) { return audit.List(ctx, a.DB, f) },
	})
	if err != nil {
		return nil, err
	}
	a.sites = append(a.sites, desk)
	var pages []httpapi.Page
	for _, s := range a.sites {
		for _, p := range s.Served() {
			pages = append(pages, httpapi.Page(p))
		}
	}
	return pages, nil
}
