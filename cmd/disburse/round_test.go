package main

import (
	"testing"
	"time"

	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

func TestRoundList(t *testing.T) {
	t.Parallel()
	s := games(t)
	says(t, s.ok("round", "list"), "no such rounds")
	s.ok("user", "deposit", "1", "10000", "--ref", "first")
	s.ok("game", "set", "games", "roulette")
	s.ok("player", "bind", "games", "p-7", "--user", "1", "--currency", "RUB")
	s.ok("session", "open", "games", "p-7", "--id", "sess-1")
	provider, err := s.app.GameProviders.ByName(t.Context(), "games")
	if err != nil {
		t.Fatal(err)
	}
	for _, bet := range []struct {
		round    string
		finished bool
	}{{"stays", false}, {"ends", true}} {
		_, err := s.app.Games.Withdraw(t.Context(), provider, gamewallet.BetRequest{
			PlayerID: "p-7", SessionID: "sess-1", Currency: "RUB", GameID: "roulette", RoundID: bet.round,
			TransactionID: "bet-" + bet.round, Amount: "12.50", CashAmount: "12.50", RoundFinished: bet.finished,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	says(t, s.ok("round", "list"), "PROVIDER", "p-7", "roulette", "stays", "ends", "12.50 RUB")
	if items := s.items("round", "list", "games", "--open"); len(items) != 1 || items[0]["round_id"] != "stays" || items[0]["staked"] != "12.50" {
		t.Errorf("got %v", items)
	}
	if items := s.items("round", "list", "--open-for", "1h"); len(items) != 0 {
		t.Errorf("got %v", items)
	}
	// Both began longer ago than that, and one has ended.
	if _, err := s.pool.Exec(t.Context(), `update game_rounds set opened_at = opened_at - $1::interval`, 25*time.Hour); err != nil {
		t.Fatal(err)
	}
	if items := s.items("round", "list", "games", "--open-for", "24h"); len(items) != 1 || items[0]["round_id"] != "stays" {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("round", "list", "--limit", "1"), "There is more: add --cursor")
	s.fails(1, gameprovider.ErrNotFound.Message, "round", "list", "nobody")
	s.fails(2, "--open-for must not be negative", "round", "list", "--open-for=-1h")
	s.fails(1, "cursor", "round", "list", "--cursor", "!")
}
