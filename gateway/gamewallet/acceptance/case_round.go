package acceptance

var roundCases = []scenario{
	{"bet-in-ended-round", ids("GW-41"), "A bet in a round that has ended is refused", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.win(5, bet).with("isGameRoundFinished", true), 5)
		p.refused(p.bet(5, bet.get("gameRoundId")), badRequest)
		p.still("after the refusal")
	}},
	{"many-bets-in-a-round", ids("GW-42"), "A round takes 101 bets", func(p *play) {
		p.afford(101)
		round := p.round()
		first := p.bet(1, round)
		p.done(first, -1)
		for range 100 {
			p.done(p.bet(1, round), -1)
		}
		p.done(p.win(101, first).with("isGameRoundFinished", true), 101)
	}},
	{"win-without-bet", ids("GW-43"), "A win that names a bet nobody made is refused or paid, as the profile says", func(p *play) {
		win := p.win(5, p.bet(5, p.round()))
		if p.Profile.WinWithoutBet == Accept {
			p.done(win, 5)
			return
		}
		p.refused(win, betNotFound)
		p.refused(win.without("withdrawTransactionId"), badRequest)
	}},
	{"free-spins-win", ids("GW-43"), "A win of a free-spins campaign needs no bet, and is paid once", func(p *play) {
		win := p.freeWin(5, p.round())
		p.done(win, 5)
		p.repeated(win)
	}},
	{"win-after-round-end", ids("GW-44"), "A win after the end of its round is refused, except of free spins", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.win(5, bet).with("isGameRoundFinished", true), 5)
		p.refused(p.win(5, bet), badRequest)
		p.still("after the refusal")
		p.done(p.freeWin(3, bet.get("gameRoundId")), 3)
	}},
	{"bet-that-ends-its-round", ids("GW-45"), "A bet that ends its round leaves no room for a win or another bet; it can be rolled back", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round()).with("isGameRoundFinished", true)
		p.done(bet, -5)
		p.refused(p.win(5, bet), badRequest)
		p.refused(p.bet(5, bet.get("gameRoundId")), badRequest)
		p.done(p.rollback(bet), 5)
	}},
	{"round-ended-twice", ids("GW-46"), "A round that is ended twice stays ended", func(p *play) {
		bet := p.bet(0, p.round())
		p.done(bet, 0)
		p.done(p.freeWin(0, bet.get("gameRoundId")).with("isGameRoundFinished", true), 0)
		p.done(p.freeWin(0, bet.get("gameRoundId")).with("isGameRoundFinished", true), 0)
		p.done(p.freeWin(0, bet.get("gameRoundId")), 0)
		p.refused(p.bet(0, bet.get("gameRoundId")), badRequest)
	}},
	{"same-round-two-players", ids("GW-48"), "Two players may have rounds of the same id: each ends for itself", func(p *play) {
		p.need("--second-player", p.SecondPlayer, "--second-session", p.SecondSession)
		bet := p.bet(0, p.round()).with("isGameRoundFinished", true)
		p.done(bet, 0)
		other := p.bet(0, bet.get("gameRoundId")).with("playerId", p.SecondPlayer).with("sessionId", p.SecondSession)
		if _, err := p.settled(p.send(other.with("isGameRoundFinished", true))); err != nil {
			p.fail("withdraw of the second player: %v", err)
		}
		p.refused(p.bet(0, bet.get("gameRoundId")), badRequest)
	}},
}

var sessionCases = []scenario{
	{"unknown-session", ids("GW-49"), "A bet with a session that is not known is refused", func(p *play) {
		p.refused(p.bet(1, p.round()).with("sessionId", p.id("session")), invalidSession)
	}},
	{"expired-session", ids("GW-49"), "A new bet with an ended session is refused; the balance is still told", func(p *play) {
		p.need("--expired-session", p.ExpiredSession)
		p.refused(p.bet(1, p.round()).with("sessionId", p.ExpiredSession), sessionExpired)
		p.done(p.ask().with("sessionId", p.ExpiredSession), 0)
	}},
	{"bet-again-in-expired-session", ids("GW-21"), "A bet sent again when the session has ended is answered as done: its id comes before the session", func(p *play) {
		p.need("--expired-session", p.ExpiredSession)
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.repeated(bet.with("sessionId", p.ExpiredSession))
		p.done(p.rollback(bet), 5)
	}},
	{"win-in-expired-session", ids("GW-50"), "A win for a bet is paid when the session has ended", func(p *play) {
		p.need("--expired-session", p.ExpiredSession)
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.win(5, bet).with("sessionId", p.ExpiredSession), 5)
	}},
	{"rollback-in-expired-session", ids("GW-38"), "A rollback is accepted when the session has ended", func(p *play) {
		p.need("--expired-session", p.ExpiredSession)
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.rollback(bet).with("sessionId", p.ExpiredSession), 5)
	}},
	{"blocked-player", ids("GW-51", "GW-38"), "A blocked player's new bet is refused; wins and rollbacks are not refused for it", func(p *play) {
		p.need("--blocked-player", p.BlockedPlayer, "--blocked-session", p.BlockedSession)
		blocked := func(r request) request {
			return r.with("playerId", p.BlockedPlayer).with("sessionId", p.BlockedSession)
		}
		bet := blocked(p.bet(0, p.id("round")))
		p.refused(bet, playerBlocked)
		if _, err := p.settled(p.send(blocked(p.freeWin(0, p.id("round")).with("isGameRoundFinished", true)))); err != nil {
			p.fail("deposit: %v", err)
		}
		p.findsNothing(p.rollback(bet))
	}},
	{"two-sessions-of-a-player", ids("GW-52"), "Two open sessions of a player play on one balance", func(p *play) {
		p.need("--parallel-session", p.ParallelSession)
		p.afford(8)
		one, two := p.bet(3, p.round()), p.bet(5, p.round()).with("sessionId", p.ParallelSession)
		p.done(one, -3)
		p.done(two, -5)
		p.done(p.win(3, one).with("sessionId", p.ParallelSession), 3)
		p.done(p.rollback(two), 5)
	}},
}
