package gateway

import (
	"time"

	"disburse/gateway/console"
	"disburse/gateway/console/site"
	"disburse/gateway/httpapi"
	"disburse/gateway/signin"
)

// buildPages makes the web sites that are served beside the API.
func (a *App) buildPages(gate site.Gate) ([]httpapi.Page, error) {
	sessions, err := signin.New(signin.Deps{
		DB: a.DB, Vault: a.vault, Now: time.Now, Issuer: "disburse", FactorOptional: a.Config.FactorOptional,
	})
	if err != nil {
		return nil, err
	}
	desk, err := console.New(console.Deps{
		Sessions: sessions, Operators: a.Operators, Gate: gate, Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
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
