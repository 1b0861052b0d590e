package console_test

import (
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/gameprovider"
)

func TestProviderOfGames(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	made := boss.post("/games/providers/new", "name", "zeta", "profile", "default")
	keys := secretsOn(made.text)
	if len(keys) != 1 {
		t.Fatalf("%d: %.300s", made.status, made.text)
	}
	s.shownOnceOnly(boss, keys, "/games/providers/zeta", "/games")
	boss.post("/games/profiles/+", "name", "own", "duplicate", "refuse", "unknown_rollback", "accept", "repeated_rollback", "accept",
		"id_scope", "player", "win_without_bet", "refuse", "late_bet", "refuse").wants(t, http.StatusSeeOther, "/games/profiles")
	boss.post("/games/profiles/own", "duplicate", "x").wants(t, http.StatusUnprocessableEntity, "")
	boss.post("/games/providers/zeta/profile", "profile", "own").wants(t, http.StatusSeeOther, "/games/providers/zeta")
	boss.post("/games/providers/zeta/game", "game_id", "slots/1", "active", "yes").wants(t, http.StatusSeeOther, "/games/providers/zeta")
	holds(t, boss.read("/games/providers/zeta"), "own", "slots/1", "provider.create")
	boss.post("/games/catalogue", "provider", "zeta", "game_id", "slots/1").wants(t, http.StatusSeeOther, "/games/catalogue")
	holds(t, boss.read("/games/catalogue?provider=zeta"), "slots/1", "disabled", "Switch on")
	boss.post("/games/providers/zeta/disable").wants(t, http.StatusSeeOther, "/games/providers/zeta")
	p, err := s.app.GameProviders.ByName(t.Context(), "zeta")
	s.must(err)
	if p.Active || p.Profile.Name != "own" || p.Profile.IDScope != gameprovider.PerPlayer {
		t.Errorf("got %+v", p.Profile)
	}
	_, after, _ := strings.Cut(boss.read("/games/providers/zeta/rotate-keys"), `name="newest" value="`)
	newest, _, _ := strings.Cut(after, `"`)
	if again := boss.post("/games/providers/zeta/rotate-keys", "newest", newest, "grace", "1h"); len(secretsOn(again.text)) != 1 {
		t.Errorf("%d: %.300s", again.status, again.text)
	}
	boss.post("/games/providers/zeta/rotate-keys", "newest", newest, "grace", "1h").wants(t, http.StatusConflict, "")
	holds(t, boss.get("/games/players?provider=none").text, "provider not found")
}

func TestPlayerAndSession(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	const page = "/games/players/acme/p%2F7"
	const session = "s-123456789-secret"
	boss.post("/games/providers/acme/player", "player_id", "p8", "user", "99", "currency", "RUB").wants(t, http.StatusUnprocessableEntity, "")
	boss.post("/games/providers/acme/player", "player_id", "p8", "user", "1", "currency", "RUB", "bet_limit", "x").wants(t, http.StatusUnprocessableEntity, "")
	boss.post(page+"/limits", "bet_limit", "5.00", "loss_limit_day", "", "reality_check", "60m").wants(t, http.StatusSeeOther, page)
	p, err := s.app.GameProviders.Player(t.Context(), "acme", "p/7")
	s.must(err)
	if *p.BetLimit != 500 || p.LossLimitDay != nil || p.RealityCheck.Minutes() != 60 {
		t.Errorf("limits: %+v", p.Limits)
	}
	boss.post(page+"/session", "session_id", session, "ttl", "1h").wants(t, http.StatusSeeOther, page)
	boss.post(page+"/session", "session_id", session, "ttl", "1h").wants(t, http.StatusConflict, "")
	lacks(t, s.clerk("viewer").read("/games/sessions"), session)
	boss.post("/games/sessions/acme/check", "session_id", session).wants(t, http.StatusSeeOther, "/games/sessions")
	boss.post("/games/sessions/acme/close", "session_id", session).wants(t, http.StatusSeeOther, "/games/sessions")
	holds(t, boss.read("/games/sessions"), "s-123456", "closed")
	holds(t, boss.read("/games/sessions?open=yes"), "No sessions.")
	boss.post(page+"/block").wants(t, http.StatusSeeOther, page)
	holds(t, boss.read(page), "blocked", "Unblock", "5.00 RUB", "player.block")
	boss.post(page+"/unblock").wants(t, http.StatusSeeOther, page)
}
