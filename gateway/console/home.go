package console

import (
	"net/http"

	"disburse/gateway/console/site"
)

func (k *desk) homeRoutes() []site.Route {
	return []site.Route{
		{Method: http.MethodGet, Path: "/", Role: viewer, Handle: k.home},
		{Method: http.MethodGet, Path: "", Role: viewer, Handle: k.home},
	}
}

func (k *desk) home(v *site.Visit) error {
	return v.Render("home", nil)
}
