package acceptance

import "net/http"

var rollbackCases = []scenario{
	{"rollback-returns-bet", ids("GW-26"), "A rollback returns exactly the bet", func(p *play) {
		p.afford(37)
		bet := p.bet(37, p.round())
		p.done(bet, -37)
		p.done(p.rollback(bet), 37)
	}},
	{"rollback-again", ids("GW-27"), "A second rollback of a bet, under the same id or a new one, returns nothing more", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		back := p.rollback(bet)
		p.done(back, 5)
		for _, again := range []request{back, p.rollback(bet)} {
			a := p.send(again)
			if p.Profile.RepeatedRollback == Accept || a.status == http.StatusOK {
				p.mayBeRepeated(a)
			} else if a.status != http.StatusBadRequest {
				p.fail("rollback again: expected 400, got %s", a)
			}
			p.still("after the second rollback")
		}
	}},
	{"rollback-retried-often", ids("GW-59"), "A rollback retried a hundred times is answered each time, and returns the bet once", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		back := p.rollback(bet)
		p.done(back, 5)
		for range 100 {
			p.answered("rollback again", []answer{p.send(back)})
		}
	}},
	{"rollback-of-unknown-bet", ids("GW-28"), "A rollback that finds no bet returns nothing, and is answered alike when sent again", func(p *play) {
		back := p.rollback(p.bet(5, p.round()))
		p.findsNothing(back)
		p.findsNothing(back)
		p.still("after the rollbacks")
	}},
	{"bet-after-its-rollback", ids("GW-29"), "A bet that arrives after its rollback is never taken", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.findsNothing(p.rollback(bet))
		for range 3 {
			p.tooLate(bet)
			p.still("after the late bet")
		}
	}},
	{"rollbacks-before-bet-and-win", ids("GW-30"), "After several rollbacks of a bet that was not made, its bet and its win move nothing", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.findsNothing(p.rollback(bet))
		p.findsNothing(p.rollback(bet))
		p.findsNothing(p.rollback(bet))
		p.tooLate(bet)
		if p.Profile.WinWithoutBet == Refuse {
			p.refused(p.win(5, bet), badRequest, betNotFound, rolledBack)
		}
		p.still("in the end")
	}},
	{"rollback-after-win", ids("GW-32"), "A rollback of a bet that has its win is refused, and the win stands", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.win(7, bet), 7)
		p.refused(p.rollback(bet), badRequest)
		p.still("after the refusal")
		p.done(p.bet(2, bet.get("gameRoundId")), -2)
	}},
	{"win-after-rollback", ids("GW-33"), "A win for a bet that was rolled back is refused", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.rollback(bet), 5)
		p.refused(p.win(5, bet), badRequest)
	}},
	{"rollback-naming-a-win", ids("GW-34"), "A rollback that names a win finds no bet, and the win stands", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		win := p.win(5, bet)
		p.done(win, 5)
		p.findsNothing(p.rollback(bet).with("withdrawTransactionId", win.get("transactionId")))
		p.still("after the rollback")
	}},
	{"rollback-naming-another-round", ids("GW-35"), "A rollback that names another round or game than its bet's is refused; the right one still works", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.refused(p.rollback(bet).with("gameRoundId", p.round()), badRequest)
		p.refused(p.rollback(bet).with("gameId", p.id("game")), badRequest)
		p.done(p.rollback(bet), 5)
	}},
	{"rollback-by-another-player", ids("GW-35"), "A rollback by another player than the bet's is refused and returns nothing to either", func(p *play) {
		p.need("--second-player", p.SecondPlayer, "--second-session", p.SecondSession)
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		second := p.ask().with("playerId", p.SecondPlayer).with("sessionId", p.SecondSession)
		before, err := p.settled(p.send(second))
		if err != nil {
			p.fail("balance of the second player: %v", err)
		}
		wrong := p.rollback(bet).with("playerId", p.SecondPlayer).with("sessionId", p.SecondSession)
		if p.Profile.IDScope == PerPlayer { // the bet is unknown among his ids
			p.findsNothing(wrong)
		} else {
			p.refused(wrong, badRequest)
		}
		if after, err := p.settled(p.send(second)); err != nil || after != before {
			p.fail("the second player has %s after it and had %s (%v)", p.text(after), p.text(before), err)
		}
		p.done(p.rollback(bet), 5)
	}},
	{"rollback-of-one-bet-of-two", ids("GW-37"), "A rollback of one of two bets of a round returns that one; the other can win", func(p *play) {
		p.afford(8)
		round := p.round()
		one, two := p.bet(3, round), p.bet(5, round)
		p.done(one, -3)
		p.done(two, -5)
		p.done(p.rollback(one), 3)
		p.done(p.win(5, two), 5)
		p.done(p.bet(0, round), 0)
	}},
	{"rollback-in-ended-round", ids("GW-38"), "A rollback is accepted after its round has ended", func(p *play) {
		p.afford(8)
		round := p.round()
		one, two := p.bet(3, round), p.bet(5, round)
		p.done(one, -3)
		p.done(two, -5)
		p.done(p.win(5, two).with("isGameRoundFinished", true), 5)
		p.done(p.rollback(one), 3)
	}},
	{"rollback-of-refused-bet", ids("GW-39"), "A rollback of a bet that was refused for lack of money returns nothing", func(p *play) {
		bet := p.bet(p.have+1, p.round())
		p.refused(bet, fundsShort, limitExceeded)
		p.findsNothing(p.rollback(bet))
		p.still("after the rollback")
	}},
}

// findsNothing sends a rollback of a bet that was not made.
func (p *play) findsNothing(back request) {
	a := p.send(back)
	if p.Profile.UnknownRollback == Refuse {
		p.isRefusal("rollback", a, http.StatusBadRequest, nothingToReturn)
	} else {
		p.mayBeRepeated(a)
	}
}

// mayBeRepeated wants a 200, with whatever balance.
func (p *play) mayBeRepeated(a answer) {
	if _, err := p.settled(a); err != nil {
		p.fail("rollback: %v", err)
	}
}

// tooLate sends a bet that has been rolled back.
func (p *play) tooLate(bet request) {
	if p.Profile.LateBet == Accept {
		p.done(bet, 0)
	} else {
		p.refused(bet, rolledBack)
	}
}
