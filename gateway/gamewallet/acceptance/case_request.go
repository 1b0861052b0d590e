package acceptance

import (
	"net/http"
	"strings"
)

var requestCases = []scenario{
	{"refusal-body", ids(), "A refusal has code, description and traceId, all texts", func(p *play) {
		a := p.send(p.ask().with("playerId", p.id("nobody")))
		p.isRefusal("balance", a, http.StatusBadRequest, badRequest)
		if a.trace == "" || !strings.Contains(a.raw, `"description"`) {
			p.fail("expected code, description and traceId, got %s", a)
		}
	}},
	{"unknown-player", ids("GW-04"), "A player who is not known is refused in all calls", func(p *play) {
		bet := p.bet(1, p.round()).with("playerId", p.id("nobody"))
		p.refused(bet, badRequest)
		p.refused(p.win(1, bet).with("playerId", bet.get("playerId")), badRequest)
		p.refused(p.ask().with("playerId", bet.get("playerId")), badRequest)
	}},
	{"session-of-another-player", ids("GW-04"), "A session of another player is refused", func(p *play) {
		p.need("--second-player", p.SecondPlayer, "--second-session", p.SecondSession)
		p.refused(p.bet(1, p.round()).with("sessionId", p.SecondSession), invalidSession)
	}},
	{"field-missing", ids("GW-05"), "A call without a required field is refused and has no effect", func(p *play) {
		p.eachField(func(r request, name string) request { return r.without(name) })
	}},
	{"field-null", ids("GW-05"), "A required field that is null is refused", func(p *play) {
		p.eachField(func(r request, name string) request { return r.with(name, literal("null")) })
	}},
	{"id-empty", ids("GW-05"), "An id that is empty is refused", func(p *play) {
		p.eachID(func(int) string { return "" })
	}},
	{"id-too-long", ids("GW-05"), "An id longer than 255 characters (45 of a player, 600 of a session) is refused", func(p *play) {
		p.eachID(func(most int) string { return strings.Repeat("x", most+1) })
	}},
	{"id-longest", ids("GW-05"), "A transaction id of 255 characters works, and is told from others to its last one", func(p *play) {
		p.afford(2)
		long := func(last string) string {
			start := p.id("bet-")
			return start + strings.Repeat("x", 254-len(start)) + last
		}
		round := p.round()
		one := p.bet(1, round).with("transactionId", long("1"))
		other := p.bet(1, round).with("transactionId", one.get("transactionId")[:254]+"2")
		p.done(one, -1)
		p.done(other, -1)
		p.done(p.rollback(one), 1)
		p.done(p.rollback(other), 1)
	}},
	{"wrong-type", ids("GW-05", "GW-13"), "A field of another type is refused: amounts as text, ids as numbers, flags as text", func(p *play) {
		bet := p.bet(1, p.round())
		p.refused(bet.with("amount", string(p.amount(1))), badRequest)
		p.refused(bet.with("cashAmount", string(p.amount(1))), badRequest)
		p.refused(bet.with("jackpotAmount", "0"), badRequest)
		p.refused(bet.with("transactionId", 7), badRequest)
		p.refused(bet.with("gameRoundId", []string{"r"}), badRequest)
		p.refused(bet.with("isGameRoundFinished", "false"), badRequest)
		p.refused(p.ask().with("playerId", 7), badRequest)
	}},
	{"body-not-an-object", ids("GW-05"), "A body that is not one JSON object is refused", func(p *play) {
		bet := p.bet(1, p.round())
		for _, body := range []string{"", "[]", "null", "{", bet.body() + "{}", bet.body()[1:], "[" + bet.body() + "]"} {
			p.refused(bet.sending(body), badRequest)
		}
	}},
	{"duplicate-field", ids("GW-05"), "A body that holds a field twice is refused", func(p *play) {
		bet := p.bet(1, p.round())
		body := strings.TrimSuffix(bet.body(), "}") + `,"gameRoundId":"` + p.round() + `"}`
		p.refused(bet.sending(body), badRequest)
	}},
	{"unknown-field", ids(), "Fields that are not known are ignored", func(p *play) {
		p.done(p.ask().with("brandId", "b").with("metadata", literal(`{"a":[1]}`)), 0)
	}},
	{"body-too-large", ids("GW-05"), "A body of 2 MiB is refused", func(p *play) {
		a := p.send(p.ask().with("padding", strings.Repeat("x", 2<<20)))
		// A server may stop reading and close, which the caller sees as no answer.
		if a.status != 0 && a.status != http.StatusRequestEntityTooLarge && a.status != http.StatusBadRequest {
			p.fail("balance: expected 413 or 400, got %s", a)
		}
	}},
	{"currency-other", ids("GW-06"), "A currency that is not the player's is refused in all calls, also one that does not exist", func(p *play) {
		p.afford(1)
		bet := p.bet(1, p.round())
		other := map[bool]string{true: "EUR", false: "USD"}[p.Currency == "USD"]
		for _, currency := range []string{other, "ZZZ", ""} {
			p.refused(p.ask().with("currency", currency), badRequest)
			p.refused(bet.with("currency", currency), badRequest)
		}
		p.done(bet, -1)
		p.refused(p.win(1, bet).with("currency", other), badRequest)
		p.done(p.rollback(bet), 1)
	}},
	{"unknown-game", ids("GW-07"), "A bet in a game that is not known is refused", func(p *play) {
		p.refused(p.bet(1, p.round()).with("gameId", p.id("game")), gameNotActive)
	}},
	{"inactive-game", ids("GW-07"), "A bet in an inactive game is refused; wins and rollbacks are not refused for it", func(p *play) {
		p.need("--inactive-game", p.InactiveGame)
		bet := p.bet(1, p.id("round")).with("gameId", p.InactiveGame)
		p.refused(bet, gameNotActive)
		p.done(p.freeWin(0, p.id("round")).with("gameId", p.InactiveGame).with("isGameRoundFinished", true), 0)
		p.findsNothing(p.rollback(bet))
	}},
}

// required lists the fields that a call cannot do without.
var required = map[string][]string{
	"balance": {"playerId", "sessionId", "currency"},
	"withdraw": {"amount", "cashAmount", "currency", "gameId", "gameRoundId", "isGameRoundFinished", "playerId", "sessionId",
		"transactionId"},
	"deposit": {"amount", "cashAmount", "currency", "gameId", "gameRoundId", "isGameRoundFinished", "playerId", "sessionId",
		"transactionId"},
	"rollback": {"gameId", "gameRoundId", "playerId", "sessionId", "transactionId", "withdrawTransactionId"},
}

// calls are one of each call, all about the bet, which has not been made.
func (p *play) calls(bet request) []request {
	return []request{p.ask(), bet, p.win(1, bet), p.rollback(bet)}
}

func (p *play) eachField(spoil func(request, string) request) {
	for _, r := range p.calls(p.bet(1, p.round())) {
		for _, name := range required[r.call] {
			p.refusedFor(spoil(r, name), name)
		}
	}
	p.still("after the refusals")
}

// longest are the bounds of ids.
var longest = map[string]int{
	"playerId": 45, "sessionId": 600, "gameId": 255, "gameRoundId": 255, "transactionId": 255, "withdrawTransactionId": 255,
}

func (p *play) eachID(value func(most int) string) {
	for _, r := range p.calls(p.bet(1, p.round())) {
		for _, name := range required[r.call] {
			if most, isID := longest[name]; isID {
				p.refusedFor(r.with(name, value(most)), name)
			}
		}
	}
	p.still("after the refusals")
}

// refusedFor names the field in what it says when the call is not refused.
func (p *play) refusedFor(r request, name string) {
	p.isRefusal(r.call+" ("+name+")", p.send(r), http.StatusBadRequest, badRequest)
}
