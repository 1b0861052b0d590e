package gateway

import "disburse/gateway/httpapi"

// Pages are what the web sites serve.
func (a *App) Pages() (all []httpapi.Page) {
	for _, s := range a.sites {
		for _, p := range s.Served() {
			all = append(all, httpapi.Page(p))
		}
	}
	return all
}
