package acceptance

import "net/http"

var crowdCases = []scenario{
	{"same-bet-at-once", ids("GW-22"), "The same bet ten times at once is taken once, and every call is answered", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.once(bet)
		p.have -= 5
		p.still("afterwards")
		p.done(p.rollback(bet), 5)
	}},
	{"same-win-at-once", ids("GW-22"), "The same win ten times at once is paid once, and every call is answered", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		p.once(p.win(5, bet))
		p.have += 5
		p.still("afterwards")
	}},
	{"rollbacks-at-once", ids("GW-27", "GW-22"), "Ten rollbacks of a bet at once, each of an id of its own, return it once", func(p *play) {
		p.afford(5)
		bet := p.bet(5, p.round())
		p.done(bet, -5)
		backs := make([]request, crowd)
		for i := range backs {
			backs[i] = p.rollback(bet)
		}
		p.answered("rollback", p.atOnce(backs...))
		p.have += 5
		p.still("afterwards")
	}},
	{"bets-at-once", ids("GW-53"), "Ten bets at once with money for all are all taken, exactly", func(p *play) {
		p.afford(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10)
		bets := make([]request, crowd)
		for i := range bets {
			bets[i] = p.bet(units(i+1), p.round())
		}
		for i, a := range p.atOnce(bets...) {
			if _, err := p.settled(a); err != nil {
				p.fail("withdraw: %v", err)
			}
			p.have -= units(i + 1)
		}
		p.still("afterwards")
		for i, bet := range bets {
			p.done(p.rollback(bet), units(i+1))
		}
	}},
	{"bets-at-once-money-for-one", ids("GW-54"), "Ten bets of the whole balance at once: exactly one is taken", func(p *play) {
		p.afford(1)
		all, bets := p.have, make([]request, crowd)
		for i := range bets {
			bets[i] = p.bet(all, p.round())
		}
		var taken []request
		for i, a := range p.atOnce(bets...) {
			switch {
			case a.status == http.StatusOK:
				taken = append(taken, bets[i])
				p.have -= all
			case a.code == limitExceeded:
				p.skip("needs a player without a bet limit")
			default:
				p.isRefusal("withdraw", a, http.StatusBadRequest, fundsShort)
			}
		}
		if len(taken) != 1 {
			p.fail("%d of %d bets were taken", len(taken), crowd)
		}
		p.still("afterwards")
		p.done(p.rollback(taken[0]), all)
	}},
	{"rollback-races-its-bet", ids("GW-31"), "A bet and its rollback at the same time: returned, or never taken", func(p *play) {
		p.afford(5)
		for range 25 {
			bet := p.bet(5, p.round())
			p.answered("withdraw and rollback", p.atOnce(bet, p.rollback(bet)))
			p.still("after a race of a bet and its rollback")
			p.answered("withdraw again", []answer{p.send(bet)})
			p.still("after the bet was sent again")
		}
	}},
	{"answers-in-time", ids("GW-57"), "Calls in a crowd are answered before a provider would give up", func(p *play) {
		asks := make([]request, 4*crowd)
		for i := range asks {
			asks[i] = p.ask()
		}
		for _, a := range p.atOnce(asks...) {
			if _, err := p.settled(a); err != nil {
				p.fail("balance: %v", err)
			}
		}
	}},
}

// once makes the call ten times at once: it must be done, and those that are not
// must say that it is a duplicate.
func (p *play) once(r request) {
	done := 0
	for _, a := range p.atOnce(r, r, r, r, r, r, r, r, r, r) {
		if _, err := p.settled(a); err == nil {
			done++
		} else if p.Profile.Duplicate == Replay {
			p.fail("%s: %v", r.call, err)
		} else {
			p.isRefusal(r.call, a, http.StatusBadRequest, duplicate)
		}
	}
	if done == 0 {
		p.fail("%s: none of %d equal calls was done", r.call, crowd)
	}
}

// answered wants each call done or refused for a rule, and none lost to a fault.
func (p *play) answered(what string, answers []answer) {
	for _, a := range answers {
		if a.err != nil || (a.status != http.StatusOK && a.status != http.StatusBadRequest) {
			p.fail("%s: expected 200 or 400, got %s", what, a)
		}
	}
}
