package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"disburse/gateway/racetest"
	"disburse/ledger/money"
)

func TestGameCasesOfRepeats(t *testing.T) {
	t.Parallel()
	playCases(t, []gameCase{
		{id: "GW-16", name: "SameAgain", play: func(_ *testing.T, g *gamer) {
			for range 3 {
				g.has("4990.00", g.bet("w-1", "10"))
			}
			g.has("4990.00", g.bet("w-1", "10.00")) // the same by value
			for range 3 {
				g.has("5015.00", g.win("d-1", "w-1", "25"))
			}
			g.has("5015.00", g.bet("w-1", "10.0"))
			g.stored(2, "")
		}},
		{id: "GW-16", name: "SameAgainIsRefused", profile: "strict-duplicates", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.bet("w-1", "10"))
			g.has("5015.00", g.win("d-1", "w-1", "25"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.win("d-1", "w-1", "25"))
			g.owns("5015.00")
		}},
		{id: "GW-17", name: "SameIdOtherContent", play: sameIDOtherContent},
		{id: "GW-18", name: "SameIdOtherCall", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.win("w-1", "w-1", "10"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.undo("w-1", "w-1"))
			g.has("4991.00", g.win("d-1", "w-1", "1"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.bet("d-1", "1"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.undo("d-1", "w-1"))
			g.has("4990.00", g.bet("w-2", "1"))
			g.has("4991.00", g.undo("rb-2", "w-2"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.bet("rb-2", "1"))
			g.refused("ERROR_TRANSACTION_DUPLICATE", g.win("rb-2", "w-1", "1"))
			g.owns("4991.00")
		}},
		{id: "GW-19", name: "SameIdOfTwoPlayers", play: func(_ *testing.T, g *gamer) {
			other := g.another()
			g.has("4990.00", g.bet("w-1", "10"))
			other.refused("ERROR_TRANSACTION_DUPLICATE", other.bet("w-1", "10"))
			other.owns("5000.00")
		}},
		{id: "GW-19", name: "SameIdOfTwoPlayersIsTheirs", profile: "player-scoped-ids", play: func(_ *testing.T, g *gamer) {
			other := g.another()
			g.has("4990.00", g.bet("w-1", "10"))
			other.has("4980.00", other.bet("w-1", "20"))
			other.has("5000.00", other.undo("rb-1", "w-1"))
			g.has("4991.00", g.win("d-1", "w-1", "1"))
		}},
		{id: "GW-19", name: "SameIdOfTwoProviders", play: func(_ *testing.T, g *gamer) {
			other := g.s.gamer(g.t, "")
			g.has("4990.00", g.bet("w-1", "10"))
			other.has("4980.00", other.bet("w-1", "20"))
		}},
		{id: "GW-20", name: "RepeatTellsTheBalanceOfNow", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4970.00", g.bet("w-2", "20"))
			g.has("4970.00", g.bet("w-1", "10"))
			g.has("5070.00", g.win("d-2", "w-2", "100"))
			g.has("5070.00", g.bet("w-2", "20"))
		}},
		{id: "GW-21", name: "RepeatAfterTheSession", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.closeSession()
			g.block()
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4990.00", g.later(48*time.Hour).bet("w-1", "10"))
			g.has("4990.00", g.in("sess-unknown").bet("w-1", "10"))
			g.refused("ERROR_BAD_REQUEST_PLAYER_BLOCKED", g.bet("w-2", "10"))
			g.stored(1, "")
		}},
		{id: "GW-22", name: "TwinsAtOnce", play: func(t *testing.T, g *gamer) {
			answers := racetest.Run(20, func(int) answer { return g.bet("w-1", "10") })
			answers = append(answers, racetest.Run(20, func(int) answer { return g.bet("w-1", "10") })...)
			for _, a := range answers {
				g.has("4990.00", a)
			}
			for _, a := range racetest.Run(20, func(int) answer { return g.win("d-1", "w-1", "5") }) {
				g.has("4995.00", a)
			}
			g.stored(2, "")
		}},
		{id: "GW-22", name: "TwinsOfOtherContent", play: func(t *testing.T, g *gamer) {
			answers := racetest.Run(10, func(i int) answer { return g.bet("w-1", []string{"10", "20"}[i%2]) })
			if n := count(answers, http.StatusOK); n != 5 {
				t.Errorf("%d of 10 were taken, want the 5 that say the same", n)
			}
			g.stored(1, "")
		}},
		{id: "GW-23", name: "AgainWithMoney", play: func(t *testing.T, g *gamer) {
			g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-1", "6000"))
			g.stored(0, "")
			must(t, g.s.deps.EndUsers.Deposit(t.Context(), g.user.id, money.New(200_000, "RUB"), "second"))
			g.has("1000.00", g.bet("w-1", "6000"))
			g.has("1000.00", g.bet("w-1", "6000"))
		}},
		{id: "GW-24", name: "KeptForMonths", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			months := g.later(200 * 24 * time.Hour)
			months.has("4990.00", months.bet("w-1", "10"))
			months.refused("ERROR_TRANSACTION_DUPLICATE", months.bet("w-1", "11"))
			months.has("5000.00", months.undo("rb-1", "w-1"))
			months.stored(2, "")
		}},
		{id: "GW-25", name: "OldAndNewTogether", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			answers := racetest.Run(2, func(i int) answer {
				if i == 0 {
					return g.bet("w-1", "10")
				}
				return g.win("d-1", "w-1", "20")
			})
			g.has("5010.00", answers[1])
			if answers[0].status != http.StatusOK {
				g.t.Errorf("got %d %s", answers[0].status, answers[0].raw)
			}
			g.stored(2, "")
		}},
	})
}

func sameIDOtherContent(_ *testing.T, g *gamer) {
	g.setGame("slots-2", true)
	g.has("4990.00", g.bet("w-1", "10"))
	g.has("4980.00", g.bet("w-2", "10"))
	other := g.another()
	for _, c := range []fields{
		{"amount": number("11"), "cashAmount": number("11")}, {"amount": number("0"), "cashAmount": number("0")}, {"currency": "EUR"},
		{"gameId": "slots-2"}, {"gameRoundId": "another"}, {"playerId": other.player, "sessionId": other.session},
	} {
		g.refused("ERROR_TRANSACTION_DUPLICATE", g.bet("w-1", "10", c))
	}
	g.has("4985.00", g.win("d-1", "w-1", "5"))
	for _, c := range []fields{
		{"amount": number("6"), "cashAmount": number("6")}, {"gameId": "slots-2"}, {"gameRoundId": "another"}, {"withdrawTransactionId": "w-2"},
	} {
		g.refused("ERROR_TRANSACTION_DUPLICATE", g.win("d-1", "w-1", "5", c))
	}
	g.has("4995.00", g.undo("rb-2", "w-2"))
	for _, c := range []fields{{"gameId": "slots-2"}, {"gameRoundId": "another"}, {"withdrawTransactionId": "w-1"}} {
		g.refused("ERROR_TRANSACTION_DUPLICATE", g.undo("rb-2", "w-2", c))
	}
	// The session is not part of what is said.
	g.has("4995.00", g.in(g.open(time.Hour)).bet("w-1", "10"))
	g.stored(4, "")
}
