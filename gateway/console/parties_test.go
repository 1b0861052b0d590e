package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"disburse/gateway/audit"
	"disburse/gateway/operator"
)

// partyPages are pages of the parties that everybody may read, and what only an
// admin may see and do.
var partyPages = []string{
	"/merchants", "/merchants/shop", "/users", "/users/1", "/users/1/transactions", "/rates", "/rates/rub", "/rates/rub/chart",
	"/games", "/games/catalogue", "/games/players", "/games/sessions", "/games/rounds", "/games/transactions", "/games/profiles",
	"/games/providers/acme", "/games/players/acme/p%2F7",
}

var adminPages = []string{
	"/merchants/new", "/merchants/shop/settings", "/merchants/shop/limits", "/merchants/shop/methods", "/merchants/shop/topup",
	"/merchants/shop/adjust", "/merchants/shop/rotate-keys", "/merchants/shop/test-callback", "/merchants/shop/people/new", "/users/new", "/users/1/deposit",
	"/users/1/bonus", "/users/1/wagering", "/users/1/token", "/rates/set", "/operators", "/operators/new", "/games/providers/new",
	"/games/providers/acme/profile", "/games/providers/acme/rotate-keys", "/games/providers/acme/game", "/games/providers/acme/player",
	"/games/players/acme/p%2F7/limits", "/games/players/acme/p%2F7/session", "/games/profiles/+", "/games/profiles/default",
}

// standOfParties has one of each.
func standOfParties(t *testing.T) (*workStand, *clerk) {
	t.Helper()
	s := standOfWork(t)
	s.user()
	boss := s.clerk(operator.RoleAdmin)
	boss.post("/games/providers/new", "name", "acme", "profile", "default")
	boss.post("/games/providers/acme/player", "player_id", "p/7", "user", "1", "currency", "RUB", "bet_limit", "100.00").
		wants(t, http.StatusSeeOther, "/games/players/acme/p%2F7")
	return s, boss
}

func TestPartyPagesByRole(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	reader := s.clerk(operator.RoleViewer)
	for _, path := range partyPages {
		boss.read(path)
		text := reader.read(path)
		lacks(t, text, `<form method="post" action="/console/merchants`, `<form method="post" action="/console/users`, `<form method="post" action="/console/games`, "/settings", "/topup")
	}
	for _, role := range []operator.Role{operator.RoleViewer, operator.RoleOperator, operator.RoleApprover} {
		c := s.clerk(role)
		for _, path := range adminPages {
			for method, form := range map[string]url.Values{http.MethodGet: nil, http.MethodPost: {"csrf": {c.token.CSRF()}}} {
				if path == "/operators" && method == http.MethodPost {
					continue
				}
				if got := c.ask(method, path, form); got.status != http.StatusForbidden {
					t.Errorf("%s: %s %s answers %d", role, method, path, got.status)
				}
			}
		}
	}
	for _, path := range adminPages {
		boss.read(path)
	}
	for _, path := range []string{"/merchants/nobody", "/merchants/nobody/topup", "/users/999", "/users/x", "/rates/xxx", "/operators/nobody", "/games/providers/none", "/games/players/acme/none", "/games/profiles/none"} {
		if got := boss.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
}

// TestNoChangeWithoutTheSessionsToken tries what another site's form could send.
func TestNoChangeWithoutTheSessionsToken(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	for _, path := range []string{"/merchants/shop/disable", "/users/1/block", "/operators/x/disable", "/rates/set"} {
		if got := boss.ask(http.MethodPost, path, url.Values{"currency": {"rub"}, "rate": {"97.0000"}}); got.status != http.StatusForbidden {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	if d, err := s.app.Merchants.Show(t.Context(), "shop"); err != nil || d.Merchant.Disabled {
		t.Errorf("the merchant is disabled: %v", err)
	}
}

var shownOnce = regexp.MustCompile(`data-secret><span class="copy"><code>([^<]+)</code>`)

// secretsOn are the secrets that a page shows.
func secretsOn(text string) []string {
	var out []string
	for _, found := range shownOnce.FindAllStringSubmatch(text, -1) {
		out = append(out, html.UnescapeString(found[1]))
	}
	return out
}

// shownOnceOnly fails when a secret can be read again, or stands in the trail.
func (s *workStand) shownOnceOnly(c *clerk, secrets []string, pages ...string) {
	s.t.Helper()
	trail, err := audit.List(s.t.Context(), s.app.DB, audit.Filter{Limit: 500})
	s.must(err)
	for _, secret := range secrets {
		for _, path := range pages {
			if strings.Contains(c.read(path), secret) {
				s.t.Errorf("%s shows a secret again", path)
			}
		}
		for _, item := range trail.Items {
			if strings.Contains(string(item.Before)+string(item.After), secret) {
				s.t.Errorf("the record %s holds a secret", item.Action)
			}
		}
	}
}
