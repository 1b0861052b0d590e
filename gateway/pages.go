package gateway

import (
	"time"

	"disburse/gateway/console"
	"disburse/gateway/console/site"
	"disburse/gateway/httpapi"
)

// buildPages makes the web sites that are served beside the API.
func (a *App) buildPages(gate site.Gate) ([]httpapi.Page, error) {
	desk, err := console.New(console.Deps{
		Sessions: a.Sessions, Operators: a.Operators, Gate: gate, Log: a.log, Now: time.Now, PublicURL: a.Config.PublicURL,
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
