package signing_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"disburse/signing"
)

type vectors struct {
	Payout []struct {
		Note         string `json:"note"`
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
		Signed       string `json:"signed"`
		StandartSign string `json:"standart_sign"`
	} `json:"standart"`
	Webhook []webhookVector `json:"webhook"`
	Wallet  []struct {
		Note       string `json:"note"`
		PrivateKey string `json:"private_key"`
		Method     string `json:"method"`
		URI        string `json:"uri"`
		Body       string `json:"body"`
		Signed     string `json:"signed"`
		Signature  string `json:"signature"`
	} `json:"wallet"`
}

type webhookVector struct {
	Note      string   `json:"note"`
	Secrets   []string `json:"secrets"`
	ID        string   `json:"id"`
	Timestamp int64    `json:"timestamp"`
	Body      string   `json:"body"`
	Signed    string   `json:"signed"`
	Signature string   `json:"signature"`
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Payout) == 0 || len(v.Standart) == 0 || len(v.Webhook) == 0 || len(v.Wallet) == 0 {
		t.Fatal("vectors.json lacks a scheme")
	}
	return v
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.Payout {
		t.Run("Payout/"+c.Note, func(t *testing.T) {
			t.Parallel()
			equal(t, "signed text", signing.PayoutString(c.OrderID, c.FiatAmount, c.Requisite, c.FiatCurrency, c.SignKey), c.Signed)
			equal(t, "sign", signing.PayoutSign(c.OrderID, c.FiatAmount, c.Requisite, c.FiatCurrency, c.SignKey), c.Sign)
		})
	}
	for _, c := range v.Standart {
		t.Run("Standart/"+c.Form, func(t *testing.T) {
			t.Parallel()
			form, err := signing.ParseForm(c.Form)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "signed text", signing.StandartString(form, c.Merchant, c.OrderID, c.SignKey), c.Signed)
			equal(t, "standart_sign", signing.StandartSign(form, c.Merchant, c.OrderID, c.SignKey), c.StandartSign)
		})
	}
	for _, c := range v.Webhook {
		t.Run("Webhook/"+c.Note, func(t *testing.T) {
			t.Parallel()
			at := time.Unix(c.Timestamp, 0)
			equal(t, "signed text", signing.WebhookString(c.ID, at, []byte(c.Body)), c.Signed)
			h, err := signing.Sign(c.Secrets, c.ID, at, []byte(c.Body))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "signature", h.Signature, c.Signature)
		})
	}
	for _, c := range v.Wallet {
		t.Run("Wallet/"+c.Note, func(t *testing.T) {
			t.Parallel()
			equal(t, "signed text", signing.WalletString(c.Method, c.URI, []byte(c.Body)), c.Signed)
			equal(t, "signature", signing.WalletSignature(c.Method, c.URI, []byte(c.Body), c.PrivateKey), c.Signature)
		})
	}
}

func TestWalletMethodInEitherCase(t *testing.T) {
	t.Parallel()
	equal(t, "signature",
		signing.WalletSignature("post", "https://wallet.example.test/", nil, "k"),
		signing.WalletSignature("POST", "https://wallet.example.test/", nil, "k"))
}
