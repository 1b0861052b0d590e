package acceptance

import "net/http"

var signatureCases = []scenario{
	{"balance-answers", ids(), "A signed balance call is answered with a number and the player's currency", func(p *play) {
		p.done(p.ask(), 0)
	}},
	{"signature-missing", ids("GW-01"), "A call without a signature, or without a public key, is refused with 401", func(p *play) {
		p.unauthorised(forgery{unsigned: true})
		p.unauthorised(forgery{noKey: true})
	}},
	{"signature-wrong-key", ids("GW-01"), "A signature made with another private key is refused with 401", func(p *play) {
		p.unauthorised(forgery{privateKey: "not-" + p.PrivateKey})
	}},
	{"signature-unknown-public-key", ids("GW-01"), "A public key that nobody has is refused with 401", func(p *play) {
		p.unauthorised(forgery{key: p.id("key")})
	}},
	{"signature-cut", ids("GW-01"), "The first half of the right signature is refused with 401", func(p *play) {
		p.unauthorised(forgery{cut: true})
	}},
	{"signature-other-method", ids("GW-01"), "A signature over another method is refused with 401", func(p *play) {
		p.unauthorised(forgery{method: http.MethodGet})
	}},
	{"signature-other-call", ids("GW-01"), "A signature over another call's address is refused with 401", func(p *play) {
		p.unauthorised(forgery{call: "deposit"})
	}},
	{"signature-changed-body", ids("GW-01"), "A body changed after signing is refused with 401, and nothing of it is kept", func(p *play) {
		p.afford(2)
		bet := p.bet(1, p.round())
		changed := bet.with("amount", p.amount(2)).with("cashAmount", p.amount(2))
		p.isRefusal("withdraw", p.send(changed.forged(forgery{body: bet.body()})), http.StatusUnauthorized, badSignature)
		p.still("after the refusal")
		p.done(bet, -1)
		p.done(p.rollback(bet), 1)
	}},
	{"signature-raw-bytes", ids("GW-02"), "The raw bytes are signed: the same JSON with other spaces needs a signature of its own", func(p *play) {
		ask := p.ask()
		spaced := "{ \"currency\" : \"" + p.Currency + "\",\n\t\"sessionId\":" + string(asJSON(p.Session)) + ", \"playerId\": " +
			string(asJSON(p.Player)) + " }"
		p.isRefusal("balance", p.send(ask.sending(spaced).forged(forgery{body: ask.body()})), http.StatusUnauthorized, badSignature)
		p.done(ask.sending(spaced), 0)
	}},
	{"captured-call-replayed", ids("GW-03"), "A call sent again whole has no second effect", func(p *play) {
		p.afford(1)
		bet := p.bet(1, p.round())
		p.done(bet, -1)
		p.repeated(bet)
		p.done(p.rollback(bet), 1)
	}},
}

// unauthorised sends a bet with that wrong with its signature.
func (p *play) unauthorised(f forgery) {
	p.afford(1)
	bet := p.bet(1, p.round())
	p.isRefusal("withdraw", p.send(bet.forged(f)), http.StatusUnauthorized, badSignature)
	p.still("after the refusal")
}
