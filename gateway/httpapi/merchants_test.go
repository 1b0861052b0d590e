package httpapi_test

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"disburse/gateway/merchant"
	"disburse/gateway/operator"
)

func TestMerchantCalls(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	admin := operator.RoleAdmin
	made := s.as(admin, http.MethodPost, "/merchants", fields{"name": "acme", "mode": "live", "fee_bps": 50, "fee_fixed": "0.2500"})
	if made.status != http.StatusCreated || made.text("secrets", "sign_key") == "" || made.text("merchant", "fee_fixed") != "0.2500" {
		t.Fatalf("got %d %s", made.status, made.raw)
	}
	s.wantError(s.as(admin, http.MethodPost, "/merchants", fields{"name": "acme"}), http.StatusConflict, "name_taken")
	s.wantError(s.as(admin, http.MethodPost, "/merchants", fields{"name": "Acme!", "fee_fixed": "x"}), http.StatusBadRequest, "invalid_request")

	topUp := fields{"amount": "100.5000", "ref": "wire-1"}
	for _, want := range []string{"", "true"} {
		a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/topup", topUp))
		if a.text("available_usdt") != "100.5000" || a.header.Get("Idempotent-Replayed") != want {
			t.Errorf("topup: got %s %v", a.raw, a.header)
		}
	}
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/topup", fields{"amount": "1.0000", "ref": "wire-1"}), http.StatusConflict, "reference_reused")
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/topup", fields{"amount": "1e3", "ref": "w"}), http.StatusBadRequest, "invalid_request")

	changed := s.wantOK(s.as(admin, http.MethodPatch, "/merchants/acme", fields{
		"require_v2": true, "mask_requisites": true, "luhn": true, "standart_sign": "merchant:order_id:sign_key", "fee_bps": 75, "fee_fixed": "0.1000",
		"timeout": 90, "methods": fields{"rub/iban": fields{"enabled": true, "min": "500.00"}}, "limits": fields{"status": "20/s:40", "reject": "off"},
	}))
	if changed.body["require_v2"] != true || changed.text("timeout") != "90" || changed.text("limits", "reject") != "off" || changed.text("limits", "status") != "20/s:40" {
		t.Errorf("got %s", changed.raw)
	}
	for name, body := range map[string]fields{
		"standart_sign": {"standart_sign": "x"}, "timeout": {"timeout": 0}, "limits.status": {"limits": fields{"status": "fast"}}, "methods": {"methods": fields{"cash": fields{}}},
		"methods.rub/sbp.min": {"methods": fields{"rub/sbp": fields{"min": "1,00"}}}, "fee_bps": {"fee_bps": 20000}, "fee_fixed": {"fee_fixed": "x"},
		"require_v2": {"require_v2": "yes"},
	} {
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			a := s.as(admin, http.MethodPatch, "/merchants/acme", body)
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			if a.text("error", "fields", name) == "" {
				t.Errorf("got %s, want %s named", a.raw, name)
			}
		})
	}
	rotate := fields{"only": []merchant.KeyKind{merchant.SignKey}, "grace": "1h"}
	asked := s.as(admin, http.MethodPost, "/merchants/acme/rotate-keys", rotate).text("approval", "id")
	s.wantOK(s.as(operator.RoleApprover, http.MethodPost, "/approvals/"+asked+"/approve", nil))
	rotated := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/rotate-keys", rotate))
	if rotated.text("secrets", "sign_key") == "" || rotated.text("secrets", "api_key") != "" || rotated.text("secrets", "sign_key") == made.text("secrets", "sign_key") {
		t.Errorf("rotate: got %s", rotated.raw)
	}
	s.wantError(s.as(admin, http.MethodPatch, "/merchants/acme", fields{"fee_fixed": ""}), http.StatusBadRequest, "invalid_request")
	s.wantError(s.as(admin, http.MethodPost, "/merchants/acme/rotate-keys", fields{"grace": "long"}), http.StatusBadRequest, "invalid_request")
	for verb, disabled := range map[string]bool{"disable": true} {
		if a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/"+verb, nil)); a.body["disabled"] != disabled {
			t.Errorf("%s: got %s", verb, a.raw)
		}
	}
	if a := s.wantOK(s.as(admin, http.MethodPost, "/merchants/acme/enable", nil)); a.body["disabled"] != false {
		t.Errorf("enable: got %s", a.raw)
	}
	shown := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/merchants/acme", nil))
	if shown.text("available_usdt") != "100.5000" || bytes.Contains(shown.raw, []byte(rotated.text("secrets", "sign_key"))) {
		t.Errorf("got %s", shown.raw)
	}
	page := s.wantOK(s.as(operator.RoleViewer, http.MethodGet, "/merchants?limit=1", nil))
	if len(page.body["items"].([]any)) != 1 || page.text("next_cursor") == "" {
		t.Errorf("got %s", page.raw)
	}
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/merchants/nobody", nil), http.StatusNotFound, "not_found")
	s.wantError(s.as(operator.RoleViewer, http.MethodGet, "/merchants/%00", nil), http.StatusNotFound, "not_found")
}

func TestFaultsOfMerchantCallsComeAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for call, tt := range map[string]struct {
		body fields
		want []string
	}{
		"POST /merchants": {
			fields{"name": "Acme!", "mode": "test", "fee_bps": 20000, "fee_fixed": "x"},
			[]string{"fee_bps", "fee_fixed", "mode", "name"},
		},
		"PATCH /merchants/demo": {
			fields{
				"standart_sign": "x", "timeout": 0, "fee_bps": -1, "fee_fixed": "x",
				"methods": fields{"cash": fields{}, "rub/sbp": fields{"min": "1,00"}, "rub/card": fields{"max": "0.01"}},
				"limits":  fields{"status": "fast", "create": "1/0s", "payouts": "1/s"},
			},
			[]string{
				"fee_bps", "fee_fixed", "limits", "limits.create", "limits.status",
				"methods", "methods.rub/card.max", "methods.rub/sbp.min", "standart_sign", "timeout",
			},
		},
		"POST /merchants/demo/rotate-keys": {fields{"only": []string{"all"}, "grace": "long"}, []string{"grace", "only"}},
		"POST /merchants/demo/topup":       {fields{"amount": "1e3"}, []string{"amount", "ref"}},
		"PUT /rates":                       {fields{"currency": "xxx", "rate": "x", "max_age": "long"}, []string{"currency", "max_age", "rate"}},
		"PUT /capacity":                    {fields{"currency": "rub", "method": "cash", "max_open": -1, "max_open_amount": "x"}, []string{"max_open", "max_open_amount", "method"}},
		"POST /operators":                  {fields{"email": "x", "role": "king"}, []string{"email", "role"}},
	} {
		t.Run(strings.ReplaceAll(call, "/", "_"), func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(call, " ")
			a := s.as(operator.RoleAdmin, method, path, tt.body)
			s.wantError(a, http.StatusBadRequest, "invalid_request")
			named, _ := a.body["error"].(map[string]any)["fields"].(map[string]any)
			if got := slices.Sorted(maps.Keys(named)); !slices.Equal(got, tt.want) {
				t.Errorf("named %v, want %v", got, tt.want)
			}
		})
	}
}
