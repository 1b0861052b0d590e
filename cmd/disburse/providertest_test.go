package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"disburse/gateway/gamewallet/acceptance"
)

// testTable is a site that serves, and the flags that play everything there is.
type testTable struct {
	*site
	base  string
	flags []string
}

func newTestTable(t *testing.T) testTable {
	t.Helper()
	s := newSite(t)
	made := s.object("provider", "create", "acme-games")
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(text(t, made, "private_key")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.ok("game", "set", "acme-games", "roulette")
	s.ok("game", "set", "acme-games", "closed", "--active=false")
	sessions := map[string]string{}
	for _, player := range []string{"one", "two", "blocked"} {
		user := fmt.Sprint(s.object("user", "create", "--name", player)["id"])
		s.ok("user", "deposit", user, "100000", "--ref", player)
		s.ok("player", "bind", "acme-games", player, "--user", user, "--currency", "RUB")
		sessions[player] = text(t, s.object("session", "open", "acme-games", player), "session_id")
	}
	for _, more := range []string{"parallel", "expired"} {
		sessions[more] = text(t, s.object("session", "open", "acme-games", "one"), "session_id")
	}
	s.ok("session", "close", "acme-games", sessions["expired"])
	s.ok("player", "block", "acme-games", "blocked")
	return testTable{s, s.serve(), []string{
		"provider", "test", "--signed-url", sitePublicURL, "--public-key", text(t, made, "public_key"), "--private-key-file", key,
		"--player", "one", "--session", sessions["one"], "--game", "roulette", "--inactive-game", "closed",
		"--second-player", "two", "--second-session", sessions["two"], "--parallel-session", sessions["parallel"],
		"--expired-session", sessions["expired"], "--blocked-player", "blocked", "--blocked-session", sessions["blocked"],
	}}
}

func (tt testTable) play(args ...string) (stdout, stderr string, status int) {
	return invoke(tt.t, append(append([]string{}, tt.flags...), args...)...)
}

func TestProviderTestPassesOurWallet(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	out, onErr, status := table.play("--url", table.base, "--json")
	if status != 0 || onErr != "" {
		t.Fatalf("status %d, stderr %q, stdout %s", status, onErr, out)
	}
	var report acceptance.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		if result.Status != acceptance.Passed {
			t.Errorf("%s: %s: %s", result.Name, result.Status, result.Detail)
		}
	}
	if report.Passed < 70 || report.LeftOver != "0.00" {
		t.Errorf("%d passed, the balance changed by %s", report.Passed, report.LeftOver)
	}
	if open := table.items("round", "list", "--open"); len(open) != 0 {
		t.Errorf("%d rounds stay open, the first %v", len(open), open[0])
	}
}

func TestProviderTestPrintsATable(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	out, onErr, status := table.play("--url", table.base, "--case", "GW-26", "--case", "GW-07", "--case", "gw-54", "--inactive-game", "")
	if status != 0 || onErr != "" {
		t.Fatalf("status %d, stderr %q, stdout %s", status, onErr, out)
	}
	says(t, out, "pass  rollback-returns-bet", "GW-26", "A rollback returns exactly the bet", "skip  inactive-game", "needs --inactive-game",
		"GW-24: records are kept for months", "4 passed, 0 failed, 1 skipped; the player's balance changed by 0.00")
}

// TestProviderTestFindsABrokenWallet puts something in front of the wallet that
// answers rollbacks by itself.
func TestProviderTestFindsABrokenWallet(t *testing.T) {
	t.Parallel()
	table := newTestTable(t)
	behind, err := url.Parse(table.base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wallet/rollback" {
			_, _ = io.WriteString(w, `{"balance":1000.00,"currency":"RUB"}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(broken.Close)
	for _, form := range [][]string{nil, {"--json"}} {
		out, onErr, status := table.play(append(form, "--url", broken.URL, "--case", "rollback-returns-bet", "--case", "zero-bet")...)
		if status != 1 || onErr != "" {
			t.Errorf("status %d, stderr %q", status, onErr)
		}
		if form == nil {
			says(t, out, "fail  rollback-returns-bet", "pass  zero-bet", "Failed", "should be 1000.00", "1 passed, 1 failed", "changed by 0.00")
		} else {
			says(t, out, `"failed":1`, `"status":"fail"`)
		}
	}
}

func TestProviderTestRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const private = "topsecretkey"
	key := write("key", private)
	all := []string{"--url", "http://127.0.0.1:1", "--public-key", "pk", "--private-key-file", key, "--player", "p", "--session", "s"}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		why    string
	}{
		{"ErrNoFlags", nil, 2, "--public-key"},
		{"ErrNoWallet", all, 1, "balance: expected 200"},
		{"ErrAddress", append(all, "--url", "wallet.example"), 2, "--url must be an address"},
		{"ErrSignedAddress", append(all, "--signed-url", "ftp://x"), 2, "--signed-url must be an address"},
		{"ErrCurrency", append(all, "--currency", "XXQ"), 2, "--currency"},
		{"ErrTimeout", append(all, "--timeout", "-1s"), 2, "--timeout"},
		{"ErrNoKeyFile", append(all, "--private-key-file", "/no/such/file"), 1, "--private-key-file"},
		{"ErrEmptyKeyFile", append(all, "--private-key-file", write("empty", "\n")), 1, "private key"},
		{"ErrRule", append(all, "--profile", "speed=high"), 2, `no rule "speed"`},
		{"ErrRuleValue", append(all, "--profile", "duplicate=maybe"), 2, "duplicate is replay or refuse"},
		{"ErrNoProfileFile", append(all, "--profile", "@/no/such/file"), 1, "--profile"},
		{"ErrProfileFile", append(all, "--profile", "@"+key), 1, "no profile in JSON"},
		{"ErrCase", append(all, "--case", "GW-99"), 1, `no case "GW-99"`},
		{"ErrCaseThatCannotBePlayed", append(all, "--case", "GW-24"), 1, "takes months"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, onErr, status := invoke(t, append([]string{"provider", "test"}, tt.args...)...)
			if status != tt.status || out != "" {
				t.Errorf("status %d, want %d; stdout %q", status, tt.status, out)
			}
			says(t, onErr, tt.why)
			if strings.Contains(onErr, private) {
				t.Errorf("stderr %q holds the key", onErr)
			}
		})
	}
}

func TestProviderTestReadsAProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok("provider", "profile", "set", "ours", "--duplicate", "refuse", "--id-scope", "player", "--late-bet", "accept")
	shown := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(shown, []byte(s.ok("provider", "profile", "show", "ours", "--json")), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := readProfile("duplicate=refuse, id-scope=player,late_bet=accept,unknown_rollback=refuse,repeated_rollback=accept,win_without_bet=refuse")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readProfile("@" + shown); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := readProfile("default"); err != nil || got != (acceptance.Profile{}) {
		t.Errorf("default is %+v, %v", got, err)
	}
}
