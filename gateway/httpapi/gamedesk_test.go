package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/operator"
)

// TestGameDesk takes a provider on and lets a player play, with an operator's
// token alone.
func TestGameDesk(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const admin, viewer = operator.RoleAdmin, operator.RoleViewer
	user := s.person(t, deposited)

	made := s.as(admin, http.MethodPost, "/providers", fields{"name": "acme"})
	if made.status != http.StatusCreated || made.text("provider", "profile") != "default" || made.text("keys", "private_key") == "" {
		t.Fatalf("got %d %s", made.status, made.raw)
	}
	g := &gamer{s: s, t: t, url: s.url, name: "acme", user: user, player: "p-7", session: "sess-1", currency: "RUB"}
	g.keys.PublicKey, g.keys.PrivateKey = made.text("keys", "public_key"), made.text("keys", "private_key")
	shown := s.wantOK(s.as(viewer, http.MethodGet, "/providers/acme", nil))
	if strings.Contains(string(shown.raw), g.keys.PrivateKey) || !strings.Contains(string(shown.raw), g.keys.PublicKey) {
		t.Errorf("shown: %s", shown.raw)
	}
	s.wantError(s.as(admin, http.MethodPost, "/providers", fields{"name": "acme"}), http.StatusConflict, "name_taken")

	s.wantOK(s.as(admin, http.MethodPut, "/games", fields{"provider": "acme", "game_id": slots}))
	bound := s.as(admin, http.MethodPost, "/players", fields{
		"provider": "acme", "player_id": "p-7", "user_id": user.id, "currency": "rub", "bet_limit": "1000.00", "loss_limit_day": "5000", "reality_check": "60m",
	})
	want := map[string]any{
		"provider": "acme", "player_id": "p-7", "user_id": float64(user.id), "currency": "RUB", "blocked": false,
		"bet_limit": "1000.00", "loss_limit_day": "5000.00", "reality_check": "1h0m0s", "created_at": bound.body["created_at"],
	}
	if diff := cmp.Diff(want, bound.body); diff != "" || bound.status != http.StatusCreated {
		t.Errorf("bound: %d (-want +got):\n%s", bound.status, diff)
	}
	opened := s.as(admin, http.MethodPost, "/sessions", fields{"provider": "acme", "player_id": "p-7", "session_id": "sess-1", "ttl": "1h"})
	if opened.status != http.StatusCreated || opened.text("session_id") != "sess-1" || opened.body["closed_at"] != nil {
		t.Fatalf("got %d %s", opened.status, opened.raw)
	}
	s.eventually(func() bool { return g.play("balance", g.seat(), nil).status == http.StatusOK })
	g.has("4000.00", g.bet("w-1", "1000"))
	g.refused("ERROR_TRANSACTION_LIMIT_EXCEEDED", g.bet("w-2", "1000.01"))

	changed := s.wantOK(s.as(admin, http.MethodPatch, "/players/acme/p-7", fields{"bet_limit": "", "reality_check": ""}))
	if changed.body["bet_limit"] != nil || changed.body["reality_check"] != nil || changed.body["loss_limit_day"] != "5000.00" {
		t.Errorf("changed: %s", changed.raw)
	}
	g.has("2999.99", g.bet("w-2", "1000.01"))
	s.wantOK(s.as(admin, http.MethodPost, "/players/acme/p-7/block", nil))
	g.refused("ERROR_BAD_REQUEST_PLAYER_BLOCKED", g.bet("w-3", "1"))
	s.wantOK(s.as(admin, http.MethodPost, "/players/acme/p-7/unblock", nil))
	g.has("2998.99", g.bet("w-3", "1"))
	s.wantOK(s.as(admin, http.MethodPost, "/sessions/acme/sess-1/check", nil))
	closed := s.wantOK(s.as(admin, http.MethodPost, "/sessions/acme/sess-1/close", nil))
	if closed.body["closed_at"] == nil {
		t.Errorf("closed: %s", closed.raw)
	}
	g.refused("ERROR_SESSION_EXPIRED", g.bet("w-4", "1"))

	for path, wanted := range map[string]int{
		"/providers": 1, "/games?provider=acme": 1, "/games": 1, "/players?provider=acme": 1, fmt.Sprint("/players?user=", user.id): 1,
		"/players?user=999999": 0, "/sessions?provider=acme": 1, "/sessions?provider=acme&player=p-7": 1, "/sessions?open=true": 0,
		"/rounds": 1, "/rounds?provider=acme&open=true": 1, "/rounds?open_for=24h": 0, "/game-transactions": 3, "/game-transactions?provider=acme&player=p-7": 3,
	} {
		a := s.wantOK(s.as(viewer, http.MethodGet, path, nil))
		if got := len(a.body["items"].([]any)); got != wanted {
			t.Errorf("%s: got %d items, want %d: %s", path, got, wanted, a.raw)
		}
	}
	s.booksAreClean(t)
}

func TestGameProfiles(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const admin = operator.RoleAdmin
	listed := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/provider-profiles", nil))
	if n := len(listed.body["items"].([]any)); n < 5 || !strings.Contains(string(listed.raw), `"strict-duplicates"`) {
		t.Errorf("got %s", listed.raw)
	}
	put := s.wantOK(s.as(admin, http.MethodPut, "/provider-profiles/picky", fields{"duplicate": "refuse"}))
	want := map[string]any{
		"name": "picky", "duplicate": "refuse", "unknown_rollback": "refuse", "repeated_rollback": "accept",
		"id_scope": "provider", "win_without_bet": "refuse", "late_bet": "refuse",
	}
	if diff := cmp.Diff(want, put.body); diff != "" {
		t.Errorf("put (-want +got):\n%s", diff)
	}
	g := s.gamer(t, "")
	g.has("4990.00", g.bet("w-1", "10"))
	g.has("4990.00", g.bet("w-1", "10"))
	s.wantOK(s.as(admin, http.MethodPatch, "/providers/"+g.name, fields{"profile": "picky"}))
	s.eventually(func() bool { return g.bet("w-1", "10").status == http.StatusBadRequest })
	g.refused("ERROR_TRANSACTION_DUPLICATE", g.bet("w-1", "10"))
	// A profile changes for every provider that has it.
	s.wantOK(s.as(admin, http.MethodPut, "/provider-profiles/picky", fields{"win_without_bet": "accept"}))
	s.eventually(func() bool { return g.bet("w-1", "10").status == http.StatusOK })
	g.has("4995.00", g.win("d-1", "never", "5"))

	s.wantError(s.as(admin, http.MethodPut, "/provider-profiles/picky", fields{"id_scope": "player"}), http.StatusConflict, "id_scope_fixed")
	s.wantError(s.as(admin, http.MethodPatch, "/providers/"+g.name, fields{"profile": "player-scoped-ids"}), http.StatusConflict, "id_scope_fixed")
	for _, b := range []fields{{"duplicate": "both"}, {"id_scope": "world"}, {"late_bet": 1}} {
		s.wantError(s.as(admin, http.MethodPut, "/provider-profiles/picky", b), http.StatusBadRequest, "invalid_request")
	}
}

// TestGameDeskRefuses wants every mistake to be named, and nobody below an
// admin to change anything.
func TestGameDeskRefuses(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	player := "/players/" + g.name + "/" + g.player
	const get, post, put, patch = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch
	binding := func(changes fields) fields {
		b := fields{"provider": g.name, "player_id": unique("p"), "user_id": g.user.id, "currency": "RUB"}
		for name, value := range changes {
			b[name] = value
		}
		return b
	}
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		code, field  string
	}{
		{post, "/providers", fields{"name": "Not A Name"}, 400, "invalid_request", "name"},
		{post, "/providers", fields{}, 400, "invalid_request", "name"},
		{post, "/providers", fields{"name": "x", "profile": "none"}, 400, "invalid_request", "profile"},
		{get, "/providers/none", nil, 404, "not_found", ""},
		{patch, "/providers/" + g.name, fields{"profile": "none"}, 400, "invalid_request", "profile"},
		{patch, "/providers/none", fields{"profile": "default"}, 404, "not_found", ""},
		{post, "/providers/none/disable", nil, 404, "not_found", ""},
		{post, "/providers/none/enable", nil, 404, "not_found", ""},
		{post, "/providers/none/rotate-keys", nil, 404, "not_found", ""},
		{post, "/providers/" + g.name + "/rotate-keys", fields{"grace": "soon"}, 400, "invalid_request", "grace"},
		{post, "/providers/" + g.name + "/rotate-keys", fields{"grace": "9999h"}, 400, "invalid_request", "grace"},
		{put, "/games", fields{"provider": "none", "game_id": "x"}, 404, "not_found", ""},
		{put, "/games", fields{"provider": g.name}, 400, "invalid_request", "game_id"},
		{put, "/games", fields{"provider": g.name, "game_id": "x", "active": "yes"}, 400, "invalid_request", "active"},
		{post, "/players", binding(fields{"provider": "none"}), 404, "not_found", ""},
		{post, "/players", binding(fields{"user_id": 999_999}), 400, "invalid_request", "user_id"},
		{post, "/players", binding(fields{"currency": "XXX"}), 400, "invalid_request", "currency"},
		{post, "/players", binding(fields{"currency": "USDT"}), 400, "invalid_request", "currency"},
		{post, "/players", binding(fields{"player_id": strings.Repeat("x", 46)}), 400, "invalid_request", "player_id"},
		{post, "/players", binding(fields{"bet_limit": "1.001"}), 400, "invalid_request", "bet_limit"},
		{post, "/players", binding(fields{"bet_limit": 5}), 400, "invalid_request", "bet_limit"},
		{post, "/players", binding(fields{"loss_limit_day": "-1"}), 400, "invalid_request", "loss_limit_day"},
		{post, "/players", binding(fields{"reality_check": "often"}), 400, "invalid_request", "reality_check"},
		{post, "/players", binding(fields{"player_id": g.player, "user_id": s.person(t, 0).id}), 409, "player_taken", ""},
		{get, "/players/" + g.name + "/none", nil, 404, "unknown_player", ""},
		{get, "/players/none/" + g.player, nil, 404, "not_found", ""},
		{patch, player, fields{"bet_limit": "much"}, 400, "invalid_request", "bet_limit"},
		{patch, player, fields{"reality_check": "-1m"}, 400, "invalid_request", "reality_check"},
		{patch, "/players/" + g.name + "/none", fields{}, 404, "unknown_player", ""},
		{post, "/players/" + g.name + "/none/block", nil, 404, "unknown_player", ""},
		{post, "/players/" + g.name + "/none/unblock", nil, 404, "unknown_player", ""},
		{post, "/sessions", fields{"provider": g.name, "player_id": "none"}, 404, "unknown_player", ""},
		{post, "/sessions", fields{"provider": g.name, "player_id": g.player, "ttl": "9999h"}, 400, "invalid_request", "ttl"},
		{post, "/sessions", fields{"provider": g.name, "player_id": g.player, "ttl": "x"}, 400, "invalid_request", "ttl"},
		{post, "/sessions", fields{"provider": g.name, "player_id": g.another().player, "session_id": g.session}, 409, "session_taken", ""},
		{post, "/sessions/" + g.name + "/none/close", nil, 404, "unknown_session", ""},
		{post, "/sessions/" + g.name + "/none/check", nil, 404, "unknown_session", ""},
		{get, "/providers?cursor=%00", nil, 400, "invalid_request", "cursor"},
		{get, "/games?limit=0", nil, 400, "invalid_request", "limit"},
		{get, "/games?provider=none", nil, 404, "not_found", ""},
		{get, "/players?user=me", nil, 400, "invalid_request", "user"},
		{get, "/players?user=0", nil, 400, "invalid_request", "user"},
		{get, "/players?cursor=nonsense!", nil, 400, "invalid_request", "cursor"},
		{get, "/sessions?open=maybe", nil, 400, "invalid_request", "open"},
		{get, "/rounds?open_for=long", nil, 400, "invalid_request", "open_for"},
		{get, "/rounds?open_for=-1h", nil, 400, "invalid_request", "open_for"},
		{get, "/rounds?open=1", nil, 400, "invalid_request", "open"},
		{get, "/rounds?cursor=nonsense!", nil, 400, "invalid_request", "cursor"},
		{get, "/game-transactions?from=yesterday", nil, 400, "invalid_request", "from"},
		{get, "/game-transactions?limit=201", nil, 400, "invalid_request", "limit"},
		{get, "/game-transactions?cursor=nonsense!", nil, 400, "invalid_request", "cursor"},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			a := s.as(operator.RoleAdmin, tt.method, tt.path, tt.body)
			s.wantError(a, tt.status, tt.code)
			if tt.field != "" && a.text("error", "fields", tt.field) == "" {
				t.Errorf("%s is not named: %s", tt.field, a.raw)
			}
			if tt.method != get {
				s.wantError(s.as(operator.RoleApprover, tt.method, tt.path, tt.body), http.StatusForbidden, "forbidden")
			}
		})
	}
	for _, path := range []string{"/providers", "/provider-profiles", "/games", "/players", "/sessions", "/rounds", "/game-transactions"} {
		s.wantError(s.call(http.MethodGet, "/api/operator"+path, nil, nil), http.StatusUnauthorized, "invalid_token")
	}
}

// TestGameIdsInPaths wants ids of any letters to be found by their path.
func TestGameIdsInPaths(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	g.player = "игрок/7 ?#%2F"
	g.bind("RUB")
	g.session = "sess/1 ü?"
	opened := s.as(operator.RoleAdmin, http.MethodPost, "/sessions", fields{"provider": g.name, "player_id": g.player, "session_id": g.session})
	if opened.status != http.StatusCreated {
		t.Fatalf("got %d %s", opened.status, opened.raw)
	}
	g.owns("5000.00")
	path := g.name + "/" + url.PathEscape(g.player)
	if a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/players/"+path, nil)); a.text("player_id") != g.player {
		t.Errorf("got %s", a.raw)
	}
	s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/players/"+path+"/block", nil))
	s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/sessions/"+g.name+"/"+url.PathEscape(g.session)+"/close", nil))
	g.refused("ERROR_BAD_REQUEST_PLAYER_BLOCKED", g.bet("w-1", "1"))
}

// TestGameListsGoOn pages through each list, wanting nothing twice and nothing
// left out.
func TestGameListsGoOn(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	for i := range 5 {
		s.gamer(t, "")
		g.setGame(fmt.Sprint("more-", i), i%2 == 0)
		g.has(fmt.Sprintf("%d.00", 4999-i), g.in(g.open(time.Hour)).bet(fmt.Sprint("w-", i), "1", fields{"gameRoundId": fmt.Sprint(i)}))
		g.another()
	}
	for path, key := range map[string]string{
		"/providers?": "name", "/games?provider=" + g.name: "game_id", "/players?provider=" + g.name: "player_id",
		"/sessions?provider=" + g.name + "&player=" + g.player: "session_id", "/rounds?provider=" + g.name: "round_id", "/game-transactions?provider=" + g.name: "transaction_id",
	} {
		t.Run(path, func(t *testing.T) {
			seen, cursor := map[any]bool{}, ""
			for range 10 {
				a := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, path+"&limit=2&cursor="+url.QueryEscape(cursor), nil))
				for _, item := range a.body["items"].([]any) {
					id := item.(map[string]any)[key]
					if seen[id] {
						t.Errorf("%v is listed twice", id)
					}
					seen[id] = true
				}
				if cursor = a.text("next_cursor"); cursor == "" {
					break
				}
			}
			if least := 5; len(seen) < least || cursor != "" {
				t.Errorf("got %v, then %q", seen, cursor)
			}
		})
	}
}
