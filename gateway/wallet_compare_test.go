package gateway_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/enduser"
	"disburse/ledger"
)

// compare compares all balances and states.
func (p *play) compare() {
	var accounts []ledger.Account
	var want, got []int64
	for _, who := range p.n.people {
		owner := enduser.Owner(who.id)
		accounts = append(accounts, ledger.UserAvailable(owner, "RUB"), ledger.UserOrderHeld(owner, "RUB"),
			ledger.UserEscrow(owner, "RUB"), ledger.UserBonus(owner, "RUB"), ledger.UserAvailable(owner, "USD"))
		want = append(want, who.available, who.held, who.escrow, who.bonus, who.dollars)
	}
	balances, err := p.w.ledger.Balances(p.ctx, accounts...)
	if err != nil {
		p.Fatal(err)
	}
	for _, b := range balances {
		got = append(got, b.Minor())
	}
	p.same("balances", want, got)
	users, err := p.w.users.List(p.ctx, p.n.people[0].id-1, len(p.n.people))
	if err != nil {
		p.Fatal(err)
	}
	for i, who := range p.n.people {
		u := users[i]
		u.CreatedAt, u.Nickname = time.Time{}, ""
		p.same("user", enduser.User{
			ID: who.id, Name: who.name, Blocked: who.blocked, SignupBonus: who.signup, CashbackBonus: who.cashback, Deposited: who.deposited,
			Withdrawn: who.withdrawn, Withdrawing: who.withdrawing, Turnover: who.turnover, WageringRequired: who.required,
		}, u)
	}
	p.same("states", p.n.states(), p.states())
}

func (p *play) same(what string, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		p.Fatalf("%s (-model +wallet):\n%s", what, diff)
	}
}

// states tells where each order and ad of the run stands.
func (n *napkin) states() []string {
	all := []string{}
	for _, o := range n.cards {
		all = append(all, fmt.Sprintf("card order %d %s by %s", o.id, o.status, o.claim.by))
	}
	for _, o := range n.offers {
		all = append(all, fmt.Sprintf("ad %d %t %t %d of %d", o.id, o.active, o.deleted, o.remaining, o.max))
	}
	for _, d := range n.deals {
		all = append(all, fmt.Sprintf("p2p order %d %s by %s", d.id, d.status, d.claim.by))
	}
	slices.Sort(all)
	return all
}

const selectStates = `
select format('card order %s %s by %s', id, status, claimed_by) from card_orders where user_id = any($1)
union all
select format('ad %s %s %s %s of %s', id, is_active::text, (deleted_at is not null)::text, remaining_amount, max_amount)
from p2p_ads where user_id = any($1)
union all
select format('p2p order %s %s by %s', id, status, claimed_by) from p2p_orders where buyer_id = any($1)`

func (p *play) states() []string {
	ids := make([]int64, len(p.n.people))
	for i, who := range p.n.people {
		ids[i] = who.id
	}
	rows, err := p.w.db.Query(p.ctx, selectStates, ids)
	if err != nil {
		p.Fatal(err)
	}
	defer rows.Close()
	all := []string{}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			p.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		p.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// finish compares what users are shown with all that happened.
func (p *play) finish() {
	for _, who := range p.n.people {
		p.compareAccount(who)
	}
	for _, o := range p.n.cards {
		messages, _, err := p.w.cards.DeskMessages(p.ctx, o.id, 100, 0)
		p.expect("card messages", "", err)
		p.same("card messages", o.said, len(messages))
	}
	for _, o := range p.n.offers {
		if !o.deleted {
			ad, err := p.w.trade.AdByID(p.ctx, o.id)
			p.expect("ad", "", err)
			p.same("trades of the author", o.owner.trades, ad.User.CompletedOrders)
			p.same("rating of the author", o.owner.average(), ad.UserAvgRating.String())
		}
	}
	for _, d := range p.n.deals {
		p.compareDeal(d)
	}
}

// compareAccount compares the balance that a user sees, and the movements that
// made it.
func (p *play) compareAccount(who *person) {
	balance, err := p.w.users.Balance(p.ctx, who.id)
	p.expect("balance", "", err)
	p.same("balance", enduser.Balance{
		Available: who.available, Held: who.held + who.escrow, Balance: who.available + who.held + who.escrow, Bonus: who.bonus,
		DepositedTotal: who.deposited, WithdrawnTotal: who.withdrawn,
		WageringRequired: who.required, Turnover: who.turnover, WageringRemaining: max(who.required-who.turnover, 0),
	}, balance)
	lines, total, err := p.w.users.Transactions(p.ctx, who.id, 100, 0)
	p.expect("transactions", "", err)
	sum := int64(0)
	for _, line := range lines {
		sum += line.Amount
	}
	if total <= len(lines) {
		p.same("sum of transactions", who.available, sum)
	}
}

func (p *play) compareDeal(d *deal) {
	view, err := p.w.trade.OrderByID(p.ctx, p.user(d.buyer), d.id)
	p.expect("order", "", err)
	escrowed := d.amount
	if d.status.Final() {
		escrowed = 0
	}
	p.same("order", []any{d.fiat, d.rate, d.amount, escrowed, d.status, d.called, d.details, d.seller.name},
		[]any{view.FiatAmount, view.ExchangeRate, view.USDTAmount, view.FrozenBalance, view.Status, view.OperatorCalled,
			view.PaymentDetails["account"], view.Counterpart.Name})
	messages, _, err := p.w.trade.Messages(p.ctx, p.user(d.seller), d.id, 100, 0)
	p.expect("messages", "", err)
	p.same("messages", d.said, len(messages))
}

// average is the rating with two decimals, half up.
func (p *person) average() string {
	if p.ratings == 0 {
		return "0.00"
	}
	hundredths := (p.stars*100 + p.ratings/2) / p.ratings
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}
