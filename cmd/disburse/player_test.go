package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/gameprovider"
)

// games is a site with the provider "games" and the user 1.
func games(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.ok("provider", "create", "games")
	s.ok("user", "create", "--name", "Anna")
	return s
}

func TestGame(t *testing.T) {
	t.Parallel()
	s := games(t)
	says(t, s.ok("game", "list"), "no games yet", "disburse game set")
	says(t, s.ok("game", "set", "games", "roulette"), "The game roulette of games is active")
	says(t, s.ok("game", "set", "games", "roulette", "--active=false"), "is inactive")
	if got := s.object("game", "set", "games", "slots", "--active=true"); got["game_id"] != "slots" || got["active"] != true || got["provider"] != "games" {
		t.Errorf("got %v", got)
	}
	says(t, s.ok("game", "list", "--limit", "1"), "roulette", "inactive", "There is more")
	if items := s.items("game", "list", "games"); len(items) != 2 {
		t.Errorf("got %v", items)
	}
	s.fails(1, gameprovider.ErrNotFound.Message, "game", "set", "nobody", "roulette")
	s.fails(1, gameprovider.ErrNotFound.Message, "game", "list", "nobody")
	s.fails(1, "game_id: must be 1 to 255", "game", "set", "games", " ")
	s.fails(1, "cursor", "game", "list", "--cursor", "!")
	if n := s.trail("game.set"); n != 3 {
		t.Errorf("%d audit records, want 3", n)
	}
}

func TestPlayer(t *testing.T) {
	t.Parallel()
	s := games(t)
	says(t, s.ok("player", "list"), "no players yet", "disburse player bind")
	bind := []string{"player", "bind", "games", "p-7", "--user", "1", "--currency", "rub", "--bet-limit", "5000", "--reality-check", "60m"}
	for range 2 { // the second changes nothing
		says(t, s.ok(bind...), "The player p-7 of games is user 1 and bets in RUB")
	}
	shown := s.object("player", "show", "games", "p-7")
	delete(shown, "created_at")
	want := map[string]any{
		"provider": "games", "player_id": "p-7", "user_id": 1.0, "currency": "RUB", "blocked": false,
		"bet_limit": "5000.00", "loss_limit_day": nil, "reality_check": "1h0m0s",
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Error(diff)
	}
	says(t, s.ok("player", "show", "games", "p-7"), "5000.00 RUB", "every 1h", "active", "none")
	out := s.ok("player", "set", "games", "p-7", "--bet-limit", "off", "--loss-limit-day", "20000.50", "--reality-check", "30m")
	says(t, out, "Changed p-7:", "bet-limit 5000.00 RUB -> none", "loss-limit-day none -> 20000.50 RUB", "reality-check every 1h -> every 30m")
	if got := s.object("player", "set", "games", "p-7", "--reality-check", "off", "--loss-limit-day", "0"); got["reality_check"] != nil || got["loss_limit_day"] != "0.00" {
		t.Errorf("got %v", got)
	}
	says(t, s.ok("player", "set", "games", "p-7", "--bet-limit", "off"), "had these settings already")
	says(t, s.ok("player", "block", "games", "p-7"), "Blocked p-7 of games")
	says(t, s.ok("player", "list"), "p-7", "blocked", "0.00")
	if got := s.object("player", "unblock", "games", "p-7"); got["blocked"] != false {
		t.Errorf("got %v", got)
	}
	s.object("player", "bind", "games", "p-8", "--user", "1", "--currency", "JPY", "--loss-limit-day", "500")
	if items := s.items("player", "list", "games", "--user", "1"); len(items) != 2 || items[1]["loss_limit_day"] != "500" {
		t.Errorf("got %v", items)
	}
	if items := s.items("player", "list", "--user", "2"); len(items) != 0 {
		t.Errorf("got %v", items)
	}
	for action, n := range map[string]int{"player.bind": 2, "player.set-limits": 2, "player.block": 1, "player.unblock": 1} {
		if got := s.trail(action); got != n {
			t.Errorf("%d audit records of %s, want %d", got, action, n)
		}
	}
}

func TestPlayerRefusals(t *testing.T) {
	t.Parallel()
	s := games(t)
	s.ok("player", "bind", "games", "p-7", "--user", "1", "--currency", "RUB")
	bind := func(more ...string) []string { return append([]string{"player", "bind", "games", "p-9"}, more...) }
	s.fails(2, "--user", bind("--currency", "RUB")...)
	s.fails(2, "--currency", bind("--user", "1")...)
	s.fails(2, "--currency must be", bind("--user", "1", "--currency", "XXX")...)
	s.fails(1, "currency: must be", bind("--user", "1", "--currency", "USDT")...)
	s.fails(1, "there is no such user", bind("--user", "9", "--currency", "RUB")...)
	s.fails(2, "--bet-limit must be an amount of RUB such as 1000.00", bind("--user", "1", "--currency", "RUB", "--bet-limit", "1e3")...)
	s.fails(2, "--loss-limit-day must be", bind("--user", "1", "--currency", "RUB", "--loss-limit-day", "1.001")...)
	s.fails(1, "reality_check", bind("--user", "1", "--currency", "RUB", "--reality-check", "1ms")...)
	s.fails(1, "bound already", "player", "bind", "games", "p-7", "--user", "1", "--currency", "EUR")
	s.fails(1, gameprovider.ErrNotFound.Message, "player", "bind", "nobody", "p-7", "--user", "1", "--currency", "RUB")
	s.fails(2, "nothing to change", "player", "set", "games", "p-7")
	s.fails(2, "--bet-limit must be", "player", "set", "games", "p-7", "--bet-limit", "1,5")
	s.fails(2, "--reality-check must be a span", "player", "set", "games", "p-7", "--reality-check", "soon")
	s.fails(1, gameprovider.ErrUnknownPlayer.Message, "player", "show", "games", "p-9")
	s.fails(1, gameprovider.ErrUnknownPlayer.Message, "player", "set", "games", "p-9", "--bet-limit", "1")
	s.fails(1, gameprovider.ErrUnknownPlayer.Message, "player", "block", "games", "p-9")
	if n := s.trail("player.bind"); n != 1 {
		t.Errorf("%d audit records, want 1", n)
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	s := games(t)
	s.ok("player", "bind", "games", "p-7", "--user", "1", "--currency", "RUB")
	says(t, s.ok("session", "list"), "no such sessions")
	says(t, s.ok("session", "open", "games", "p-7", "--id", "sess-1", "--ttl", "2h"), "Opened a session of p-7", "session_id", "sess-1")
	made := s.object("session", "open", "games", "p-7")
	expires, err := time.Parse(time.RFC3339, text(t, made, "expires_at"))
	if left := time.Until(expires); err != nil || made["state"] != "open" || left > 12*time.Hour || left < 12*time.Hour-time.Minute {
		t.Errorf("got %v, %v", made, err)
	}
	seat := func(id string) gameprovider.Seat {
		t.Helper()
		seat, err := s.app.GameDirectory.Seat(t.Context(), 1, "p-7", id)
		if err != nil {
			t.Fatal(err)
		}
		return seat
	}
	before := seat("sess-1").Session.CheckedAt
	says(t, s.ok("session", "check", "games", "sess-1"), "Noted that p-7 was told")
	if after := seat("sess-1").Session.CheckedAt; !after.After(before) {
		t.Errorf("checked at %s, before that at %s", after, before)
	}
	says(t, s.ok("session", "close", "games", text(t, made, "session_id")), "Closed the session of p-7")
	if got := s.object("session", "close", "games", text(t, made, "session_id")); got["state"] != "closed" || got["closed_at"] == nil {
		t.Errorf("got %v", got)
	}
	says(t, s.ok("session", "list", "games"), "sess-1", "open", "closed")
	if items := s.items("session", "list", "--open", "--player", "p-7"); len(items) != 1 || items[0]["session_id"] != "sess-1" {
		t.Errorf("got %v", items)
	}
	s.fails(1, "session of this id already", "session", "open", "games", "p-7", "--id", "sess-1")
	s.fails(2, "--ttl must be above zero", "session", "open", "games", "p-7", "--ttl", "0s")
	s.fails(1, "ttl: must be a span", "session", "open", "games", "p-7", "--ttl", "721h")
	s.fails(1, gameprovider.ErrUnknownPlayer.Message, "session", "open", "games", "p-8")
	s.fails(1, gameprovider.ErrUnknownSession.Message, "session", "close", "games", "nosuch")
	s.fails(1, gameprovider.ErrUnknownSession.Message, "session", "check", "games", "nosuch")
	s.fails(1, gameprovider.ErrNotFound.Message, "session", "list", "nobody")
	for action, n := range map[string]int{"session.open": 2, "session.check": 1, "session.close": 1} {
		if got := s.trail(action); got != n {
			t.Errorf("%d audit records of %s, want %d", got, action, n)
		}
	}
}
