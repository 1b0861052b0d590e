package acceptance

import (
	"net/http"
	"strings"
)

var amountCases = []scenario{
	{"negative-amount", ids("GW-08"), "A negative amount is refused, in bets, wins and their parts", func(p *play) {
		p.afford(1)
		round := p.round()
		p.refused(p.bet(-1, round), badRequest)
		p.refused(p.bet(1, round).with("cashAmount", p.amount(2)).with("jackpotAmount", p.amount(-1)), badRequest)
		bet := p.bet(1, round)
		p.done(bet, -1)
		p.refused(p.win(-1, bet), badRequest)
		p.done(p.rollback(bet), 1)
	}},
	{"zero-bet", ids("GW-09"), "A bet of 0 is accepted and recorded, and moves nothing", func(p *play) {
		bet := p.bet(0, p.round())
		p.done(bet, 0)
		p.repeated(bet)
		p.refused(bet.with("amount", p.amount(1)).with("cashAmount", p.amount(1)), duplicate)
		p.done(p.win(0, bet), 0)
	}},
	{"zero-win-ends-round", ids("GW-10"), "A win of 0 is accepted and can end the round", func(p *play) {
		p.afford(1)
		bet := p.bet(1, p.round())
		p.done(bet, -1)
		p.done(p.win(0, bet).with("isGameRoundFinished", true), 0)
		p.refused(p.bet(0, bet.get("gameRoundId")), badRequest)
	}},
	{"smallest-amounts", ids("GW-11"), "Amounts of one minor unit and a few add up exactly", func(p *play) {
		p.afford(130)
		round := p.round()
		var bets []request
		for _, u := range []units{1, 10, 20, 29, 70} {
			bet := p.bet(u, round)
			p.done(bet, -u)
			bets = append(bets, bet)
		}
		p.done(p.win(130, bets[0]), 130)
	}},
	{"too-many-decimals", ids("GW-11"), "An amount with more decimals than the currency has is refused, never rounded", func(p *play) {
		zeros := strings.Repeat("0", p.Decimals)
		for _, text := range []string{"0." + zeros + "1", "0." + zeros + "5", "0." + zeros + "9", "0." + zeros + "0001", "1." + zeros + "4"} {
			p.refused(p.betOf(text), badRequest)
		}
		bet := p.bet(0, p.round())
		p.done(bet, 0)
		p.refused(p.win(0, bet).with("amount", literal("0."+zeros+"9")).with("cashAmount", literal("0."+zeros+"9")), badRequest)
	}},
	{"large-win", ids("GW-12"), "A win of ten digits arrives exactly", func(p *play) {
		const large = 6_372_709_234
		bet := p.bet(0, p.round())
		p.done(bet, 0)
		p.done(p.win(large, bet), large)
		back := p.bet(large, bet.get("gameRoundId"))
		p.done(back, -large)
	}},
	{"large-win-no-float", ids("GW-12", "GW-13"), "A win of sixteen digits arrives exactly, or is refused", func(p *play) {
		const large = 1<<53 + 1 // the first whole number that a float does not hold
		bet := p.bet(0, p.round())
		p.done(bet, 0)
		win := p.win(large, bet)
		if a := p.send(win); a.status == http.StatusBadRequest {
			p.isRefusal("deposit", a, http.StatusBadRequest, badRequest, limitExceeded)
			return
		}
		p.have += large
		p.still("after the win")
		p.done(p.bet(large-1, bet.get("gameRoundId")), 1-large)
		p.done(p.bet(1, bet.get("gameRoundId")), -1)
	}},
	{"odd-numbers", ids("GW-13"), "Numbers in other than plain form are refused: exponents, signs, NaN, hex, leading zeros", func(p *play) {
		for _, text := range []string{"1e3", "1E400", "1e-2", "NaN", "Infinity", "+1", "01", ".5", "1.", "0x1", "1,00", "--1"} {
			p.refused(p.betOf(text), badRequest)
		}
	}},
	{"out-of-range", ids("GW-13"), "Amounts beyond every balance are refused, however long, and take nothing", func(p *play) {
		for _, u := range []units{1<<31 - 1, 1 << 53, 1<<63 - 1} {
			if p.have < u {
				p.refused(p.bet(u, p.round()), fundsShort, limitExceeded, badRequest)
			}
		}
		for _, text := range []string{"9223372036854775808", "18446744073709551617", strings.Repeat("9", 40), strings.Repeat("9", 4000)} {
			p.refused(p.betOf(text), fundsShort, limitExceeded, badRequest)
		}
		p.still("after the refusals")
	}},
	{"amount-is-the-sum", ids("GW-14"), "amount must be cashAmount and jackpotAmount together, and that much is taken", func(p *play) {
		p.afford(3)
		bet := p.bet(3, p.round())
		p.refused(bet.with("cashAmount", p.amount(2)), badRequest)
		p.refused(bet.with("jackpotAmount", p.amount(1)), badRequest)
		p.done(bet.with("cashAmount", p.amount(2)).with("jackpotAmount", p.amount(1)), -3)
		p.refused(p.win(3, bet).with("cashAmount", p.amount(1)), badRequest)
		p.done(p.win(3, bet).with("cashAmount", p.amount(1)).with("jackpotAmount", p.amount(2)), 3)
	}},
	{"rollback-amount-ignored", ids("GW-15"), "A rollback returns the bet's amount, whatever amount it names", func(p *play) {
		p.afford(6)
		for _, named := range []any{literal("0"), p.amount(1), p.amount(500), p.amount(-1)} {
			bet := p.bet(6, p.round())
			p.done(bet, -6)
			p.done(p.rollback(bet).with("amount", named), 6)
		}
	}},
	{"insufficient-funds", ids("GW-56"), "A bet of more than the balance is refused with the code for it, and takes nothing", func(p *play) {
		a := p.send(p.bet(p.have+1, p.round()))
		if a.code == limitExceeded {
			p.skip("needs a player without a bet limit")
		}
		p.isRefusal("withdraw", a, http.StatusBadRequest, fundsShort)
		p.still("after the refusal")
	}},
	{"refused-bet-tried-again", ids("GW-23"), "A bet refused for lack of money is not kept: it succeeds under the same id when there is some", func(p *play) {
		bet := p.bet(p.have+1, p.round())
		a := p.send(bet)
		if a.code == limitExceeded {
			p.skip("needs a player without a bet limit")
		}
		p.isRefusal("withdraw", a, http.StatusBadRequest, fundsShort)
		fill := p.bet(0, p.round())
		p.done(fill, 0)
		p.done(p.win(1, fill), 1)
		p.done(bet, -p.have)
		p.done(p.rollback(bet), mustUnits(p, bet))
	}},
}

// betOf is a bet whose amount is that text.
func (p *play) betOf(text string) request {
	return p.bet(0, p.round()).with("amount", literal(text)).with("cashAmount", literal(text))
}

// mustUnits is a bet's own amount.
func mustUnits(p *play, bet request) units {
	u, err := p.exact(bet.get("amount"))
	if err != nil {
		p.fail("%v", err)
	}
	return u
}
