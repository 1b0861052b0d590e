package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/enduser"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/operator"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// TestGamePaths wants the same envelope wherever a provider calls, and a call
// to be signed as it was called.
func TestGamePaths(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	raw := g.body(g.seat(), nil)
	for _, path := range []string{"/wallet/balance", "/wallet/balance/", "/wallet/balance?x=1"} {
		g.has("5000.00", g.raw(path, raw))
	}
	t.Run("TheSlashIsSigned", func(t *testing.T) {
		g.refused("ERROR_INVALID_SIGNATURE", g.send("/wallet/balance/", raw, g.sign("/wallet/balance", raw)))
		g.refused("ERROR_INVALID_SIGNATURE", g.send("/wallet/balance", raw, g.sign("/wallet/balance/", raw)))
	})
	t.Run("UpperCaseHex", func(t *testing.T) {
		h := g.sign("/wallet/balance", raw)
		h["Signature"] = strings.ToUpper(h["Signature"])
		g.has("5000.00", g.send("/wallet/balance", raw, h))
	})
	for _, path := range []string{"/wallet", "/wallet/", "/wallet/authenticate", "/wallet/balance/x", "/wallet/Balance", "/wallet//balance"} {
		t.Run("Unknown"+strings.ReplaceAll(path, "/", "_"), func(t *testing.T) {
			g.refusedWith(http.StatusNotFound, "ERROR_BAD_REQUEST", g.raw(path, raw))
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			a := s.send(method, "/wallet/withdraw", nil, nil)
			g.refusedWith(http.StatusMethodNotAllowed, "ERROR_BAD_REQUEST", a)
			if a.header.Get("Allow") == "" || a.header.Get("WWW-Authenticate") != "" {
				t.Errorf("headers: %v", a.header)
			}
		})
	}
	t.Run("OthersKeepTheirEnvelope", func(t *testing.T) {
		s.wantError(s.send(http.MethodGet, "/walletx", nil, nil), http.StatusNotFound, "not_found")
		s.wantError(s.send(http.MethodGet, "/api/v1/wallets", nil, nil), http.StatusNotFound, "NOT_FOUND")
	})
}

func TestGameBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	good := g.body(g.seat(), nil)
	t.Run("Size", func(t *testing.T) {
		g.has("5000.00", g.raw("/wallet/balance", good+strings.Repeat(" ", 64<<10-len(good))))
		for _, size := range []int{64<<10 + 1, 1 << 20} {
			a := g.raw("/wallet/balance", good+strings.Repeat(" ", size-len(good)))
			g.refusedWith(http.StatusRequestEntityTooLarge, "ERROR_BAD_REQUEST", a)
		}
	})
	t.Run("MediaType", func(t *testing.T) {
		for given, taken := range map[string]bool{
			"application/json": true, "application/json; charset=utf-8": true, "": false, "text/plain": false, "application/x-www-form-urlencoded": false,
		} {
			h := g.sign("/wallet/balance", good)
			h["Content-Type"] = given
			a := g.send("/wallet/balance", good, h)
			if taken {
				g.has("5000.00", a)
				continue
			}
			g.refusedWith(http.StatusUnsupportedMediaType, "ERROR_BAD_REQUEST", a)
			// Who has not signed is told nothing of the body.
			g.refused("ERROR_INVALID_SIGNATURE", g.send("/wallet/balance", good, header{"Content-Type": given}))
		}
	})
	twice := strings.Replace(g.body(g.betBody("w-1", "10"), nil), "{", `{"amount":1,`, 1)
	for name, raw := range map[string]string{
		"Empty": "", "Null": "null", "List": "[]", "Text": `"x"`, "Cut": good[:len(good)-1], "Trailing": good + "{}", "Garbage": "\x00\xff",
		"Twice": twice, "BadUTF8": strings.Replace(good, "RUB", "RUB\xff", 1), "Comment": good + "//", "Deep": strings.Repeat("[", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range []string{"balance", "withdraw", "deposit", "rollback"} {
				g.refused("ERROR_BAD_REQUEST", g.raw("/wallet/"+call, raw))
			}
		})
	}
	t.Run("UnknownMembersAreIgnored", func(t *testing.T) {
		g.has("5000.00", g.play("balance", g.seat(), fields{"brandId": 7, "metadata": fields{"a": []int{1}}, "amount": "x"}))
	})
	g.stored(0, "")
}

// TestGameCodes makes each published code once, and wants each that the
// document lists.
func TestGameCodes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	cents := func(n int64) *int64 { return &n }
	for name, play := range map[string]struct {
		code string
		call func(g *gamer) answer
	}{
		"BadRequest":    {"ERROR_BAD_REQUEST", func(g *gamer) answer { return g.bet("w-1", "-1") }},
		"PlayerBlocked": {"ERROR_BAD_REQUEST_PLAYER_BLOCKED", func(g *gamer) answer { g.block(); return g.bet("w-1", "1") }},
		"NoSession":     {"ERROR_INVALID_SESSION", func(g *gamer) answer { return g.in("none").bet("w-1", "1") }},
		"NoSessionForABalance": {"ERROR_INVALID_SESSION", func(g *gamer) answer {
			return g.in("none").play("balance", g.in("none").seat(), nil)
		}},
		"SessionOver": {"ERROR_SESSION_EXPIRED", func(g *gamer) answer { g.closeSession(); return g.bet("w-1", "1") }},
		"NoGame":      {"ERROR_GAME_NOT_ACTIVE", func(g *gamer) answer { return g.bet("w-1", "1", fields{"gameId": "none"}) }},
		"Funds":       {"ERROR_TRANSACTION_INSUFFICIENT_FUNDS", func(g *gamer) answer { return g.bet("w-1", "5000.01") }},
		"BetLimit": {"ERROR_TRANSACTION_LIMIT_EXCEEDED", func(g *gamer) answer {
			g.limit(gameprovider.LimitsChange{BetLimit: cents(1000)})
			g.has("4990.00", g.bet("w-0", "10"))
			return g.bet("w-1", "10.01")
		}},
		"LossLimit": {"ERROR_TRANSACTION_LIMIT_EXCEEDED", func(g *gamer) answer {
			g.limit(gameprovider.LimitsChange{LossLimitDay: cents(2000)})
			g.has("4985.00", g.bet("w-0", "15"))
			g.refused("ERROR_TRANSACTION_LIMIT_EXCEEDED", g.bet("w-1", "5.01"))
			g.has("4990.00", g.win("d-0", "w-0", "5"))
			g.has("4980.00", g.bet("w-1", "10"))
			g.has("4990.00", g.undo("rb-1", "w-1"))
			g.has("4980.00", g.bet("w-2", "10"))
			return g.bet("w-3", "0.01")
		}},
		"RealityCheck": {"ERROR_TRANSACTION_REALITY_CHECK", realityCheck},
		"Duplicate": {"ERROR_TRANSACTION_DUPLICATE", func(g *gamer) answer {
			g.has("4990.00", g.bet("w-1", "10"))
			return g.bet("w-1", "11")
		}},
		"NoWithdraw":       {"ERROR_TRANSACTION_WITHDRAW_NOT_FOUND", func(g *gamer) answer { return g.win("d-1", "none", "1") }},
		"NothingToUndo":    {"ERROR_ROLLBACK_TRANSACTION_NOT_FOUND", func(g *gamer) answer { return g.undo("rb-1", "none") }},
		"Barred":           {"ERROR_TRANSACTION_NOT_FOUND", func(g *gamer) answer { g.undo("rb-1", "w-1"); return g.bet("w-1", "1") }},
		"InvalidSignature": {"ERROR_INVALID_SIGNATURE", func(g *gamer) answer { return g.send("/wallet/balance", "{}", nil) }},
		"Timeout":          {"ERROR_TIMEOUT", func(g *gamer) answer { return g.withBooks(ledger.ErrUnavailable).bet("w-1", "1") }},
		"Busy":             {"ERROR_TIMEOUT", func(g *gamer) answer { return g.withBooks(ledger.ErrBusy).bet("w-1", "1") }},
		"UnknownError":     {"ERROR_UNKNOWN_ERROR", func(g *gamer) answer { return g.withBooks(os.ErrInvalid).bet("w-1", "1") }},
	} {
		t.Run(name, func(t *testing.T) {
			g := s.gamer(t, "")
			g.refused(play.code, play.call(g))
			mu.Lock()
			defer mu.Unlock()
			seen[play.code] = true
		})
	}
	doc, err := document()
	must(t, err)
	var documented []string
	for _, code := range doc.Components.Schemas["GameError"].Value.Properties["code"].Value.Enum {
		documented = append(documented, code.(string))
	}
	slices.Sort(documented)
	if diff := cmp.Diff(documented, slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("documented (-) and seen (+):\n%s", diff)
	}
	if strings.Contains(s.log.String(), "panic") {
		t.Error("something panicked")
	}
}

// withBooks is the same player when the books fail so.
func (g *gamer) withBooks(cause error) *gamer {
	books := &away{Books: g.s.deps.Ledger}
	books.cause.Store(&cause)
	return g.served(func(d *gamewallet.Deps) { d.Ledger = books })
}

func realityCheck(g *gamer) answer {
	every := time.Minute
	g.limit(gameprovider.LimitsChange{RealityCheck: &every})
	g.has("4999.00", g.bet("w-0", "1"))
	late := g.later(2 * time.Minute)
	late.has("4998.00", late.in(g.open(time.Hour)).later(30*time.Second).bet("w-00", "1"))
	late.has("5000.00", late.win("d-0", "w-0", "2")) // wins go through
	return late.bet("w-1", "1")
}

// TestGameMoney follows bonus money and other currencies.
func TestGameMoney(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	t.Cleanup(func() { s.booksAreClean(t) })
	t.Run("Bonus", func(t *testing.T) {
		g := s.gamer(t, "")
		must(t, s.deps.EndUsers.GrantBonus(t.Context(), g.user.id, enduser.Cashback, 10_000, 50_000, "july"))
		wallet := func(balance, bonus, turnover int) {
			t.Helper()
			a := g.user.ok(g.user.get("/users/me/balance"))
			want := fmt.Sprint(balance, " ", bonus, " ", turnover)
			if got := a.text("balance") + " " + a.text("bonus_balance") + " " + a.text("wagering", "turnover"); got != want {
				t.Errorf("balance, bonus and turnover: got %s, want %s", got, want)
			}
		}
		g.owns("5100.00")
		g.has("50.00", g.bet("w-1", "5050"))
		wallet(0, 5_000, 505_000)
		g.has("5100.00", g.undo("rb-1", "w-1"))
		wallet(500_000, 10_000, 0)
		g.has("0.00", g.bet("w-2", "5100"))
		g.refused("ERROR_TRANSACTION_INSUFFICIENT_FUNDS", g.bet("w-3", "0.01"))
		g.has("5000.00", g.win("d-2", "w-2", "5000"))
	})
	for currency, want := range map[string]struct {
		minor             int64
		bet, after, wrong string
	}{
		"JPY": {5000, "120", "4880", "0.5"},
		"EUR": {5000, "1.20", "48.80", "0.005"},
		"KWD": {5000, "1.234", "3.766", "0.0005"},
	} {
		t.Run(currency, func(t *testing.T) {
			g := s.gamer(t, "")
			c, known := money.Lookup(currency)
			if !known {
				t.Fatal("unknown")
			}
			must(t, s.deps.EndUsers.Deposit(t.Context(), g.user.id, money.New(want.minor, c), "abroad"))
			g.player = unique("player")
			g.bind(currency)
			g.session = g.open(time.Hour)
			a := g.bet("w-1", want.bet)
			if wanted := `{"balance":` + want.after + `,"currency":"` + currency + `"}`; a.status != http.StatusOK || string(a.raw) != wanted {
				t.Errorf("got %d %s, want %s", a.status, a.raw, wanted)
			}
			g.refused("ERROR_BAD_REQUEST", g.bet("w-2", want.wrong))
		})
	}
}

// TestGameKeys follows a provider through a rotation, and out of the door.
func TestGameKeys(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	rotated := *g
	a := s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/providers/"+g.name+"/rotate-keys", nil))
	rotated.keys = gameprovider.Pair{PublicKey: a.text("keys", "public_key"), PrivateKey: a.text("keys", "private_key")}
	s.eventually(func() bool { return rotated.play("balance", g.seat(), nil).status == http.StatusOK })
	g.owns("5000.00") // the pair before is in its grace
	mixed := *g
	mixed.keys.PrivateKey = rotated.keys.PrivateKey
	mixed.refused("ERROR_INVALID_SIGNATURE", mixed.play("balance", g.seat(), nil))

	s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/providers/"+g.name+"/rotate-keys", fields{"grace": "0s"}))
	s.eventually(func() bool { return g.play("balance", g.seat(), nil).status == http.StatusUnauthorized })
	s.eventually(func() bool { return rotated.play("balance", g.seat(), nil).status == http.StatusUnauthorized })
	g.refused("ERROR_INVALID_SIGNATURE", g.play("balance", g.seat(), nil))

	shut := s.gamer(t, "")
	shut.owns("5000.00")
	s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/providers/"+shut.name+"/disable", nil))
	s.eventually(func() bool { return shut.play("balance", shut.seat(), nil).status == http.StatusUnauthorized })
	s.wantOK(s.as(operator.RoleAdmin, http.MethodPost, "/providers/"+shut.name+"/enable", nil))
	s.eventually(func() bool { return shut.play("balance", shut.seat(), nil).status == http.StatusOK })
	for _, secret := range []string{g.keys.PrivateKey, rotated.keys.PrivateKey, shut.keys.PrivateKey} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("the log holds a private key")
		}
	}
	trail := s.wantOK(s.as(operator.RoleAdmin, http.MethodGet, "/audit?limit=200", nil))
	if strings.Contains(string(trail.raw), rotated.keys.PrivateKey) || !strings.Contains(string(trail.raw), rotated.keys.PublicKey) {
		t.Errorf("the trail of a rotation: %s", trail.raw)
	}
}

// TestFailedSignaturesBlockNobody wants a provider to go on after any number of
// wrong signatures from its address, its own among them: a refusal would be
// final for all of its players.
func TestFailedSignaturesBlockNobody(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	for range 100 {
		g.refused("ERROR_INVALID_SIGNATURE", g.send("/wallet/balance", "{}", header{"Public-Key": g.keys.PublicKey, "Signature": "00"}))
	}
	g.owns("5000.00")
}

func TestGameLogLine(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	g := s.gamer(t, "")
	raw := g.body(g.betBody("w-77", "10"), nil)
	h := g.sign("/wallet/withdraw", raw)
	h["X-Request-Id"] = "trace-1"
	g.has("4990.00", g.send("/wallet/withdraw", raw, h))
	a := g.send("/wallet/withdraw", raw+" ", h)
	if a.text("traceId") != "trace-1" {
		t.Errorf("got %s", a.raw)
	}
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"provider":"`+g.name+`"`) || !strings.Contains(lines[1], `"code":"ERROR_INVALID_SIGNATURE"`) {
		t.Errorf("got %s", s.log)
	}
	for _, secret := range []string{h["Signature"], g.keys.PrivateKey, g.session, "w-77"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestGameSignatureAsDocumented holds the text of the reference against what
// signs.
func TestGameSignatureAsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("openapi.yaml")
	must(t, err)
	body := `{"sessionId":"sess-1","playerId":"p-7","currency":"EUR"}`
	lines := signing.WalletString("POST", "https://wallet.example.test/wallet/balance", []byte(body))
	indented := regexp.MustCompile(`(?m)^`).ReplaceAllString(lines, "        ")
	for _, want := range []string{body, indented, signing.WalletSignature("POST", "https://wallet.example.test/wallet/balance", []byte(body), "demo-private-key")} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document lacks\n%s", want)
		}
	}
}
