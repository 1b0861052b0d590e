package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"disburse/gateway/devmode"
	"disburse/signing"
)

// asDev makes this test's executable the program itself, which ends when its
// standard input does: with the test, however that ends.
const asDev = "DISBURSE_TEST_AS_DEV"

func init() {
	if os.Getenv(asDev) != "" {
		_ = os.Unsetenv(asDev)
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(3)
		}()
		main() // ends the process
	}
}

// devProcess is `disburse dev --json` as a process of its own.
type devProcess struct {
	t        *testing.T
	cmd      *exec.Cmd
	stdout   *bufio.Reader
	log      *lockedBuffer
	instance devmode.Instance
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startDev(t *testing.T, dir string) *devProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &devProcess{t: t, log: new(lockedBuffer), cmd: exec.Command(self, "dev", "--json", "--listen", "127.0.0.1:0", "--data", dir)}
	p.cmd.Env = append(os.Environ(), asDev+"=1")
	p.cmd.Stderr = p.log
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // gone already when all went well
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		t.Fatalf("no line on stdout: %v; log:\n%s", err, p.log)
	}
	if err := json.Unmarshal(line, &p.instance); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	checkShape(t, line)
	return p
}

// checkShape asks for every key that readers of the line count on.
func checkShape(t *testing.T, line []byte) {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"env", "base_url", "console_url", "docs_url", "metrics_url", "receiver_url", "database_url", "redis_url", "merchants",
		"operator", "operators", "users", "game_provider", "games", "players", "virtual_cards", "card_provider_url",
	} {
		if _, ok := object[key]; !ok {
			t.Errorf("%s is missing", key)
		}
	}
	for _, key := range []string{"users", "games", "players", "virtual_cards"} {
		if !bytes.HasPrefix(object[key], []byte("[")) {
			t.Errorf("%s is %s, want a list", key, object[key])
		}
	}
}

// interrupt sends SIGINT and checks that nothing stays behind.
func (p *devProcess) interrupt() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	rest, err := io.ReadAll(p.stdout)
	if err != nil || len(rest) > 0 {
		p.t.Errorf("stdout has more than one line: %q, %v", rest, err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("SIGINT: %v, want status 0; log:\n%s", err, p.log)
	}
	for _, text := range []string{p.instance.BaseURL, p.instance.ReceiverURL, p.instance.DatabaseURL, p.instance.RedisURL} {
		u, err := url.Parse(text)
		if err != nil {
			p.t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", u.Host); err == nil {
			conn.Close()
			p.t.Errorf("%s still listens", u.Host)
		}
	}
	for line := range strings.Lines(p.log.String()) {
		if !json.Valid([]byte(line)) {
			p.t.Errorf("a log line is no JSON: %s", line)
		}
	}
}

// call makes a request and decodes what it answers.
func (p *devProcess) call(method, target, credential string, body, into any) int {
	p.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, target, bytes.NewReader(content))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(credential, "op_") {
		r.Header.Set("Authorization", "Bearer "+credential)
	} else if credential != "" {
		r.Header.Set("X-Api-Key", credential)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		p.t.Logf("%s %s: %d %s", method, target, response.StatusCode, answer)
	} else if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			p.t.Fatalf("%v in %s", err, answer)
		}
	}
	return response.StatusCode
}

// create asks for a payout of a demo merchant, signed, with callbacks to the
// inspector.
func (p *devProcess) create(m devmode.Merchant, order, card string) int {
	p.t.Helper()
	hook := p.instance.ReceiverURL + "/hook/" + order
	return p.call(http.MethodPost, p.instance.BaseURL+"/api/merchant/"+m.Name+"/create_pay_out/", "", map[string]any{
		"order_id": order, "payment_method": "card", "fiat_amount": "1500.00", "fiat_currency": "rub", "number_card": card,
		"success_callback_url": hook, "error_callback_url": hook,
		"sign": signing.PayoutSign(order, "1500.00", card, "rub", m.SignKey),
	}, nil)
}

// complete claims the open payout of the demo merchant and completes it.
func (p *devProcess) complete() {
	p.t.Helper()
	var claimed struct {
		Payout struct {
			ID string `json:"id"`
		} `json:"payout"`
	}
	desk := p.instance.BaseURL + "/api/operator/payouts/"
	if code := p.call(http.MethodPost, desk+"claim", p.instance.Operator.Token, map[string]any{"filter": map[string]string{"merchant": "demo"}}, &claimed); code != http.StatusOK {
		p.t.Fatalf("claim: %d", code)
	}
	if code := p.call(http.MethodPost, desk+claimed.Payout.ID+"/complete", p.instance.Operator.Token, map[string]any{}, nil); code != http.StatusOK {
		p.t.Fatalf("complete: %d", code)
	}
}

type callback struct {
	Body struct {
		OrderID string `json:"order_id"`
		Status  string `json:"status"`
	} `json:"body"`
	StandartSign bool `json:"standart_sign_valid"`
	Webhook      bool `json:"webhook_signature_valid"`
}

// verified waits for an order's callback at the inspector.
func (p *devProcess) verified(order, status string) {
	p.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		var got []callback
		p.call(http.MethodGet, p.instance.ReceiverURL+"/received?order_id="+order, "", nil, &got)
		if len(got) > 0 {
			if !got[0].StandartSign || !got[0].Webhook || got[0].Body.Status != status {
				p.t.Errorf("callback of %s: %+v, want %s with both signatures", order, got[0], status)
			}
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("no callback of %s; log:\n%s", order, p.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestDev is the life of a payout on dev mode as a user runs it.
func TestDev(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startDev(t, dir)
	demo, sandbox := first.instance.Merchants[0], first.instance.Merchants[1]
	if first.create(demo, "first", "4111111111114321") != http.StatusOK || first.create(sandbox, "rejected", "4111111111110001") != http.StatusOK {
		t.Fatal("create")
	}
	first.complete()
	first.verified("first", "successful")
	first.verified("rejected", "rejected_gate")
	if _, onErr, status := invoke(t, "dev", "--listen", "127.0.0.1:0", "--data", dir); status != 1 || !strings.Contains(onErr, "in use") {
		t.Errorf("a second dev on the same data: status %d, %q", status, onErr)
	}
	address := strings.TrimPrefix(first.instance.BaseURL, "http://")
	if _, onErr, status := invoke(t, "dev", "--listen", address, "--data", t.TempDir()); status != 1 || !strings.Contains(onErr, "taken") {
		t.Errorf("a second dev on the same port: status %d, %q", status, onErr)
	}
	first.interrupt()

	second := startDev(t, dir)
	if second.instance.Operator != first.instance.Operator || !slices.Equal(second.instance.Operators, first.instance.Operators) ||
		!slices.Equal(second.instance.Users, first.instance.Users) || len(first.instance.Users) < 3 ||
		second.instance.Merchants[0].SignKey != demo.SignKey || second.instance.ReceiverURL != first.instance.ReceiverURL {
		t.Errorf("a restart changed credentials: %+v, was %+v", second.instance, first.instance)
	}
	if got := second.instance.Merchants[0].AvailableUSDT; got != "99984.4012" { // 15.4443 and its fee of 1 %
		t.Errorf("available after a restart: %s", got)
	}
	var payout struct {
		Status string `json:"status"`
	}
	status := second.instance.BaseURL + "/api/merchant/demo/status_pay_out/first/"
	if code := second.call(http.MethodGet, status, second.instance.Merchants[0].APIKey, nil, &payout); code != http.StatusOK || payout.Status != "successful" {
		t.Errorf("the payout after a restart: %d %q", code, payout.Status)
	}
	if second.create(second.instance.Merchants[0], "second", "4111111111114321") != http.StatusOK {
		t.Fatal("create after a restart")
	}
	second.complete()
	second.verified("second", "successful")
	checkEnv(t, second.instance)
	second.interrupt()
}

// checkEnv runs a command of the command line with the instance's environment
// alone.
func checkEnv(t *testing.T, i devmode.Instance) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", ". '"+i.EnvFile()+"' && exec \"$0\" config check", self)
	cmd.Env = []string{asDev + "=1", "PATH=" + os.Getenv("PATH")}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if content, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("config check with the instance's environment: %v\n%s", err, content)
	}
}

func TestDevPage(t *testing.T) {
	t.Parallel()
	i := devmode.Instance{
		BaseURL: "http://base", DocsURL: "http://base/docs", MetricsURL: "http://base/metrics", ReceiverURL: "http://receiver", DataDir: "/data",
		Merchants: []devmode.Merchant{{Name: "demo", Mode: "live", SignKey: "SIGN", APIKey: "API", WebhookSecret: "HOOK", AvailableUSDT: "100000.0000"}},
		Operator:  devmode.Operator{Email: "a@b", Role: "admin", Password: "PASS", Token: "TOKEN"},
		Users:     []devmode.User{{ID: 7, Name: "anna", Token: "USER", AvailableKopecks: 500000}},
	}
	page := devPage(i, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	sign := signing.PayoutSign("order-20260102-030405", "1500.00", "79161234567", "rub", "SIGN")
	for _, want := range []string{
		"http://base/docs", "http://receiver", "100000.0000", "SIGN", "API", "HOOK", "a@b", "PASS", "TOKEN", ". '/data/env'",
		"curl -sS http://base/api/merchant/demo/create_pay_out/", fmt.Sprintf(`"sign":"%s"`, sign), "http://receiver/hook/demo",
		"7 anna", "5000.00 RUB available", "curl -sS http://base/api/v1/users/me/balance -H 'Authorization: Bearer USER'\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in:\n%s", want, page)
		}
	}
	if strings.Contains(page, "Console") {
		t.Error("the page names a console that there is not")
	}
}
