package signing_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"disburse/signing"
)

// A merchant's server receives a callback. It verifies the raw body before it
// parses anything, answers 401 to what does not verify, and remembers the
// webhook-id, because the same event may arrive twice.
func ExampleVerify() {
	// Both secrets during a rotation, one otherwise.
	secrets := []string{"whsec_ZGVtby13ZWJob29rLXNlY3JldC0zMi1ieXRlcy1vaw=="}
	clock := func() time.Time { return time.Unix(1763700012, 0) } // time.Now in a real server

	callback := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
			return
		}
		headers := signing.ReadHeaders(r.Header.Get)
		if err := signing.Verify(secrets, headers, body, clock(), signing.Tolerance); err != nil {
			http.Error(w, "invalid signature", http.StatusUnauthorized)
			return
		}
		fmt.Println("verified", headers.ID, string(body))
		w.WriteHeader(http.StatusNoContent)
	}

	// What the gateway sends:
	body := `{"order_id":"order123","status":"successful"}`
	headers, err := signing.Sign(secrets, "evt_7", time.Unix(1763700000, 0), []byte(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sent := range []string{body, strings.Replace(body, "successful", "rejected_gate", 1)} {
		r := httptest.NewRequest(http.MethodPost, "/success", strings.NewReader(sent))
		headers.Apply(r.Header.Set)
		w := httptest.NewRecorder()
		callback(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// verified evt_7 {"order_id":"order123","status":"successful"}
	// 204
	// 401
}

// A merchant that has not moved to webhook signatures checks the
// standart_sign in the callback's body. It covers the order alone, neither
// status nor amount: ask for the status before acting on it.
func ExampleStandartSign() {
	key := "test_sign_key"
	received := "31183191CAD10905EAC65EB177A717B45AF2D6699A30363F748CED48992A8ED4"

	want := signing.StandartSign(signing.OrderKey, "demo", "order123", key)
	fmt.Println(signing.VerifyHex(received, want))
	// Output: true
}

// The sign of create_pay_out. When the gateway answers "invalid signature",
// compare the text that was signed first.
func ExamplePayoutSign() {
	fmt.Println(signing.PayoutString("order123", "1500.00", "79161234567", "rub", "test_sign_key"))
	fmt.Println(signing.PayoutSign("order123", "1500.00", "79161234567", "rub", "test_sign_key"))
	// Output:
	// order123:1500.00:79161234567:rub:test_sign_key
	// 53f49a84b929a1c6bf16fdf36ed151738def4b30a8088237ce480ffef538aa2f
}

// A merchant signs its own request, beside the sign in the body.
func ExampleSign() {
	secrets := []string{"whsec_ZGVtby13ZWJob29rLXNlY3JldC0zMi1ieXRlcy1vaw=="}
	body := []byte(`{"order_id":"order123"}`)
	headers, err := signing.Sign(secrets, "req_1", time.Unix(1763700000, 0), body)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodPost, "/api/merchant/demo/create_pay_out/", nil)
	headers.Apply(r.Header.Set)
	fmt.Println(r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"))
	// Output: req_1 1763700000
}

// A provider of games signs a call to the wallet.
func ExampleWalletSignature() {
	body := []byte(`{"sessionId":"sess-1","playerId":"p-7","currency":"EUR"}`)
	uri := "https://wallet.example.test/wallet/balance"
	fmt.Println(signing.WalletString("POST", uri, body))
	fmt.Println(signing.WalletSignature("POST", uri, body, "demo-private-key"))
	// Output:
	// POST
	// https://wallet.example.test/wallet/balance
	// FD42EA241A6984CEE04CF8A5DE742204
	// 9fd765e670a156a1715c69861bb25dfb4a27ffa36d619bf76b4d50df7b0201f2
}
