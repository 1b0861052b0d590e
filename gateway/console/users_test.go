package console_test

import (
	"net/http"
	"testing"

	"disburse/gateway/operator"
)

func TestUserIsMadeAndCredited(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	boss.post("/users/new", "name", "gleb", "nickname", "G").wants(t, http.StatusSeeOther, "/users/2")
	boss.post("/users/new", "name", "").wants(t, http.StatusUnprocessableEntity, "")
	for range 2 {
		boss.post("/users/2/deposit", "amount", "1500.50", "ref", "d1").wants(t, http.StatusSeeOther, "/users/2")
	}
	boss.post("/users/2/deposit", "amount", "15", "ref", "d1").wants(t, http.StatusConflict, "")
	wrong := boss.post("/users/2/deposit", "amount", "1,5", "ref", "d2")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, "must be an amount such as 100.00", `value="1,5"`)
	boss.post("/users/2/bonus", "kind", "cashback", "amount", "10.00", "wagering", "100.00", "ref", "b1").wants(t, http.StatusSeeOther, "/users/2")
	boss.post("/users/2/wagering", "wagering", "55.50").wants(t, http.StatusSeeOther, "/users/2")
	b, err := s.app.Users.Balance(t.Context(), 2)
	s.must(err)
	if b.Available != 150050 || b.Bonus != 1000 || b.WageringRequired != 5550 {
		t.Errorf("balance %+v", b)
	}
	holds(t, boss.read("/users/2"), "cashback bonus", "1500.50", "10.00", "55.50 RUB", "user deposit", "user.set-wagering")
	holds(t, boss.read("/users/2/transactions"), "1500.50")
}

func TestUserIsBlockedAndHisTokensEnd(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	made := boss.post("/users/1/token", "ttl", "24h")
	tokens := secretsOn(made.text)
	if len(tokens) != 1 {
		t.Fatalf("%d: %.300s", made.status, made.text)
	}
	u, err := s.app.Users.Authenticate(t.Context(), tokens[0])
	s.must(err)
	if u.ID != 1 {
		t.Errorf("the token is of user %d", u.ID)
	}
	s.shownOnceOnly(boss, tokens, "/users/1", "/users/1/token")
	boss.post("/users/1/block").wants(t, http.StatusSeeOther, "/users/1")
	holds(t, boss.read("/users/1"), "blocked", "Unblock")
	boss.post("/users/1/unblock").wants(t, http.StatusSeeOther, "/users/1")
	boss.post("/users/1/revoke-tokens").wants(t, http.StatusSeeOther, "/users/1")
	if _, err := s.app.Users.Authenticate(t.Context(), tokens[0]); err == nil {
		t.Error("the token works on")
	}
	boss.get("/users?q=1").wants(t, http.StatusSeeOther, "/users/1")
	holds(t, boss.read("/users?q=77"), "No user has the id 77.")
}

func TestUserPageShowsItsOrders(t *testing.T) {
	t.Parallel()
	s, _ := standOfParties(t)
	reader := s.clerk(operator.RoleViewer)
	u, order := s.withdrawal()
	text := reader.read("/users/" + textOf(u.ID))
	holds(t, text, "/console/card-orders/"+textOf(order), "1500.00")
	lacks(t, text, userCard)
	d := s.dispute()
	holds(t, reader.read("/users/"+textOf(d.seller.ID)), "sells to", textOf(d.buyer.ID))
	holds(t, reader.read("/users/"+textOf(d.buyer.ID)), "buys from", textOf(d.seller.ID))
}

func TestUserPageShowsItsVirtualCards(t *testing.T) {
	t.Parallel()
	s, _ := standOfParties(t)
	u := s.user()
	reader := s.clerk(operator.RoleViewer)
	holds(t, reader.read("/users/"+textOf(u.ID)), "To spend on cards:", "0.00 USD", "No virtual cards.")
	const id, order = "c0a2e0a0-0000-4000-8000-000000000001", "d0a2e0a0-0000-4000-8000-000000000001"
	s.exec(`insert into virtual_cards (id, user_id, bin_id, plan_id, balance, deposited, version, name, status, provider_card_id, last_four,
			category, address, created_at, updated_at)
		select $1, $2, (select id from virtual_card_bins order by position limit 1), (select id from virtual_card_plans order by id limit 1),
			12345, 12345, 1, 'Travel', 'frozen', 'pc_1', '1249', 'online', '{}', now(), now()`, id, u.ID)
	s.exec(`insert into virtual_card_operations (transaction_id, fee_transaction_id, card_id, user_id, amount, fee, card_version, card_balance,
			lookups, kind, state, reason, note, unanswered, not_after, look_at, created_at, ended_at)
		values ($3, gen_random_uuid(), $1, $2, 4500, 0, 1, 12345, 0, 'withdraw', 'done', '', '', false, now(), now(), now(), now())`, id, u.ID, order)
	text := reader.read("/users/" + textOf(u.ID))
	holds(t, text, "•••• 1249", "Travel", "frozen", "123.45", id, "Orders of virtual cards", "withdraw", "-45.00", "approved", order)
	holds(t, text, "/console/books?owner=user%3A"+textOf(u.ID))
}

func TestUsersTurnPages(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	for range 51 {
		s.user()
	}
	first := boss.read("/users")
	holds(t, first, ">1</a>", ">50</a>", `href="/console/users?cursor=`)
	lacks(t, first, ">51</a>", "First page")
	holds(t, boss.read("/users?cursor=1e"), ">51</a>", ">52</a>", `<a href="/console/users" rel="first">`)
	if got := boss.get("/users?cursor=!"); got.status != http.StatusNotFound {
		t.Errorf("a made-up cursor answers %d", got.status)
	}
}
