package gateway_test

import (
	"fmt"
	"slices"

	"disburse/gateway/enduser"
	"disburse/ledger/money"
)

// What happens to accounts.
var accountActions = map[string]action{
	"deposit":  {2, (*play).deposit},
	"bonus":    {2, (*play).bonus},
	"wagering": {1, (*play).wagering},
	"bet":      {1, (*play).bet},
	"adjust":   {2, (*play).adjust},
	"block":    {1, (*play).block},
	"repeat":   {4, (*play).repeat},
}

func (p *play) deposit(doing string) {
	who, ref := p.person(), pick(p, "ref", "r1", "r2", "r3", "r4", "r5")
	amount := pick(p, "amount", money.New(60_000, "RUB"), money.New(100_000, "RUB"), money.New(30_000, "RUB"), money.New(500, "USD"))
	again, want := p.n.once(fmt.Sprint("deposit", who.id, ref), amount.String()+string(amount.Currency()))
	p.expect(doing, want, p.w.users.Deposit(p.ctx, who.id, amount, ref))
	switch {
	case again || want != "":
	case amount.Currency() == "RUB":
		who.payIn(amount.Minor())
	default:
		who.dollars += amount.Minor()
	}
}

func (p *play) bonus(doing string) {
	who, ref, kind := p.person(), pick(p, "ref", "r1", "r2"), pick(p, "kind", enduser.Signup, enduser.Cashback)
	amount, wagering := pick[int64](p, "amount", 5_000, 7_000), pick[int64](p, "wagering", 20_000, 0)
	again, want := p.n.once(fmt.Sprint("bonus", who.id, ref), fmt.Sprint(kind, amount, wagering))
	p.expect(doing, want, p.w.users.GrantBonus(p.ctx, who.id, kind, amount, wagering, ref))
	if again || want != "" {
		return
	}
	who.bonus += amount
	who.required += wagering
	who.signup = who.signup || kind == enduser.Signup
	who.cashback = who.cashback || kind == enduser.Cashback
}

func (p *play) wagering(doing string) {
	who, required := p.person(), pick[int64](p, "required", 0, 10_000, 40_000)
	p.expect(doing, "", p.w.users.SetWagering(p.ctx, who.id, required))
	who.required = required
}

// bet stands for a game, which counts its bets on the user's row.
func (p *play) bet(doing string) {
	who, amount := p.person(), pick[int64](p, "amount", 2_000, 15_000)
	_, err := p.w.db.Exec(p.ctx, `update users set turnover = turnover + $2 where id = $1`, who.id, amount)
	p.expect(doing, "", err)
	who.turnover += amount
}

func (p *play) adjust(doing string) {
	who, amount := p.person(), pick[int64](p, "amount", 80_000, -50_000, -150_000)
	err := p.w.win(p.ctx, fmt.Sprintf("adjustment %d of run %d", len(p.n.references), p.run), who.id, amount)
	p.n.references[fmt.Sprint("adjustment", len(p.n.references))] = ""
	if who.available+amount < 0 {
		p.expect(doing, "internal", err) // the ledger's own error
		return
	}
	p.expect(doing, "", err)
	who.available += amount
}

// block blocks somebody, or lets go who is blocked.
func (p *play) block(doing string) {
	who := p.person()
	if at := slices.IndexFunc(p.n.people, func(one *person) bool { return one.blocked }); at >= 0 {
		who = p.n.people[at]
		p.expect("unblock", "", p.w.users.Unblock(p.ctx, who.id))
	} else {
		p.expect(doing, "", p.w.users.Block(p.ctx, who.id))
	}
	who.blocked = !who.blocked
}

// repeat sends an earlier request again, just as it was.
func (p *play) repeat(string) {
	if len(p.requests) > 0 {
		p.send(pick(p, "request", p.requests...))
	}
}
