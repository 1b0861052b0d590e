package acceptance

import "strings"

var repeatCases = []scenario{
	{"same-bet-again", ids("GW-16"), "A bet sent again is taken once", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.repeated(bet)
		p.repeated(bet)
		p.done(p.rollback(bet), 5)
	}},
	{"same-win-again", ids("GW-16", "GW-46"), "A win sent again is paid once, also one that ended its round", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		win := p.win(5, bet).with("isGameRoundFinished", true)
		p.done(win, 5)
		p.repeated(win)
		p.repeated(bet)
	}},
	{"same-bet-other-spelling", ids("GW-16"), "A bet sent again with its amount spelled otherwise (1.5 for 1.50) is the same bet", func(p *play) {
		if p.Decimals == 0 {
			p.skip("needs a currency with decimals")
		}
		u := units(5)
		for range p.Decimals {
			u *= 10
		}
		p.afford(u)
		bet := p.bet(u, p.round())
		p.done(bet, -u)
		short := literal(strings.TrimRight(strings.TrimRight(p.text(u), "0"), "."))
		p.repeated(bet.with("amount", short).with("cashAmount", short))
		p.done(p.rollback(bet), u)
	}},
	{"same-id-other-content", ids("GW-17"), "The id of a bet with another amount, round, game or currency is a duplicate", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.refused(bet.with("amount", p.amount(4)).with("cashAmount", p.amount(4)), duplicate)
		p.refused(bet.with("gameRoundId", p.round()), duplicate)
		p.refused(bet.with("gameId", p.id("game")), duplicate)
		p.refused(bet.with("currency", map[bool]string{true: "EUR", false: "USD"}[p.Currency == "USD"]), duplicate)
		p.still("after the refusals")
		p.done(p.rollback(bet), 5)
	}},
	{"same-win-id-other-content", ids("GW-17"), "The id of a win with another amount, round or bet is a duplicate", func(p *play) {
		p.afford(5)
		round := p.round()
		bet, other := p.bet(2, round), p.bet(3, round)
		p.done(bet, -2)
		p.done(other, -3)
		win := p.win(5, bet)
		p.done(win, 5)
		p.refused(win.with("amount", p.amount(4)).with("cashAmount", p.amount(4)), duplicate)
		p.refused(win.with("withdrawTransactionId", other.get("transactionId")), duplicate)
		p.refused(win.with("gameRoundId", p.round()), duplicate)
	}},
	{"id-used-as-another-kind", ids("GW-18"), "An id used by a bet is a duplicate for a win or a rollback, and the other way round", func(p *play) {
		p.afford(6)
		round := p.round()
		bet, other := p.bet(4, round), p.bet(2, round)
		p.done(bet, -4)
		p.done(other, -2)
		p.refused(p.win(4, bet).with("transactionId", bet.get("transactionId")), duplicate)
		p.refused(p.win(4, bet).with("transactionId", other.get("transactionId")), duplicate)
		p.refused(p.rollback(bet).with("transactionId", other.get("transactionId")), duplicate)
		win := p.win(4, bet)
		p.done(win, 4)
		p.refused(p.bet(4, round).with("transactionId", win.get("transactionId")), duplicate)
		p.refused(p.rollback(other).with("transactionId", win.get("transactionId")), duplicate)
		back := p.rollback(other)
		p.done(back, 2)
		p.refused(p.bet(4, round).with("transactionId", back.get("transactionId")), duplicate)
		p.refused(p.win(4, bet).with("transactionId", back.get("transactionId")), duplicate)
	}},
	{"same-id-two-players", ids("GW-19"), "The id of one player's bet from another player: a duplicate, or a bet of his own, as the profile says", func(p *play) {
		p.need("--second-player", p.SecondPlayer, "--second-session", p.SecondSession)
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		other := bet.with("playerId", p.SecondPlayer).with("sessionId", p.SecondSession)
		if p.Profile.IDScope == PerPlayer {
			if _, err := p.settled(p.send(other)); err != nil {
				p.fail("withdraw of the second player: %v", err)
			}
			p.still("after the other player's bet")
			if _, err := p.settled(p.send(p.rollback(other))); err != nil {
				p.fail("rollback of the second player: %v", err)
			}
		} else {
			p.refused(other, duplicate)
		}
		p.done(p.rollback(bet), 5)
	}},
	{"bet-again-after-others", ids("GW-20"), "A bet sent again after others moves nothing; its balance is the one of then or of now", func(p *play) {
		p.afford(7)
		bet, later := p.bet(5, p.round()), p.bet(2, p.round())
		p.done(bet, -5)
		then := p.have
		p.done(later, -2)
		if p.Profile.Duplicate == Replay {
			got, err := p.settled(p.send(bet))
			if err != nil {
				p.fail("withdraw again: %v", err)
			}
			if got != then && got != p.have {
				p.fail("withdraw again answers the balance %s, expected %s or %s", p.text(got), p.text(then), p.text(p.have))
			}
		} else {
			p.repeated(bet)
		}
		p.done(p.rollback(bet), 5)
		p.done(p.rollback(later), 2)
	}},
	{"bet-again-after-rollback", ids("GW-16", "GW-26"), "A bet sent again after its rollback takes nothing", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.done(p.rollback(bet), 5)
		p.repeated(bet)
		p.repeated(bet)
	}},
}
