package console_test

import (
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/approval"
	"disburse/gateway/enduser"
	"disburse/gateway/operator"
	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// rule is the amount from which payouts in roubles need two people.
func (s *workStand) rule() string {
	s.t.Helper()
	rules, err := s.app.Payouts.ApprovalRules(s.t.Context())
	s.must(err)
	for _, r := range rules {
		if r.Currency == "rub" && r.AtOrAbove != nil {
			return r.AtOrAbove.String()
		}
	}
	return "off"
}

// waits is the id of the one thing of a kind that waits.
func (s *workStand) waits(kind approval.Kind) string {
	s.t.Helper()
	found, err := s.app.Approvals.List(s.t.Context(), approval.Filter{State: approval.Waiting, Kind: kind})
	s.must(err)
	if len(found.Items) != 1 {
		s.t.Fatalf("%d wait", len(found.Items))
	}
	return found.Items[0].ID
}

func TestRulesAreSetOnThePage(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	boss, other, approver := s.clerk(operator.RoleAdmin), s.clerk(operator.RoleAdmin), s.clerk(operator.RoleApprover)
	holds(t, boss.read("/approvals"), "Set a rule", "One person is enough for every payout.")
	lacks(t, approver.read("/approvals"), "/approvals/rules/set")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if got := approver.ask(method, "/approvals/rules/set", map[string][]string{"csrf": {approver.token.CSRF()}}); got.status != http.StatusForbidden {
			t.Errorf("%s answers %d", method, got.status)
		}
	}
	boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "1000.00").wants(t, http.StatusSeeOther, "/approvals")
	holds(t, boss.read("/approvals"), ">rub<", "1000.00", "/approvals/rules/set?currency=rub")
	holds(t, boss.read("/approvals/rules/set?currency=rub"), `value="rub" selected`, `value="1000.00"`)
	wrong := boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "much")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, "must be an amount such as 100.00", `value="much"`)
	boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "").wants(t, http.StatusUnprocessableEntity, "")

	asked := boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "2000.00", "reason", "a busy day")
	id := s.waits(approval.Rule)
	asked.wants(t, http.StatusSeeOther, "/approvals/"+id)
	holds(t, boss.read("/approvals/"+id), "another person must decide", "before", "1000.00", "after", "2000.00", boss.email, "a busy day")
	lacks(t, boss.read("/approvals/"+id), "/approve\"")
	page := approver.read("/approvals/" + id)
	holds(t, page, "only an admin decides this")
	lacks(t, page, "/approve\"", "/refuse\"")
	boss.post("/approvals/"+id+"/approve").wants(t, http.StatusForbidden, "")
	approver.post("/approvals/"+id+"/approve").wants(t, http.StatusForbidden, "")
	if s.rule() != "1000.00" {
		t.Fatal("the rule is looser already")
	}
	holds(t, other.read("/approvals"), "approval rule", ">rub<", "1000.00 → 2000.00", "Decide")
	other.post("/approvals/"+id+"/approve", "note", "agreed").wants(t, http.StatusSeeOther, "/approvals")
	if s.rule() != "2000.00" {
		t.Error("the rule is not looser")
	}
	holds(t, other.read("/approvals/"+id), "asked for", boss.email, "a busy day", "approved", other.email, "agreed", "1000.00 → <strong>2000.00")
}

// TestAChangedThingVoidsWhatWaits is what the page then says.
func TestAChangedThingVoidsWhatWaits(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	boss, other := s.clerk(operator.RoleAdmin), s.clerk(operator.RoleAdmin)
	boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "1000.00")
	boss.post("/approvals/rules/set", "currency", "rub", "at_or_above", "2000.00", "reason", "a busy day")
	id := s.waits(approval.Rule)
	other.post("/approvals/rules/set", "currency", "rub", "at_or_above", "500.00").wants(t, http.StatusSeeOther, "/approvals")
	page := other.read("/approvals/" + id)
	holds(t, page, "This is void", boss.email, "void", other.email, "the rule was changed")
	lacks(t, page, "/approve\"")
	other.post("/approvals/"+id+"/approve").wants(t, http.StatusConflict, "")
	if s.rule() != "500.00" {
		t.Errorf("the rule is %s", s.rule())
	}
}

// TestAnAdjustmentIsJudgedByTheBalance: the second person sees it before and
// after.
func TestAnAdjustmentIsJudgedByTheBalance(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	boss, other := s.clerk(operator.RoleAdmin), s.clerk(operator.RoleApprover)
	boss.post("/merchants/shop/adjust", "amount", "-10.50", "reason", "charged twice", "ref", "a1")
	holds(t, other.read("/approvals/"+s.waits(approval.Adjustment)), "-10.5000", "Can spend now", "50000.0000 USDT", "Could after", "49989.5000 USDT", boss.email, "charged twice")
}

// TestAReportIsTakenBackOnThePage: by who made it, and by an approver when nobody
// decided in time.
func TestAReportIsTakenBackOnThePage(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	from := money.New(100_000, "RUB")
	_, err := s.app.Payouts.SetApprovalRule(t.Context(), "rub", &from)
	s.must(err)
	anna, boris, viewer := s.clerk(operator.RoleOperator), s.clerk(operator.RoleApprover), s.clerk(operator.RoleViewer)
	id := s.waiting("order-1")
	anna.post("/payouts/" + id + "/claim")
	anna.post("/payouts/"+id+"/complete", "note", "bank reference 4711")
	asked := s.waits(approval.Payout)
	holds(t, anna.read("/payouts/"+id), "reported it as paid", "/approvals/"+asked, "/recall", "Take it back")
	for _, c := range []*clerk{boris, viewer} {
		page := c.read("/payouts/" + id)
		holds(t, page, "/approvals/"+asked)
		lacks(t, page, "/recall")
		c.post("/payouts/"+id+"/recall").wants(t, http.StatusForbidden, "")
	}
	anna.post("/payouts/"+id+"/recall").wants(t, http.StatusSeeOther, "/payouts/"+id)
	page := anna.read("/payouts/" + id)
	holds(t, page, "It is paid")
	lacks(t, page, "/recall")
	holds(t, boris.read("/approvals/"+asked), "This is void", "recalled")

	anna.post("/payouts/"+id+"/complete", "note", "bank reference 4711")
	s.exec(`update approvals set requested_at = now() - interval '80 hours', expires_at = now() - interval '8 hours' where id = $1`, s.waits(approval.Payout))
	lacks(t, viewer.read("/payouts/"+id), "/recall")
	holds(t, boris.read("/payouts/"+id), "/recall", "Take it over")
	boris.post("/payouts/"+id+"/recall").wants(t, http.StatusSeeOther, "/payouts/"+id)
	holds(t, boris.read("/payouts/"+id), "It is paid")
}

// cardWithoutAnswer makes an operation that the card provider does not end: it is
// never reached again.
func (s *workStand) cardWithoutAnswer() (enduser.User, string) {
	s.t.Helper()
	u := s.user()
	s.must(s.app.Users.Deposit(s.t.Context(), u.ID, money.New(10_000, virtualcard.USD), "for cards"))
	s.exec(`
with c as (insert into virtual_cards (id, user_id, bin_id, plan_id, balance, deposited, version, name, status, provider_card_id, last_four, category, address, created_at, updated_at)
    select gen_random_uuid(), $1, '0b0f3c52-5d6e-4c55-9d7e-2f5c9a6d1a01', 1, 5000, 5000, 2, 'mine', 'active', 'card-1', '1249', 'online', '{}', now(), now() returning id)
insert into virtual_card_operations (transaction_id, fee_transaction_id, card_id, user_id, amount, fee, card_version, lookups, kind, state, reason, note, unanswered, not_after, look_at, created_at)
select gen_random_uuid(), gen_random_uuid(), c.id, $1, 1000, 0, 2, 3, 'withdraw', 'processing', '', 'the provider says: pending', true, now() - interval '1 hour', now() + interval '1 day', now() - interval '1 hour' from c`, u.ID)
	found, err := s.app.VirtualCards.Exceptions(s.t.Context(), "", 0)
	s.must(err)
	return u, found.Items[0].ID
}

func (s *workStand) dollars(u enduser.User) string {
	s.t.Helper()
	w, err := s.app.VirtualCards.Wallet(s.t.Context(), u.ID)
	s.must(err)
	return w.Balance.String()
}

func TestACardOperationIsEndedOnThePage(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	u, id := s.cardWithoutAnswer()
	anna, boris, olga := s.clerk(operator.RoleApprover), s.clerk(operator.RoleApprover), s.clerk(operator.RoleOperator)
	path := "/exceptions/cards/" + id
	holds(t, anna.read("/exceptions"), path)
	holds(t, anna.read(path), "withdraw: 10.00 USD", "unknown", id, "the provider says: pending", "End it by hand", "Ask for it")
	lacks(t, olga.read(path), "Ask for it")
	olga.post(path, "as", "done", "reason", "x").wants(t, http.StatusForbidden, "")
	wrong := anna.post(path, "as", "done", "reason", "")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, `value="done" selected`)
	asked := anna.post(path, "as", "done", "reason", "told by phone")
	approvalPath := "/approvals/" + s.waits(approval.VirtualCard)
	asked.wants(t, http.StatusSeeOther, approvalPath)
	page := boris.read(path)
	holds(t, page, anna.email, "asks to end it as: done", approvalPath)
	holds(t, boris.read("/exceptions"), path, approvalPath, "Somebody has asked to end it")
	lacks(t, page, "Ask for it")
	anna.post(approvalPath+"/approve").wants(t, http.StatusForbidden, "")
	holds(t, boris.read(approvalPath), "virtual card: 10.00 USD", path, anna.email, "told by phone", approvalPath+"/approve")
	if got := s.dollars(u); got != "100.00" {
		t.Fatalf("moved without a second person: %s", got)
	}
	boris.post(approvalPath+"/approve", "note", "I called too").wants(t, http.StatusSeeOther, "/approvals")
	if got := s.dollars(u); got != "110.00" {
		t.Errorf("the wallet holds %s", got)
	}
	anna.get(path)
	if got := anna.get(path); got.status != http.StatusConflict {
		t.Errorf("an ended one answers %d", got.status)
	}
	if got := anna.get("/exceptions/cards/none"); got.status != http.StatusNotFound {
		t.Errorf("none answers %d", got.status)
	}
	text := boris.read(approvalPath)
	if strings.Contains(text, approvalPath+"/approve") {
		t.Error("it can be approved again")
	}
	holds(t, text, "processing", "→", "done")
}
