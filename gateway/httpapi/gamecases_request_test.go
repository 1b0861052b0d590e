package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"disburse/signing"
)

func TestGameCasesOfRequests(t *testing.T) {
	t.Parallel()
	playCases(t, []gameCase{
		{id: "GW-01", name: "Unsigned", play: unsignedCalls},
		{id: "GW-02", name: "SignedOtherBytes", play: signedOtherBytes},
		{id: "GW-03", name: "ReplayedWhole", play: func(_ *testing.T, g *gamer) {
			raw := g.body(g.betBody("w-1", "10"), nil)
			sent := g.sign("/wallet/withdraw", raw)
			for range 3 {
				g.has("4990.00", g.send("/wallet/withdraw", raw, sent))
			}
			g.stored(1, "")
		}},
		{id: "GW-04", name: "UnknownPlayer", play: func(t *testing.T, g *gamer) {
			other := g.s.gamer(t, "")
			other.has("4999.00", other.bet("w-1", "1"))
			for _, player := range []string{"nobody", other.player, strings.ToUpper(g.player)} {
				c := fields{"playerId": player}
				g.refused("ERROR_BAD_REQUEST", g.play("balance", g.seat(), c))
				g.refused("ERROR_BAD_REQUEST", g.bet("w-1", "1", c))
				g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "1", c))
				g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1", c))
			}
			other.owns("4999.00")
		}},
		{id: "GW-05", name: "IdsOutOfBounds", play: idsOutOfBounds},
		{id: "GW-06", name: "OtherCurrency", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			for _, currency := range []any{"EUR", "XXX", "", "RUBX", 643} {
				c := fields{"currency": currency}
				g.refused("ERROR_BAD_REQUEST", g.play("balance", g.seat(), c))
				g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "1", c))
				g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "1", c))
				if currency != "" { // a rollback needs none
					g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1", c))
				}
			}
			g.has("5000.00", g.undo("rb-1", "w-1", fields{"currency": nil}))
		}},
		{id: "GW-07", name: "InactiveGame", play: inactiveGame},
		{id: "GW-08", name: "NegativeAmounts", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			for _, amount := range []string{"-1", "-0.01", "-0"} {
				g.refused("ERROR_BAD_REQUEST", g.bet("w-2", amount))
				g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", amount))
			}
			for _, jackpot := range []string{"-1", "-0.01"} {
				g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "1", fields{"cashAmount": number("2"), "jackpotAmount": number(jackpot)}))
			}
			g.has("5000.00", g.undo("rb-1", "w-1", fields{"amount": number("-7")}))
			g.stored(2, "")
		}},
		{id: "GW-09", name: "BetOfNothing", play: func(_ *testing.T, g *gamer) {
			g.has("5000.00", g.bet("w-1", "0"))
			g.has("5000.00", g.bet("w-2", "0.00"))
			g.stored(2, "")
			g.has("5001.00", g.win("d-1", "w-1", "1"))
			g.has("5001.00", g.undo("rb-2", "w-2"))
		}},
		{id: "GW-10", name: "WinOfNothingEndsTheRound", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("4990.00", g.win("d-1", "w-1", "0", fields{"isGameRoundFinished": true}))
			g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "10"))
			g.state("w-1", "settled")
		}},
		{id: "GW-11", name: "SmallestUnits", play: func(_ *testing.T, g *gamer) {
			g.has("4999.99", g.bet("w-1", "0.01"))
			for _, amount := range []string{"0.001", "0.00001", "1.000", "0.010", "10.999999999999999999"} {
				g.refused("ERROR_BAD_REQUEST", g.bet("w-2", amount))
				g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", amount))
			}
			g.has("5000.00", g.win("d-1", "w-1", "0.01"))
		}},
		{id: "GW-12", name: "VeryLargeWin", play: func(_ *testing.T, g *gamer) {
			g.has("4990.00", g.bet("w-1", "10"))
			g.has("63732082.34", g.win("d-1", "w-1", "63727092.34"))
			g.has("4.00", g.bet("w-2", "63732078.34", fields{"gameRoundId": "other"}))
		}},
		{id: "GW-13", name: "WaysToWriteAnAmount", play: waysToWriteAnAmount},
		{id: "GW-14", name: "PartsThatAreNotTheWhole", play: func(_ *testing.T, g *gamer) {
			for _, c := range []fields{
				{"cashAmount": number("9")}, {"jackpotAmount": number("1")}, {"cashAmount": number("9.99")},
				{"cashAmount": number("11"), "jackpotAmount": number("1")}, {"cashAmount": nil},
			} {
				g.refused("ERROR_BAD_REQUEST", g.bet("w-1", "10", c))
			}
			g.has("4990.00", g.bet("w-1", "10", fields{"cashAmount": number("9.5"), "jackpotAmount": number("0.50")}))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "5", fields{"cashAmount": number("4")}))
			g.has("4995.00", g.win("d-1", "w-1", "5", fields{"cashAmount": number("0"), "jackpotAmount": number("5")}))
		}},
		{id: "GW-15", name: "AmountOfARollbackIsIgnored", play: func(_ *testing.T, g *gamer) {
			for _, amount := range []string{"0", "99999.99", `"ten"`, "null", "-3", "[1]"} {
				bet, undo := unique("w"), unique("rb")
				g.has("4987.50", g.bet(bet, "12.50"))
				g.has("5000.00", g.undo(undo, bet, fields{"amount": number(amount), "cashAmount": number(amount)}))
			}
		}},
	})
}

func unsignedCalls(_ *testing.T, g *gamer) {
	other := g.s.gamer(g.t, "")
	for _, call := range []string{"balance", "withdraw", "deposit", "rollback"} {
		path := "/wallet/" + call
		raw := g.body(map[string]fields{
			"balance": g.seat(), "withdraw": g.betBody("w-1", "10"), "deposit": g.winBody("d-1", "w-1", "1"), "rollback": g.undoBody("rb-1", "w-1"),
		}[call], nil)
		good := g.sign(path, raw)
		wrong := func(signature string) header { return header{"Public-Key": good["Public-Key"], "Signature": signature} }
		for _, h := range []header{
			nil, {"Public-Key": good["Public-Key"]}, {"Signature": good["Signature"]}, wrong(strings.Repeat("0", 64)), wrong(good["Signature"][1:]),
			wrong("sha256=" + good["Signature"]), {"Public-Key": "pk_nobody", "Signature": good["Signature"]},
			{"Public-Key": other.keys.PublicKey, "Signature": good["Signature"]},
			wrong(signing.WalletSignature("POST", publicURL+path, []byte(raw), "another key")),
			wrong(signing.WalletSignature("GET", publicURL+path, []byte(raw), g.keys.PrivateKey)),
			wrong(signing.WalletSignature("POST", path, []byte(raw), g.keys.PrivateKey)),
			wrong(signing.WalletSignature("POST", g.url+path, []byte(raw), g.keys.PrivateKey)), // the Host header does not count
			wrong(signing.WalletSignature("POST", publicURL+path+"?a=1", []byte(raw), g.keys.PrivateKey)),
		} {
			g.refused("ERROR_INVALID_SIGNATURE", g.send(path, raw, h))
		}
		for i := range raw { // each byte counts
			changed := []byte(raw)
			changed[i] ^= 1
			if i%7 == 0 {
				g.refused("ERROR_INVALID_SIGNATURE", g.send(path, string(changed), good))
			}
		}
		g.refused("ERROR_INVALID_SIGNATURE", g.send(path, "", good))
	}
	g.stored(0, "")
	g.owns("5000.00")
}

func signedOtherBytes(_ *testing.T, g *gamer) {
	raw := `{"playerId":"` + g.player + `","sessionId":"` + g.session + `","currency":"RUB"}`
	good := g.sign("/wallet/balance", raw)
	g.has("5000.00", g.send("/wallet/balance", raw, good))
	for _, same := range []string{
		strings.ReplaceAll(raw, `":"`, `": "`), raw + " ", raw + "\n", " " + raw,
		`{"currency":"RUB","playerId":"` + g.player + `","sessionId":"` + g.session + `"}`, strings.Replace(raw, "RUB", `\u0052UB`, 1),
	} {
		g.refused("ERROR_INVALID_SIGNATURE", g.send("/wallet/balance", same, good))
		g.has("5000.00", g.raw("/wallet/balance", same))
	}
}

func idsOutOfBounds(_ *testing.T, g *gamer) {
	g.has("4990.00", g.bet("w-1", "10"))
	long := map[string]int{"playerId": 45, "sessionId": 600, "gameId": 255, "gameRoundId": 255, "transactionId": 255, "withdrawTransactionId": 255}
	for name, longest := range long {
		for _, value := range []any{nil, "", " ", number("null"), 7, true, []string{"x"}, strings.Repeat("x", longest+1), "a\x00b", "line\nbreak"} {
			c := fields{name: value}
			if name == "playerId" || name == "sessionId" {
				g.refused("ERROR_BAD_REQUEST", g.play("balance", g.seat(), c))
			}
			if name != "withdrawTransactionId" {
				g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "1", c))
			}
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "1", c))
			g.refused("ERROR_BAD_REQUEST", g.undo("rb-1", "w-1", c))
		}
	}
	for _, name := range []string{"isGameRoundFinished", "amount", "cashAmount"} {
		for _, value := range []any{nil, number("null"), "true", []int{1}} {
			g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "1", fields{name: value}))
			g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "1", fields{name: value}))
		}
	}
	g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", "1", fields{"isFreeSpinsConsumed": "true"}))
	g.refused("ERROR_BAD_REQUEST", g.bet("w-2", "1", fields{"freeSpinsCampaignId": strings.Repeat("x", 256)}))
	g.stored(1, "")

	longest := strings.Repeat("ü", 255)
	g.has("4989.00", g.bet(longest, "1", fields{"gameRoundId": longest, "freeSpinsCampaignId": longest}))
	g.has("4990.00", g.undo("rb-2", longest, fields{"gameRoundId": longest, "transactionId": strings.Repeat("y", 255)}))
}

func inactiveGame(_ *testing.T, g *gamer) {
	g.refused("ERROR_GAME_NOT_ACTIVE", g.bet("w-0", "10", fields{"gameId": "nothing"}))
	g.refused("ERROR_GAME_NOT_ACTIVE", g.bet("w-0", "10", fields{"gameId": "SLOTS-1"}))
	g.has("4990.00", g.bet("w-1", "10"))
	g.has("4980.00", g.bet("w-2", "10"))
	g.setGame(slots, false)
	g.s.eventually(func() bool { return g.bet(unique("w"), "0").status == http.StatusBadRequest })
	g.refused("ERROR_GAME_NOT_ACTIVE", g.bet("w-3", "10"))
	g.has("4985.00", g.win("d-1", "w-1", "5"))
	g.has("4995.00", g.undo("rb-2", "w-2"))
	g.setGame(slots, true)
	g.s.eventually(func() bool { return g.bet(unique("w"), "0").status == http.StatusOK })
	g.has("4985.00", g.bet("w-3", "10"))
}

func waysToWriteAnAmount(_ *testing.T, g *gamer) {
	g.has("4990.00", g.bet("w-1", "10"))
	for _, amount := range []string{
		"1e3", "1E3", "1e-1", "1E400", "NaN", "Infinity", `"10"`, `"10.00"`, "+1", "01", "00.5", ".5", "5.", "1,00", "1 00", "0x10", "１", "true", "[10]", "{}",
		"99999999999999999999", "92233720368547758.07", "92233720368547758.08", "1" + strings.Repeat("0", 400),
	} {
		g.refused("ERROR_BAD_REQUEST", g.bet("w-2", amount))
		g.refused("ERROR_BAD_REQUEST", g.win("d-1", "w-1", amount))
	}
	g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-2", "2147483647"))
	g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-2", "4294967296.01"))
	for _, c := range [][2]string{{"1", "4989.00"}, {"1.0", "4988.00"}, {"1.00", "4987.00"}, {"0.5", "4986.50"}} {
		g.has(c[1], g.bet(unique("w"), c[0]))
	}
	g.has("4986.60", g.win("d-1", "w-1", "0.1"))
	// Not the sum of two binary fractions.
	g.has("4986.30", g.bet("w-3", "0.3", fields{"cashAmount": number("0.1"), "jackpotAmount": number("0.2")}))
}
