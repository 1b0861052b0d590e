package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// vectors are the published and the made-up cases of package signing.
type vectors struct {
	Payout []struct {
		OrderID      string `json:"order_id"`
		FiatAmount   string `json:"fiat_amount"`
		Requisite    string `json:"requisite"`
		FiatCurrency string `json:"fiat_currency"`
		SignKey      string `json:"sign_key"`
		Signed       string `json:"signed"`
		Sign         string `json:"sign"`
	} `json:"payout"`
	Standart []struct {
		Form         string `json:"form"`
		Merchant     string `json:"merchant"`
		OrderID      string `json:"order_id"`
		SignKey      string `json:"sign_key"`
		StandartSign string `json:"standart_sign"`
	} `json:"standart"`
	Webhook []struct {
		Secrets   []string `json:"secrets"`
		ID        string   `json:"id"`
		Timestamp int64    `json:"timestamp"`
		Body      string   `json:"body"`
		Signed    string   `json:"signed"`
		Signature string   `json:"signature"`
	} `json:"webhook"`
	Wallet []struct {
		PrivateKey string `json:"private_key"`
		Method     string `json:"method"`
		URI        string `json:"uri"`
		Body       string `json:"body"`
		Signed     string `json:"signed"`
		Signature  string `json:"signature"`
	} `json:"wallet"`
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	content, err := os.ReadFile("../../signing/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Payout) == 0 || len(v.Standart) == 0 || len(v.Webhook) == 0 || len(v.Wallet) == 0 {
		t.Fatal("a scheme has no vectors")
	}
	return v
}

// wantSign checks what a command prints: the result alone on stdout, the signed
// text on stderr, the key nowhere, and the same in JSON.
func wantSign(t *testing.T, stdout, sign, signed string, keys []string, args ...string) {
	t.Helper()
	out, onErr, status := invoke(t, args...)
	if status != 0 || out != stdout+"\n" {
		t.Errorf("%v: status %d, got %q, want %q", args, status, out, stdout)
	}
	if onErr != "signed text: "+signed+"\n" {
		t.Errorf("%v: stderr %q, want the signed text %q", args, onErr, signed)
	}
	asJSON, quiet, _ := invoke(t, append(args, "--json")...)
	var object struct{ Sign, String string }
	if err := json.Unmarshal([]byte(asJSON), &object); err != nil || object.Sign != sign || object.String != signed || quiet != "" {
		t.Errorf("%v: JSON %s, stderr %q, %v", args, asJSON, quiet, err)
	}
	for _, key := range keys {
		if len(key) > 2 && strings.Contains(out+onErr+asJSON, key) {
			t.Errorf("%v prints the key", args)
		}
	}
}

func TestSignVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.Payout {
		hidden := strings.TrimSuffix(c.Signed, c.SignKey) + "[key]"
		wantSign(t, c.Sign, c.Sign, hidden, []string{c.SignKey}, "sign", "payout", "--order-id", c.OrderID, "--amount", c.FiatAmount,
			"--requisite", c.Requisite, "--currency", c.FiatCurrency, "--key", c.SignKey)
	}
	for _, c := range v.Standart {
		hidden := strings.NewReplacer("sign_key", "[key]", "order_id", c.OrderID, "merchant", c.Merchant).Replace(c.Form)
		wantSign(t, c.StandartSign, c.StandartSign, hidden, []string{c.SignKey}, "sign", "standard", "--order-id", c.OrderID,
			"--form", c.Form, "--merchant", c.Merchant, "--key", c.SignKey)
	}
	for _, c := range v.Webhook {
		at := strconv.FormatInt(c.Timestamp, 10)
		args := []string{"sign", "webhook", "--id", c.ID, "--timestamp", at, "--body", c.Body}
		for _, secret := range c.Secrets {
			args = append(args, "--secret", secret)
		}
		headers := "webhook-id: " + c.ID + "\nwebhook-timestamp: " + at + "\nwebhook-signature: " + c.Signature
		wantSign(t, headers, c.Signature, c.Signed, c.Secrets, args...)
	}
	for _, c := range v.Wallet {
		wantSign(t, c.Signature, c.Signature, c.Signed, []string{c.PrivateKey}, "sign", "wallet", "--key", c.PrivateKey,
			"--method", c.Method, "--url", c.URI, "--body", c.Body)
	}
}

func TestSignPublishedExample(t *testing.T) {
	t.Parallel()
	out, _, status := invoke(t, "sign", "payout", "--order-id", "order123", "--amount", "1500.00", "--requisite", "79161234567",
		"--currency", "rub", "--key", "test_sign_key")
	if want := "53f49a84b929a1c6bf16fdf36ed151738def4b30a8088237ce480ffef538aa2f\n"; out != want || status != 0 {
		t.Errorf("got %q with status %d, want %q", out, status, want)
	}
}

func TestSignBodyFromFile(t *testing.T) {
	t.Parallel()
	c := readVectors(t).Webhook[3] // line breaks at the end count
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte(c.Body), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, status := invoke(t, "sign", "webhook", "--id", c.ID, "--timestamp", strconv.FormatInt(c.Timestamp, 10), "--body", "@"+file, "--secret", c.Secrets[0])
	if status != 0 {
		t.Errorf("status %d", status)
	}
	says(t, out, "webhook-signature: "+c.Signature)
}

func TestSignTimeIsNowWhenLeftOut(t *testing.T) {
	t.Parallel()
	out, _, _ := invoke(t, "sign", "webhook", "--id", "m", "--body", "{}", "--secret", readVectors(t).Webhook[0].Secrets[0], "--json")
	var object struct{ Headers map[string]string }
	if err := json.Unmarshal([]byte(out), &object); err != nil {
		t.Fatal(err)
	}
	if at, err := strconv.ParseInt(object.Headers["webhook-timestamp"], 10, 64); err != nil || at < 1_750_000_000 {
		t.Errorf("got %v", object.Headers)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	const key = "topsecretkey"
	tests := []struct {
		name   string
		args   []string
		status int
		why    string
	}{
		{"ErrNoKey", []string{"payout", "--order-id", "o", "--amount", "1", "--currency", "rub"}, 2, "DISBURSE_SIGN_KEY"},
		{"ErrNoOrderID", []string{"payout", "--amount", "1", "--currency", "rub", "--key", key}, 2, "--order-id"},
		{"ErrFormWantsTheMerchant", []string{"standard", "--order-id", "o", "--key", key, "--form", "merchant:order_id:sign_key"}, 2, "--merchant is needed"},
		{"ErrUnknownForm", []string{"standard", "--order-id", "o", "--key", key, "--form", "sign_key"}, 2, "--form"},
		{"ErrNoSecret", []string{"webhook", "--id", "m"}, 2, "DISBURSE_SIGN_SECRET"},
		{"ErrBadSecret", []string{"webhook", "--id", "m", "--secret", key}, 2, "whsec_"},
		{"ErrBadTimestamp", []string{"webhook", "--id", "m", "--secret", key, "--timestamp", "now"}, 2, "Unix seconds"},
		{"ErrNoFile", []string{"wallet", "--key", key, "--url", "https://w.example", "--body", "@/no/such/file"}, 1, "no such file"},
		{"ErrUnknownFlagDoesNotPrintItsValue", []string{"payout", "--kee=" + key}, 2, "unknown flag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, onErr, status := invoke(t, append([]string{"sign"}, tt.args...)...)
			if status != tt.status || out != "" {
				t.Errorf("status %d, stdout %q", status, out)
			}
			says(t, onErr, tt.why)
			if strings.Contains(onErr, key) {
				t.Errorf("stderr %q holds the key", onErr)
			}
		})
	}
}
