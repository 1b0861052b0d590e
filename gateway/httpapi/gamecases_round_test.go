package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"disburse/gateway/operator"
)

var finished = fields{"isGameRoundFinished": true}

func TestGameCasesOfRounds(t *testing.T) {
	t.Parallel()
	playCases(t, []gameCase{
		{id: "GW-41", name: "BetInAFinishedRound", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5015.00", g.win("d-1", "w-1", "25", finished))
			g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "10"))
			g.has("5015.00", g.bet("w-1", "10")) // the one that was there before
			g.has("5005.00", g.bet("w-2", "10", fields{"gameRoundId": "next"}))
		}},
		{id: "GW-42", name: "ManyBetsInARound", play: func(_ *testing.T, g *gamer) {
			for i := range 101 {
				g.has(fmt.Sprintf("%d.00", 4999-i), g.bet(fmt.Sprint("w-", i), "1"))
			}
			g.has("4999.00", g.win("d-1", "w-100", "100", finished))
			g.stored(102, "")
		}},
		{id: "GW-43", name: "WinWithoutABet", play: func(_ *testing.T, g *gamer) {
			g.refused("ERROR_TRANSACTION_WITHDRAW_NOT_FOUND", g.win("d-1", "w-1", "10"))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "", "10"))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "10", fields{"withdrawTransactionId": nil}))
			g.has("4999.00", g.bet("w-1", "1")) // a refused win left nothing behind
			g.has("5009.00", g.win("d-1", "w-1", "10"))
			g.refused("ERROR_TRANSACTION_WITHDRAW_NOT_FOUND", g.win("d-2", "d-1", "10"))
		}},
		{id: "GW-43", name: "WinOfFreeSpins", play: func(_ *testing.T, g *gamer) {
			spins := fields{"withdrawTransactionId": nil, "freeSpinsCampaignId": "spring", "isFreeSpinsConsumed": true, "isGameRoundFinished": true}
			g.has("5010.00", g.win("d-1", "", "10", spins))
			g.has("5010.00", g.win("d-1", "", "10", spins))
			g.has("5015.00", g.win("d-2", "", "5", spins))
		}},
		{id: "GW-43", name: "WinWithoutABetIsAccepted", profile: "promo-wins", play: func(_ *testing.T, g *gamer) {
			g.has("5010.00", g.win("d-1", "w-unknown", "10"))
			g.has("5010.00", g.win("d-1", "w-unknown", "10"))
		}},
		{id: "GW-44", name: "WinAfterTheRound", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5000.00", g.win("d-1", "w-1", "10", finished))
			g.refused("ERROR_BAD_REQUEST", g.win("d-2", "w-1", "10"))
			g.has("5007.00", g.win("d-3", "w-1", "7", fields{"freeSpinsCampaignId": "spring", "isFreeSpinsConsumed": true}))
			g.stored(3, "")
		}},
		{id: "GW-45", name: "FinishedByTheBet", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10", finished))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "20"))
			g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "10"))
			g.owns("4990.00")
			if round := g.rounds("")[0]; round["finished_at"] == nil || round["won"] != "0.00" {
				g.t.Errorf("got %v", round)
			}
		}},
		{id: "GW-46", name: "FinishedTwice", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4995.00", g.win("d-1", "w-1", "5", finished))
			before := g.rounds("")[0]["finished_at"]
			g.has("4995.00", g.win("d-1", "w-1", "5", finished))
			g.has("4996.00", g.win("d-2", "w-1", "1", finished, fields{"freeSpinsCampaignId": "spring"}))
			if after := g.rounds("")[0]["finished_at"]; after != before || after == nil {
				g.t.Errorf("finished at %v, then at %v", before, after)
			}
		}},
		{id: "GW-47", name: "OpenForLong", play: func(t *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4980.00", g.bet("w-2", "10", finished, fields{"gameRoundId": "over"}))
			if found := g.rounds("&open=true"); len(found) != 1 || found[0]["round_id"] != "r-"+g.player || found[0]["staked"] != "10.00" {
				t.Errorf("got %v", found)
			}
			if found := g.rounds("&open_for=1h"); len(found) != 0 {
				t.Errorf("got %v, an hour too early", found)
			}
			tomorrow := g.later(25 * time.Hour)
			if found := tomorrow.rounds("&open_for=24h"); len(found) != 1 {
				t.Errorf("got %v, want the open round", found)
			}
			tomorrow.owns("4980.00") // nobody was paid
		}},
		{id: "GW-48", name: "SameRoundOfTwo", play: func(_ *testing.T, g *gamer) {
			other := g.another()
			g.setGame("slots-2", true)
			table := fields{"gameRoundId": "table"}
			g.has("4990.00", g.bet("w-1", "10", table))
			g.has("4991.00", g.win("d-1", "w-1", "1", table, finished))
			other.has("4990.00", other.bet("w-2", "10", table))
			g.has("4981.00", g.bet("w-3", "10", table, fields{"gameId": "slots-2"}))
			g.refused("ERROR_BAD_REQUEST", g.bet("w-4", "10", table))
		}},
		{id: "GW-49", name: "BetWithoutASession", play: func(_ *testing.T, g *gamer) {
			other := g.another()
			g.refused("ERROR_INVALID_SESSION", g.in("sess-unknown").bet("w-1", "10"))
			g.refused("ERROR_INVALID_SESSION", g.in(other.session).bet("w-1", "10"))
			minute := g.in(g.open(time.Minute))
			minute.has("4990.00", minute.bet("w-0", "10"))
			late := minute.later(time.Minute)
			late.refused("ERROR_SESSION_EXPIRED", late.bet("w-1", "10"))
			g.closeSession()
			g.refused("ERROR_SESSION_EXPIRED", g.bet("w-1", "10"))
			fresh := g.in(g.open(time.Hour))
			fresh.has("4980.00", fresh.bet("w-1", "10")) // the refused ones left nothing
		}},
		{id: "GW-50", name: "WinAfterTheSession", play: func(_ *testing.T, g *gamer) {
			other := g.another()
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4980.00", g.bet("w-2", "10"))
			late := g.later(48 * time.Hour)
			late.has("4985.00", late.win("d-1", "w-1", "5"))
			late.has("4985.00", late.play("balance", g.seat(), nil))
			g.closeSession()
			g.has("4990.00", g.win("d-2", "w-2", "5"))
			g.refused("ERROR_INVALID_SESSION", g.in("sess-unknown").win("d-3", "w-2", "5"))
			g.refused("ERROR_INVALID_SESSION", g.in(other.session).win("d-3", "w-2", "5"))
			g.owns("4990.00")
		}},
		{id: "GW-51", name: "BlockedMeanwhile", play: func(t *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4980.00", g.bet("w-2", "10"))
			g.block()
			g.refused("ERROR_BAD_REQUEST_PLAYER_BLOCKED", g.bet("w-3", "10"))
			g.has("5005.00", g.win("d-1", "w-1", "25"))
			g.has("5015.00", g.undo("rb-2", "w-2"))
			_, err := g.s.deps.GameProviders.UnblockPlayer(t.Context(), g.name, g.player)
			must(t, err)
			g.has("5005.00", g.bet("w-3", "10"))
			must(t, g.s.deps.EndUsers.Block(t.Context(), g.user.id))
			g.refused("ERROR_BAD_REQUEST_PLAYER_BLOCKED", g.bet("w-4", "10"))
			g.has("5006.00", g.win("d-3", "w-3", "1"))
		}},
		{id: "GW-52", name: "TwoSessions", play: func(_ *testing.T, g *gamer) {
			phone := g.in(g.open(time.Hour))
			g.has("4990.00", g.bet("w-1", "10"))
			phone.has("4970.00", phone.bet("w-2", "20"))
			g.has("4971.00", g.win("d-2", "w-2", "1"))
			phone.has("4981.00", phone.undo("rb-1", "w-1"))
		}},
	})
}

// rounds are the rounds of the player's provider.
func (g *gamer) rounds(more string) []map[string]any {
	g.t.Helper()
	at := *g.s
	at.url = g.url
	a := at.wantOK(at.as(operator.RoleViewer, http.MethodGet, "/rounds?provider="+g.name+more, nil))
	var found []map[string]any
	for _, item := range a.body["items"].([]any) {
		found = append(found, item.(map[string]any))
	}
	return found
}
