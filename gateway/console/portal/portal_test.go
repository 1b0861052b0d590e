package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/console/portal"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/ledger/money"
)

var everyPage = []string{"/", "/payouts", "/statement", "/statement?account=held", "/callbacks", "/keys", "/sandbox", "/integration", "/account"}

func TestMissingDependenciesAreNamed(t *testing.T) {
	t.Parallel()
	if _, err := portal.New(portal.Deps{}); err == nil || !strings.Contains(err.Error(), "Sessions is missing") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyOwnThings(t *testing.T) {
	t.Parallel()
	h := build(t)
	own, ownCallback := h.ended(h.anna, "order-of-shop")
	foreign, foreignCallback := h.ended(h.boris, "order-of-other")
	open := h.payout(h.boris, "open-of-other")
	b := h.open(h.anna)
	secrets := []string{
		h.boris.merchant.ID, foreign.ID, foreign.OrderID, open.ID, open.OrderID, foreignCallback.ID, h.boris.email, h.boris.id,
		h.boris.keys.SignKey[:8], h.anna.keys.SignKey, h.anna.keys.APIKey, h.anna.keys.WebhookSecret,
	}
	for _, path := range append(everyPage, "/payouts?q="+foreign.OrderID, "/payouts?q=1234", "/callbacks?order_id="+own.OrderID, "/payouts/"+own.ID, "/callbacks/"+ownCallback.ID) {
		a := b.get(path)
		a.has(t, http.StatusOK)
		if strings.Contains(path, foreign.OrderID) { // the search box repeats what was typed, and so does the list when it asks for itself again
			a.text = strings.ReplaceAll(strings.ReplaceAll(a.text, `value="`+foreign.OrderID+`"`, ""), `?q=`+foreign.OrderID+`"`, "")
		}
		a.lacks(t, secrets...)
	}
	b.get("/payouts/"+own.ID).has(t, http.StatusOK, "order-of-shop", "rejected merchant", "****1234", "15.5988", ownCallback.ID)
	for _, path := range []string{
		"/payouts/" + foreign.ID, "/payouts/" + foreign.OrderID, "/payouts/" + open.ID, "/callbacks/" + foreignCallback.ID,
		"/payouts/" + own.OrderID, "/payouts/%00", "/callbacks/%00", "/payouts/nothing", "/callbacks/nothing",
	} {
		a := b.get(path)
		a.has(t, http.StatusNotFound)
		a.lacks(t, secrets...)
	}
	for _, path := range []string{"/payouts/" + open.ID + "/cancel", "/payouts/" + open.OrderID + "/cancel", "/callbacks/" + foreignCallback.ID + "/resend"} {
		b.post(path, url.Values{"merchant": {h.boris.merchant.ID}, "merchant_id": {h.boris.merchant.ID}}).has(t, http.StatusNotFound)
	}
	if p, err := h.deps.Payouts.Detail(t.Context(), open.ID); err != nil || p.Payout.Status != payout.Expectation {
		t.Errorf("another's payout: %+v, %v", p.Payout.Status, err)
	}
}

func TestResendingAllTakesOwnAlone(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, own := h.ended(h.anna, "one")
	_, foreign := h.ended(h.boris, "two")
	if _, err := h.db.Exec(t.Context(), `update callback_deliveries set state = 'dead', finished_at = now(), dead_reason = 'exhausted'`); err != nil {
		t.Fatal(err)
	}
	b := h.open(h.anna)
	b.get("/").has(t, http.StatusOK, `class="tile bad"`)
	if a := b.post("/callbacks/resend", url.Values{}); a.location != "/merchant/callbacks" {
		t.Errorf("%d %s", a.status, a.text)
	}
	for id, want := range map[string]callbacks.State{own.ID: callbacks.Pending, foreign.ID: callbacks.Dead} {
		if d, err := h.deps.Callbacks.Get(t.Context(), id); err != nil || d.State != want {
			t.Errorf("%s is %s, %v; want %s", id, d.State, err, want)
		}
	}
	if a := b.post("/callbacks/"+own.ID+"/resend", url.Values{}); a.location != "/merchant/callbacks/"+own.ID {
		t.Errorf("%d %s", a.status, a.text)
	}
}

func TestWhoIsShutOut(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx := t.Context()
	b, other := h.open(h.anna), h.open(h.boris)
	if _, err := h.deps.People.Disable(ctx, "shop", h.anna.id); err != nil {
		t.Fatal(err)
	}
	if _, err := h.deps.Merchants.Disable(ctx, "other"); err != nil {
		t.Fatal(err)
	}
	for name, visitor := range map[string]*browser{"a disabled person": b, "one of a disabled merchant": other, "a stranger": {house: h, cookies: map[string]string{}}} {
		for _, path := range everyPage {
			if a := visitor.get(path); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/merchant/sign-in") {
				t.Errorf("%s at %s: %d to %q", name, path, a.status, a.location)
			}
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.payout(h.anna, "one")
	b := h.open(h.anna)
	b.get("/").has(t, http.StatusOK, "984.4012", "15.5988", "1000.0000", "one")
	if a := b.post("/payouts/"+p.ID+"/cancel", url.Values{}); a.location != "/merchant/payouts/"+p.ID {
		t.Errorf("%d %s", a.status, a.text)
	}
	b.get("/").has(t, http.StatusOK, "rejected merchant")
	b.post("/payouts/"+p.ID+"/cancel", url.Values{}).has(t, http.StatusSeeOther) // again is the same
	claimed := h.payout(h.anna, "two")
	desk := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "desk@example.test"})
	if _, _, err := h.deps.Payouts.Claim(desk, payout.ClaimFilter{ID: claimed.ID}); err != nil {
		t.Fatal(err)
	}
	b.post("/payouts/"+claimed.ID+"/cancel", url.Values{}).has(t, http.StatusConflict, "can no longer be cancelled")
	page := b.get("/payouts/" + claimed.ID)
	page.has(t, http.StatusOK, "expectation")
	page.lacks(t, "opr_1", "claimed")
}

func TestStatement(t *testing.T) {
	t.Parallel()
	h := build(t)
	p, _ := h.ended(h.anna, "one")
	b := h.open(h.anna)
	page := b.get("/statement")
	page.has(t, http.StatusOK, "merchant top up", "start", "payout hold", `href="/merchant/payouts?q=one"`, "payout release", `href="/merchant/payouts/`+p.ID+`"`)
	amounts := regexp.MustCompile(`data-name="(?:Amount|Balance after), USDT">([^<]+)<`).FindAllStringSubmatch(page.text, -1)
	var got []string
	for _, a := range amounts {
		got = append(got, strings.ReplaceAll(a[1], "&#43;", "+"))
	}
	if want := "+15.5988 1000.0000 -15.5988 984.4012 +1000.0000 1000.0000"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	b.get("/statement?account=held").has(t, http.StatusOK, "0.0000", "payout hold")
	b.get("/statement?from=2001-01-01&to=2001-01-02").has(t, http.StatusOK, "Nothing moved in this time.")
	b.get("/statement?from=yesterday").has(t, http.StatusUnprocessableEntity, "must be a day")
	b.get("/statement?cursor=x").has(t, http.StatusUnprocessableEntity)
}

func TestKeysAreRotatedByTheSameHand(t *testing.T) {
	t.Parallel()
	h := build(t)
	b := h.open(h.anna)
	newest := func() string { return newestKeys.FindStringSubmatch(b.get("/keys").text)[1] }
	before := newest()
	form := func(password string, only ...string) url.Values {
		return url.Values{"password": {password}, "only": only, "grace": {"1h"}, "newest": {before}}
	}
	b.post("/keys", form("wrong", "sign")).has(t, http.StatusUnprocessableEntity, "is not your password")
	b.post("/keys", form(h.boris.password, "sign")).has(t, http.StatusUnprocessableEntity, "is not your password")
	b.post("/keys", form(h.anna.password)).has(t, http.StatusUnprocessableEntity, "choose at least one kind")
	b.post("/keys", form(h.anna.password, "all")).has(t, http.StatusUnprocessableEntity)
	if h.gate.failures != 2 {
		t.Errorf("%d failures are counted, want 2", h.gate.failures)
	}
	if n := len(h.trail(audit.Filter{Action: "merchant.rotate-keys"})); n != 0 {
		t.Fatalf("rotated %d times", n)
	}
	page := b.post("/keys", form(h.anna.password, "sign"))
	page.has(t, http.StatusOK, "They are shown this once.")
	m := must(h.deps.Directory.ByID(t.Context(), h.anna.merchant.ID))
	if len(m.SignKeys) != 2 || m.SignKeys[1] != h.anna.keys.SignKey || !strings.Contains(page.text, m.SignKeys[0]) {
		t.Errorf("the page does not show the new key, or the old one is gone")
	}
	page.lacks(t, h.anna.keys.SignKey, h.anna.keys.WebhookSecret)
	records := h.trail(audit.Filter{Action: "merchant.rotate-keys"})
	if len(records) != 1 || records[0].Actor.ID != h.anna.id || records[0].Actor.Kind != audit.Merchant || records[0].Actor.Address != "192.0.2.1" ||
		records[0].SubjectID != h.anna.merchant.ID || strings.Contains(string(records[0].After), m.SignKeys[0]) {
		t.Errorf("%+v", records)
	}
	if other := must(h.deps.Directory.ByID(t.Context(), h.boris.merchant.ID)); len(other.SignKeys) != 1 {
		t.Error("another's keys were rotated")
	}
	b.get("/keys").lacks(t, m.SignKeys[0])

	// The page of new keys is loaded again, and a form of the live keys is sent
	// from inside the sandbox.
	b.post("/keys", form(h.anna.password, "sign")).has(t, http.StatusConflict, "the keys were changed since this page was opened")
	before = newest()
	b.post("/sandbox/make", url.Values{})
	b.post("/keys", form(h.anna.password, "sign")).has(t, http.StatusConflict, "the keys were changed since this page was opened")
	b.post("/sandbox/leave", url.Values{})
	if after := must(h.deps.Directory.ByID(t.Context(), h.anna.merchant.ID)); !slices.Equal(after.SignKeys, m.SignKeys) {
		t.Error("the keys were rotated once more")
	}
}

var newestKeys = regexp.MustCompile(`name="newest" value="([^"]+)"`)

func TestSandbox(t *testing.T) {
	t.Parallel()
	h := build(t)
	b := h.open(h.anna)
	test := url.Values{"method": {"rub/card"}, "fiat_amount": {"1500.00"}, "outcome": {"0001"}, "success_callback_url": {"https://shop.example.com/hook"}}
	b.post("/sandbox/payouts", test).has(t, http.StatusUnprocessableEntity, "test payouts are made in the sandbox alone")
	b.post("/sandbox/enter", url.Values{}).has(t, http.StatusUnprocessableEntity, "this merchant has no sandbox yet")
	b.get("/sandbox").has(t, http.StatusOK, "You have no sandbox yet.")
	made := b.post("/sandbox/make", url.Values{})
	made.has(t, http.StatusOK, "shop-sandbox", "They are shown this once.", "sk_", "ak_", "whsec_")
	b.get("/").has(t, http.StatusOK, "shop-sandbox", "100000.0000", "no real money moves")
	b.get("/statement").has(t, http.StatusOK, "play money")
	b.post("/sandbox/make", url.Values{}).has(t, http.StatusConflict, "has a sandbox already")

	yes := true
	if _, err := h.deps.Merchants.Set(t.Context(), "shop-sandbox", merchant.Change{Luhn: &yes}); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"rub/card", "rub/sbp", "rub/score", "eur/iban"} {
		for _, outcome := range []string{"4242", "0001", "0002", "0003"} { // each with check digits that are right
			test.Set("method", method)
			test.Set("outcome", outcome)
			a := b.post("/sandbox/payouts", test)
			if !strings.HasPrefix(a.location, "/merchant/payouts/po_") {
				t.Fatalf("%s %s: %d %.2000s", method, outcome, a.status, a.text)
			}
			b.get(strings.TrimPrefix(a.location, "/merchant")).has(t, http.StatusOK, "****"+outcome, "https://shop.example.com/hook")
		}
	}
	test.Set("fiat_amount", "1")
	b.post("/sandbox/payouts", test).has(t, http.StatusUnprocessableEntity, "must be digits with two decimals", `value="1"`)
	test.Set("fiat_amount", "900000.00")
	for range 11 { // until the play money is spent
		b.post("/sandbox/payouts", test)
	}
	b.post("/sandbox/payouts", test).has(t, http.StatusUnprocessableEntity, "low balance")
	test.Set("outcome", "000a")
	b.post("/sandbox/payouts", test).has(t, http.StatusUnprocessableEntity, "choose one of them")

	if a := b.post("/sandbox/leave", url.Values{}); a.location != "/merchant/" {
		t.Errorf("%d %s", a.status, a.text)
	}
	page := b.get("/payouts")
	page.has(t, http.StatusOK, "There are no payouts yet.")
	page.lacks(t, "test_")
	if p := must(h.deps.Payouts.Balance(t.Context(), must(h.deps.Directory.ByName(t.Context(), "shop")))); p.Balance != money.New(1000_000000, money.USDT) {
		t.Errorf("the sandbox cost %v of live money", p.Balance)
	}
	h.open(h.boris).get("/sandbox").lacks(t, "shop-sandbox")
}
