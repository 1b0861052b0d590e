package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/merchant"
)

func TestMerchantCreate(t *testing.T) {
	t.Parallel()
	t.Run("PrintsTheKeysOnce", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		out := s.ok("merchant", "create", "acme", "--fee-bps", "150", "--fee-fixed", "0.25")
		says(t, out, "acme", "live", "1.50 % + 0.2500 USDT", "shown this once", "sign_key", "api_key", "webhook_secret", "whsec_")
		shown := s.ok("merchant", "show", "acme")
		for _, field := range strings.Fields(out) {
			if strings.HasPrefix(field, "whsec_") || strings.HasPrefix(field, "sk_") || strings.HasPrefix(field, "ak_") {
				if strings.Contains(shown, field) {
					t.Errorf("show prints the key %s", field)
				}
			}
		}
		if n := s.trail("merchant.create"); n != 1 {
			t.Errorf("%d audit records, want 1", n)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		made := s.object("merchant", "create", "box", "--mode", "sandbox")
		for _, name := range []string{"id", "sign_key", "api_key", "webhook_secret"} {
			text(t, made, name)
		}
		if made["name"] != "box" || made["mode"] != "sandbox" || made["fee_bps"] != 0.0 {
			t.Errorf("got %v", made)
		}
		m, err := s.app.Directory.AuthenticateAPIKey(t.Context(), "box", text(t, made, "api_key"))
		if err != nil || m.Name != "box" || m.SignKeys[0] != made["sign_key"] || m.WebhookSecrets[0] != made["webhook_secret"] {
			t.Errorf("the keys printed are not the merchant's: %v", err)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.ok("merchant", "create", "acme")
		s.fails(1, "exists already", "merchant", "create", "acme")
		s.fails(1, "invalid request\n  name: must be 1 to 64", "merchant", "create", "Bad Name", "--fee-bps", "10001")
		s.fails(1, "\n  fee_bps: must be 0 to 10000", "merchant", "create", "Bad Name", "--fee-bps", "10001")
		s.fails(2, "--fee-fixed must be USDT", "merchant", "create", "b", "--fee-fixed", "1e3")
		s.fails(2, "--mode", "merchant", "create", "b", "--mode", "test")
		s.fails(2, "<name>", "merchant", "create")
	})
}

func TestMerchantList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("merchant", "list"), "no merchants yet", "disburse merchant create")
	if items := s.items("merchant", "list"); len(items) != 0 {
		t.Errorf("got %v, want an empty list", items)
	}
	for _, name := range []string{"c", "a", "b"} {
		s.ok("merchant", "create", name)
	}
	lines := strings.Split(s.ok("merchant", "list"), "\n")
	column := strings.Index(lines[0], "MODE")
	for _, line := range lines[1:4] {
		if !strings.HasPrefix(line[column:], "live ") {
			t.Errorf("%q is not aligned with %q", line, lines[0])
		}
	}
	first := s.object("merchant", "list", "--limit", "2")
	says(t, s.ok("merchant", "list", "--limit", "2"), "--cursor "+text(t, first, "next_cursor"))
	rest := s.items("merchant", "list", "--cursor", text(t, first, "next_cursor"))
	if len(rest) != 1 || rest[0]["name"] != "c" {
		t.Errorf("the second page is %v, want c", rest)
	}
	s.fails(2, "--limit must be 1 to 500", "merchant", "list", "--limit", "0")
}

func TestMerchantSet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("merchant", "create", "acme")
	out := s.ok("merchant", "set", "acme", "--fee-bps", "80", "--timeout", "30", "--require-v2=true", "--luhn",
		"--method", "rub/sbp=off", "--method", "EUR/card=on", "--max", "rub/card=250000.00", "--min", "rub/card=1.50",
		"--standart-sign", "merchant:order_id:sign_key", "--limit", "create=off|status=3/2s:4")
	for _, line := range []string{
		"fee-bps 0 -> 80", "timeout 60 -> 30", "require-v2 off -> on", "luhn off -> on", "method rub/sbp on -> off",
		"method eur/card off -> on", "max rub/card 1000000.00 -> 250000.00", "min rub/card 100.00 -> 1.50",
		"standart-sign order_id:sign_key -> merchant:order_id:sign_key", "limit create 500/s:1000 -> off", "limit status 10/s:20 -> 3/2s:4",
	} {
		says(t, strings.Join(strings.Fields(out), " "), line)
	}
	m, err := s.app.Directory.ByName(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if card := m.Methods[merchant.MethodKey{Currency: "rub", Method: "card"}]; card.Max.String() != "250000.00" || card.Min.String() != "1.50" {
		t.Errorf("rub/card is %+v", card)
	}
	if !m.RequireV2 || !m.Luhn || m.MaskRequisites || m.FeeBPS != 80 || m.Timeout != 30*time.Minute {
		t.Errorf("got %+v", m.View())
	}
	after := s.object("merchant", "set", "acme", "--require-v2=false", "--mask-requisites=true", "--limit", "off", "--fee-fixed", "0.5")
	want := map[string]any{"status": "off", "status_payout": "off", "create": "off", "reject": "off"}
	if diff := cmp.Diff(want, after["limits"]); diff != "" || after["require_v2"] != false || after["mask_requisites"] != true || after["luhn"] != true || after["fee_fixed"] != "0.5000" {
		t.Errorf("got %v", after)
	}
	says(t, s.ok("merchant", "set", "acme", "--fee-bps", "80"), "had these settings already")

	s.fails(2, "nothing to change", "merchant", "set", "acme")
	s.fails(2, "rub/xyz=on", "merchant", "set", "acme", "--method", "rub/xyz=on")
	s.fails(2, "is on or off", "merchant", "set", "acme", "--method", "rub/sbp=yes")
	s.fails(2, "at most 2 decimals", "merchant", "set", "acme", "--min", "rub/sbp=1e3")
	s.fails(2, "foo=1/s:1", "merchant", "set", "acme", "--limit", "foo=1/s:1")
	s.fails(2, "off", "merchant", "set", "acme", "--limit", "off", "--limit", "status=1/s:1")
	s.fails(2, "--standart-sign must be", "merchant", "set", "acme", "--standart-sign", "sign_key")
	s.fails(1, "timeout: must be whole minutes", "merchant", "set", "acme", "--timeout", "99999999999999")
	s.fails(1, "methods.rub/sbp.max: must not be below the minimum", "merchant", "set", "acme", "--max", "rub/sbp=1.00")
	s.fails(1, "merchant not found", "merchant", "set", "nobody", "--fee-bps", "1")
	if n := s.trail("merchant.set"); n != 2 {
		t.Errorf("%d audit records, want 2: one a change", n)
	}
}

func TestMerchantTopup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("merchant", "create", "acme")
	says(t, s.ok("merchant", "topup", "acme", "100.5", "--ref", "invoice 1", "--dry-run"), "Would add 100.5000 USDT to acme", "Nothing was done")
	s.wantBalances("acme", "0.0000", "0.0000")
	says(t, s.ok("merchant", "topup", "acme", "100.5", "--ref", "invoice 1"), "Added 100.5000 USDT to acme (live)", "can now spend 100.5000 USDT")
	says(t, s.ok("merchant", "topup", "acme", "100.5", "--ref", "invoice 1"), "nothing moved")
	s.wantBalances("acme", "100.5000", "0.0000")
	done := s.object("merchant", "topup", "acme", "1", "--ref", "invoice 2")
	want := map[string]any{
		"merchant": "acme", "mode": "live", "amount": "1.0000", "ref": "invoice 2", "available_usdt": "101.5000", "replayed": false, "dry_run": false,
	}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Error(diff)
	}
	s.fails(1, "already used with another amount", "merchant", "topup", "acme", "2", "--ref", "invoice 2")
	s.fails(1, "amount: must be USDT above zero", "merchant", "topup", "acme", "0", "--ref", "x")
	s.fails(1, "at most 4 decimals", "merchant", "topup", "acme", "1.00001", "--ref", "x")
	s.fails(2, "AMOUNT must be USDT", "merchant", "topup", "acme", "1,00", "--ref", "x")
	s.fails(2, "--ref", "merchant", "topup", "acme", "1")
	s.fails(1, "merchant not found", "merchant", "topup", "nobody", "1", "--ref", "x", "--dry-run")
	s.wantBalances("acme", "101.5000", "0.0000")
	if n := s.trail("merchant.topup"); n != 2 {
		t.Errorf("%d audit records, want 2: a replay and a dry run write none", n)
	}
}

func TestMerchantRotateKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.object("merchant", "create", "acme")
	says(t, s.ok("merchant", "rotate-keys", "acme", "--only", "webhook"), "go on working for 24h.", "webhook_secret", "shown this once")
	second := s.object("merchant", "rotate-keys", "acme", "--only", "sign,api", "--grace", "0s")
	if _, made := second["webhook_secret"]; made || second["sign_key"] == first["sign_key"] {
		t.Errorf("got %v, want a new sign_key and api_key alone", second)
	}
	if _, err := s.app.Directory.AuthenticateAPIKey(t.Context(), "acme", text(t, first, "api_key")); err == nil {
		t.Error("the old API key still works")
	}
	if _, err := s.app.Directory.AuthenticateAPIKey(t.Context(), "acme", text(t, second, "api_key")); err != nil {
		t.Errorf("the new API key: %v", err)
	}
	s.fails(2, "--only", "merchant", "rotate-keys", "acme", "--only", "everything")
	s.fails(1, "grace: must be a span such as 24h or 90m, 0s to 720h", "merchant", "rotate-keys", "acme", "--grace", "721h")
}

func TestMerchantDisable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("merchant", "create", "acme")
	says(t, s.ok("merchant", "disable", "acme"), "Disabled acme")
	says(t, s.ok("merchant", "list"), "disabled")
	if s.object("merchant", "show", "acme")["disabled"] != true {
		t.Error("show says it is enabled")
	}
	says(t, s.ok("merchant", "enable", "acme"), "Enabled acme")
	if s.object("merchant", "enable", "acme")["disabled"] != false {
		t.Error("enable says it is disabled")
	}
	s.fails(1, "merchant not found", "merchant", "disable", "nobody")
}
