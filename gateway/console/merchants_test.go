package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"disburse/callbacks"
	"disburse/gateway/approval"
	"disburse/gateway/operator"
)

func TestMerchantIsMadeAndItsKeysAreShownOnce(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	made := boss.post("/merchants/new", "name", "acme", "mode", "sandbox", "fee_bps", "150", "fee_fixed", "0.25")
	keys := secretsOn(made.text)
	if made.status != http.StatusOK || len(keys) != 3 {
		t.Fatalf("%d with %d keys: %.300s", made.status, len(keys), made.text)
	}
	m, err := s.app.Directory.AuthenticateAPIKey(t.Context(), "acme", keys[1])
	s.must(err)
	if m.SignKeys[0] != keys[0] || m.WebhookSecrets[0] != keys[2] {
		t.Error("the page shows other keys than work")
	}
	s.shownOnceOnly(boss, keys, "/merchants/acme", "/merchants/acme/rotate-keys")
	holds(t, boss.read("/merchants/acme"), "sandbox", "1.50 % &#43; 0.2500 USDT", "merchant.create")

	boss.post("/merchants/new", "name", "acme", "mode", "sandbox").wants(t, http.StatusConflict, "")
	wrong := boss.post("/merchants/new", "name", "Acme!", "mode", "dream", "fee_bps", "x", "fee_fixed", "-1")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, "must be 1 to 64", "must be live or sandbox", "must be 0 to 10000", "must be USDT, zero or more", `value="Acme!" autocomplete="off" required aria-invalid="true"`)
	boss.get("/merchants?q=acme").wants(t, http.StatusSeeOther, "/merchants/acme")
	holds(t, boss.read("/merchants?q=nobody"), "No merchant is called nobody.", ">acme<")
}

func TestMerchantSettingsMethodsAndLimits(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	boss.post("/merchants/shop/settings", "fee_bps", "200", "fee_fixed", "0.5", "timeout", "30", "standart_sign", "merchant:order_id:sign_key", "luhn", "yes").
		wants(t, http.StatusSeeOther, "/merchants/shop")
	boss.post("/merchants/shop/limits", "limits.status", "5/s:5", "limits.status_payout", "1/5s:5", "limits.create", "off", "limits.reject", "1/s:1").
		wants(t, http.StatusSeeOther, "/merchants/shop")
	form := url.Values{
		"csrf": {boss.token.CSRF()}, "method": {"rub/card", "rub/sbp"}, "rub/card.min": {"5.00"}, "rub/card.max": {"50.00"},
		"rub/sbp.enabled": {"yes"}, "rub/sbp.min": {"1.00"}, "rub/sbp.max": {"2.00"}, "add": {"usd/iban"},
	}
	boss.ask(http.MethodPost, "/merchants/shop/methods", form).wants(t, http.StatusSeeOther, "/merchants/shop")
	d, err := s.app.Merchants.Show(t.Context(), "shop")
	s.must(err)
	v := d.View()
	if v.FeeBPS != 200 || v.FeeFixed != "0.5000" || v.TimeoutMinutes != 30 || !v.Luhn || v.RequireV2 || v.StandartSign != "merchant:order_id:sign_key" {
		t.Errorf("settings: %+v", v)
	}
	if v.Limits["create"] != "off" || v.Limits["status"] != "5/s:5" {
		t.Errorf("limits: %v", v.Limits)
	}
	methods := map[string]bool{}
	for _, m := range v.Methods {
		methods[m.Currency+"/"+m.Method+" "+m.Min] = m.Enabled
	}
	if on, known := methods["rub/card 5.00"]; on || !known || !methods["rub/sbp 1.00"] || !methods["usd/iban 100.00"] || !methods["rub/score 100.00"] {
		t.Errorf("methods: %v", methods)
	}
	form.Set("rub/card.min", "x")
	form.Set("rub/sbp.min", "9.00")
	wrong := boss.ask(http.MethodPost, "/merchants/shop/methods", form)
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, "methods, rub/card, min", "methods, rub/sbp, max", `value="x"`)
	wrong = boss.post("/merchants/shop/limits", "limits.status", "lots", "limits.status_payout", "1/5s:5", "limits.create", "off", "limits.reject", "1/s:1")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, `value="lots"`)
}

func TestTopUpCountsOnce(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	for range 2 {
		boss.post("/merchants/shop/topup", "amount", "100.00", "ref", "invoice 17").wants(t, http.StatusSeeOther, "/merchants/shop")
	}
	boss.post("/merchants/shop/topup", "amount", "200.00", "ref", "invoice 17").wants(t, http.StatusConflict, "")
	boss.post("/merchants/shop/topup", "amount", "-5", "ref", "x").wants(t, http.StatusUnprocessableEntity, "")
	d, err := s.app.Merchants.Show(t.Context(), "shop")
	s.must(err)
	if got := d.View().Available; got != "50100.0000" {
		t.Errorf("available %s", got)
	}
}

// TestAFormThatIsSentTwiceAsksOnce, with no reference that somebody has typed.
func TestAFormThatIsSentTwiceAsksOnce(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	s.clerk(operator.RoleAdmin)
	asked := func() int {
		t.Helper()
		_, after, found := strings.Cut(boss.read("/merchants/shop/adjust"), `name="made" value="`)
		made, _, _ := strings.Cut(after, `"`)
		if !found || made == "" {
			t.Fatal("the form has no reference of its own")
		}
		for range 2 {
			boss.post("/merchants/shop/adjust", "amount", "5", "reason", "charged twice", "made", made).wants(t, http.StatusSeeOther, "/merchants/shop")
		}
		all, err := s.app.Approvals.List(t.Context(), approval.Filter{State: approval.Waiting})
		s.must(err)
		return len(all.Items)
	}
	if first, second := asked(), asked(); first != 1 || second != 2 {
		t.Errorf("two forms, each sent twice, asked for %d and %d", first, second)
	}
}

// TestTwoPeopleForALiveMerchant: what one asks for moves when another agrees,
// and only who asked sees the keys.
func TestTwoPeopleForALiveMerchant(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	other := s.clerk(operator.RoleAdmin)
	boss.post("/merchants/shop/adjust", "amount", "-10.50", "reason", "charged twice", "ref", "a1").wants(t, http.StatusSeeOther, "/merchants/shop")
	boss.post("/merchants/shop/adjust", "amount", "0", "reason", "").wants(t, http.StatusUnprocessableEntity, "")
	d, err := s.app.Merchants.Show(t.Context(), "shop")
	s.must(err)
	if got := d.View().Available; got != "50000.0000" {
		t.Fatalf("moved without a second person: %s", got)
	}
	holds(t, other.read("/merchants/shop"), "Adjustment of -10.5000 USDT", "waiting", boss.email, "charged twice")

	form := func(c *clerk) []string {
		text := c.read("/merchants/shop/rotate-keys")
		_, after, _ := strings.Cut(text, `name="newest" value="`)
		newest, _, _ := strings.Cut(after, `"`)
		return []string{"newest", newest, "grace", "1h", "only.sign", "yes"}
	}
	asked := form(boss)
	boss.post("/merchants/shop/rotate-keys", asked...).wants(t, http.StatusSeeOther, "/merchants/shop")
	boss.post("/merchants/shop/rotate-keys", asked...).wants(t, http.StatusSeeOther, "/merchants/shop")
	lacks(t, boss.read("/merchants/shop"), "Make the keys that were approved")
	waiting, err := s.app.Approvals.List(t.Context(), approval.Filter{State: approval.Waiting, Kind: approval.KeyRotation})
	s.must(err)
	if len(waiting.Items) != 1 {
		t.Fatalf("%d wait", len(waiting.Items))
	}
	other.post("/approvals/"+waiting.Items[0].ID+"/approve", "note", "agreed")
	lacks(t, other.read("/merchants/shop"), "Make the keys that were approved")
	holds(t, boss.read("/merchants/shop"), "Make the keys that were approved")
	made := boss.post("/merchants/shop/rotate-keys", asked...)
	if keys := secretsOn(made.text); len(keys) != 1 {
		t.Fatalf("%d keys: %.300s", len(keys), made.text)
	}
	s.shownOnceOnly(boss, secretsOn(made.text), "/merchants/shop")
	boss.post("/merchants/shop/rotate-keys", asked...).wants(t, http.StatusConflict, "")
}

// TestKeysOfASandboxAreReplacedOnce: a page that is sent again does not end the
// keys that were just handed over.
func TestKeysOfASandboxAreReplacedOnce(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	boss.post("/merchants/new", "name", "box", "mode", "sandbox")
	_, after, _ := strings.Cut(boss.read("/merchants/box/rotate-keys"), `name="newest" value="`)
	newest, _, _ := strings.Cut(after, `"`)
	first := boss.post("/merchants/box/rotate-keys", "newest", newest, "grace", "1h", "only.sign", "yes", "only.webhook", "yes")
	if len(secretsOn(first.text)) != 2 {
		t.Fatalf("%d: %.300s", first.status, first.text)
	}
	boss.post("/merchants/box/rotate-keys", "newest", newest, "grace", "1h", "only.sign", "yes").wants(t, http.StatusConflict, "")
	boss.post("/merchants/box/rotate-keys", "newest", newest, "grace", "1h").wants(t, http.StatusUnprocessableEntity, "")
	if n := s.deeds("merchant.rotate-keys", ""); n != 1 {
		t.Errorf("rotated %d times", n)
	}
}

func TestMerchantIsShutOutAndLetIn(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	boss.post("/merchants/shop/disable").wants(t, http.StatusSeeOther, "/merchants/shop")
	holds(t, boss.read("/merchants/shop"), "disabled", "Let in again")
	boss.post("/merchants/shop/enable").wants(t, http.StatusSeeOther, "/merchants/shop")
	lacks(t, boss.read("/merchants/shop"), "Let in again")
	if s.deeds("merchant.disable", s.shop.ID) != 1 || s.deeds("merchant.enable", s.shop.ID) != 1 {
		t.Error("the trail lacks it")
	}
}

func TestTestCallback(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	sent := boss.post("/merchants/shop/test-callback", "url", "https://shop.example/done")
	id, found := strings.CutPrefix(sent.where, "/callbacks/")
	if !found {
		t.Fatalf("%d to %q: %.300s", sent.status, sent.where, sent.text)
	}
	got, err := s.app.Callbacks.Get(t.Context(), id)
	s.must(err)
	if got.Kind != "test" || got.MerchantID != s.shop.ID || got.State != callbacks.Pending {
		t.Errorf("got %+v", got.Item)
	}
	if s.deeds("merchant.test-callback", s.shop.ID) != 1 {
		t.Error("it is not in the trail")
	}
	wrong := boss.post("/merchants/shop/test-callback", "url", "http://127.0.0.1/x")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
}
