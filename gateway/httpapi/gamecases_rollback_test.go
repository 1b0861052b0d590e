package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"disburse/gateway/racetest"
)

func TestGameCasesOfRollbacks(t *testing.T) {
	t.Parallel()
	playCases(t, []gameCase{
		{id: "GW-26", name: "OfABet", play: func(_ *testing.T, g *gamer) {
			g.has("4987.66", g.bet("w-1", "12.34"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.state("w-1", "rolled_back")
			g.has("5000.00", g.bet("w-1", "12.34")) // nothing moves when the bet comes again
			g.stored(2, "")
		}},
		{id: "GW-27", name: "Again", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			for range 3 {
				g.has("5000.00", g.undo("rb-1", "w-1"))
			}
			g.has("5000.00", g.undo("rb-2", "w-1"))
			g.has("5000.00", g.undo("rb-2", "w-1"))
			for _, a := range racetest.Run(10, func(i int) answer { return g.undo(fmt.Sprint("rb-", i), "w-1") }) {
				g.has("5000.00", a)
			}
		}},
		{id: "GW-27", name: "AgainIsRefused", profile: "strict-rollback", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			if a := g.undo("rb-2", "w-1"); a.status != http.StatusBadRequest {
				g.t.Errorf("got %d %s", a.status, a.raw)
			}
			g.owns("5000.00")
		}},
		{id: "GW-28", name: "OfAnUnknownBet", play: func(_ *testing.T, g *gamer) {
			for range 3 {
				g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-1", "w-1"))
			}
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-2", "w-1"))
			g.state("w-1", "barred")
			g.owns("5000.00")
		}},
		{id: "GW-28", name: "OfAnUnknownBetIsAccepted", profile: "lenient-rollback", play: func(_ *testing.T, g *gamer) {
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.state("w-1", "barred")
		}},
		{id: "GW-29", name: "BetAfterItsRollback", play: func(_ *testing.T, g *gamer) {
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-1", "w-1"))
			for range 3 {
				g.refused("ERROR_TRANSACTION_NOT_FOUND", g.bet("w-1", "10"))
			}
			g.refused("ERROR_TRANSACTION_NOT_FOUND", g.bet("w-1", "11", fields{"gameRoundId": "another"}))
			g.closeSession()
			g.refused("ERROR_TRANSACTION_NOT_FOUND", g.bet("w-1", "10"))
			g.owns("5000.00")
		}},
		{id: "GW-29", name: "BetAfterItsRollbackIsAnswered", profile: "lenient-rollback", play: func(_ *testing.T, g *gamer) {
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.has("5000.00", g.bet("w-1", "10"))
			g.has("5000.00", g.bet("w-1", "10"))
			g.owns("5000.00")
		}},
		{id: "GW-30", name: "SeveralThenBetAndWin", play: func(_ *testing.T, g *gamer) {
			for i := range 3 {
				g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo(fmt.Sprint("rb-", i), fmt.Sprint("w-", i)))
			}
			for i := range 3 {
				bet := fmt.Sprint("w-", i)
				g.refused("ERROR_TRANSACTION_NOT_FOUND", g.bet(bet, "10"))
				if a := g.win(fmt.Sprint("d-", i), bet, "50"); a.status != http.StatusBadRequest {
					g.t.Errorf("got %d %s", a.status, a.raw)
				}
			}
			g.owns("5000.00")
		}},
		{id: "GW-31", name: "RacingItsBet", play: rollbackRacingItsBet},
		{id: "GW-32", name: "OfASettledBet", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5020.00", g.win("d-1", "w-1", "30"))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1"))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1"))
			g.has("5010.00", g.bet("w-2", "10"))
			g.has("5010.00", g.win("d-2", "w-2", "0"))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-2", "w-2"))
			g.owns("5010.00")
		}},
		{id: "GW-33", name: "ThenWin", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "30"))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "0"))
			g.owns("5000.00")
		}},
		{id: "GW-34", name: "OfADeposit", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5020.00", g.win("d-1", "w-1", "30"))
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-1", "d-1"))
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-1", "d-1"))
			g.has("5020.00", g.win("d-1", "w-1", "30"))
		}},
		{id: "GW-34", name: "OfARollback", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-2", "rb-1"))
			g.owns("5000.00")
		}},
		{id: "GW-35", name: "OfAnothersBet", play: func(_ *testing.T, g *gamer) {
			g.setGame("slots-2", true)
			other := g.another()
			g.has("4990.00", g.bet("w-1", "10"))
			other.refused("ERROR_BAD_REQUEST", other.undo("rb-1", "w-1"))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1", fields{"gameRoundId": "another"}))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1", fields{"gameId": "slots-2"}))
			stranger := g.s.gamer(g.t, "")
			stranger.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", stranger.undo("rb-1", "w-1"))
			g.owns("4990.00")
			other.owns("5000.00")
			g.has("5000.00", g.undo("rb-1", "w-1"))
		}},
		{id: "GW-36", name: "OfWhatWasGivenBack", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("5000.00", g.undo("rb-1", "w-1"))
			g.has("5000.00", g.in(g.open(0)).undo("rb-2", "w-1"))
			g.state("rb-2", "repeated")
			g.owns("5000.00")
		}},
		{id: "GW-37", name: "OfOneOfTwo", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4970.00", g.bet("w-2", "20"))
			g.has("4980.00", g.undo("rb-1", "w-1"))
			g.has("4979.00", g.bet("w-3", "1"))
			g.has("5039.00", g.win("d-2", "w-2", "60", fields{"isGameRoundFinished": true}))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-2", "w-2"))
		}},
		{id: "GW-38", name: "WhateverElseIsOver", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4980.00", g.bet("w-2", "10", fields{"isGameRoundFinished": true}))
			g.closeSession()
			g.block()
			g.setGame(slots, false)
			g.has("4990.00", g.undo("rb-1", "w-1"))
			g.has("5000.00", g.undo("rb-2", "w-2"))
		}},
		{id: "GW-39", name: "OfABetThatFailed", play: func(_ *testing.T, g *gamer) {
			g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-1", "6000"))
			g.refused("ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", g.undo("rb-1", "w-1"))
			g.owns("5000.00")
			g.refused("ERROR_TRANSACTION_NOT_FOUND", g.bet("w-1", "60"))
		}},
		{id: "GW-40", name: "TheCallAloneSaysWhatItIs", play: func(_ *testing.T, g *gamer) {
			marked := fields{"type": "rollback", "action": "rollback", "rollback": true, "withdrawTransactionId": "w-0"}
			g.has("4990.00", g.bet("w-1", "10", marked))
			g.has("4995.00", g.win("d-1", "w-1", "5", fields{"type": "withdraw", "isRollback": true}))
			g.stored(2, "")
		}},
	})
}

// rollbackRacingItsBet wants one of two ends, whoever is first: the bet was
// taken and given back, or it is never taken.
func rollbackRacingItsBet(t *testing.T, g *gamer) {
	for i := range 40 {
		bet, undo := fmt.Sprint("w-", i), fmt.Sprint("rb-", i)
		answers := racetest.Run(3, func(n int) answer {
			if n == i%3 {
				return g.bet(bet, "10")
			}
			return g.undo(fmt.Sprint(undo, "-", n), bet)
		})
		switch taken := answers[i%3]; taken.status {
		case http.StatusOK:
			// A rollback that came before found nothing; then the bet was barred,
			// and this answer cannot be.
			for n, a := range answers {
				if n != i%3 && a.status != http.StatusOK {
					t.Errorf("bet taken, rollback: got %d %s", a.status, a.raw)
				}
			}
			g.state(bet, "rolled_back")
		default:
			g.refused("ERROR_TRANSACTION_NOT_FOUND", taken)
		}
		g.owns("5000.00")
	}
}
