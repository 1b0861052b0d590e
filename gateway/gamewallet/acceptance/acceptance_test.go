package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// config plays the double with everything that any case needs.
func config(w *double) Config {
	return Config{
		URL: w.url, PublicKey: publicKey, PrivateKey: privateKey, Player: "one", Session: "session-1",
		Currency: currency, Decimals: decimals, Game: "game",
		SecondPlayer: "two", SecondSession: "session-2", ParallelSession: "session-1b", ExpiredSession: "session-1x",
		BlockedPlayer: "blocked", BlockedSession: "session-b", InactiveGame: "game-off",
		Profile: w.profile,
	}
}

func run(t *testing.T, c Config) Report {
	t.Helper()
	report, err := Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// allPass wants every case passed and no money moved.
func allPass(t *testing.T, r Report) {
	t.Helper()
	for _, result := range r.Results {
		if result.Status != Passed {
			t.Errorf("%s: %s: %s", result.Name, result.Status, result.Detail)
		}
	}
	if r.LeftOver != "0.00" {
		t.Errorf("the run left %s", r.LeftOver)
	}
}

func TestAWalletWithoutFaultsPassesEveryCase(t *testing.T) {
	t.Parallel()
	w := newDouble(t, "", Profile{})
	r := run(t, config(w))
	allPass(t, r)
	if len(r.Results) != len(cases) || r.Passed != len(cases) || r.Failed != 0 || r.Skipped != 0 {
		t.Errorf("%d results, %d passed, %d failed, %d skipped, of %d cases", len(r.Results), r.Passed, r.Failed, r.Skipped, len(cases))
	}
	if got := w.balances["two"]; got != 10_000 {
		t.Errorf("the second player has %d, had 10000", got)
	}
	for key, round := range w.rounds {
		if !round.finished && strings.HasPrefix(key, "one game ") {
			t.Errorf("the round %s stays open", key)
		}
	}
}

func TestAWalletThatKeepsItsProfilePasses(t *testing.T) {
	t.Parallel()
	seenBy := map[string]string{
		"duplicate": "same-bet-again", "unknown_rollback": "rollback-of-unknown-bet", "repeated_rollback": "rollback-again",
		"id_scope": "same-id-two-players", "win_without_bet": "win-without-bet", "late_bet": "bet-after-its-rollback",
	}
	for name, choices := range rules {
		for _, value := range choices[1:] {
			t.Run(name+"="+string(value), func(t *testing.T) {
				t.Parallel()
				var profile Profile
				if err := profile.Set(name, string(value)); err != nil {
					t.Fatal(err)
				}
				w := newDouble(t, "", profile)
				allPass(t, run(t, config(w)))
				other := config(w)
				other.Profile, other.Only = Profile{}, []string{seenBy[name]}
				if r := run(t, other); r.Failed == 0 {
					t.Errorf("%s finds nothing wrong with it by the default profile", seenBy[name])
				}
			})
		}
	}
}

func TestCasesThatLackSomethingAreSkippedAndSayWhat(t *testing.T) {
	t.Parallel()
	w := newDouble(t, "", Profile{})
	c := config(w)
	c.SecondPlayer, c.SecondSession, c.ParallelSession, c.ExpiredSession = "", "", "", ""
	c.BlockedPlayer, c.BlockedSession, c.InactiveGame = "", "", ""
	r := run(t, c)
	if r.Failed != 0 || r.Skipped == 0 {
		t.Fatalf("%d failed, %d skipped", r.Failed, r.Skipped)
	}
	needs := map[string]string{
		"session-of-another-player": "needs --second-player and --second-session", "expired-session": "needs --expired-session",
		"blocked-player": "needs --blocked-player and --blocked-session", "inactive-game": "needs --inactive-game",
		"two-sessions-of-a-player": "needs --parallel-session",
	}
	for _, result := range r.Results {
		if result.Status == Skipped && !strings.HasPrefix(result.Detail, "needs ") {
			t.Errorf("%s is skipped and says %q", result.Name, result.Detail)
		}
		if want := needs[result.Name]; want != "" && (result.Status != Skipped || result.Detail != want) {
			t.Errorf("%s: %s, %q, want skip, %q", result.Name, result.Status, result.Detail, want)
		}
	}
}

func TestAPlayerWithoutMoneySkipsWhatTakesSome(t *testing.T) {
	t.Parallel()
	w := newDouble(t, "", Profile{})
	w.balances["one"] = 0
	r := run(t, config(w))
	if r.Failed != 0 || r.Skipped == 0 || r.Passed == 0 || r.LeftOver != "0.00" {
		t.Errorf("%d failed, %d skipped, %d passed, %s left", r.Failed, r.Skipped, r.Passed, r.LeftOver)
	}
}

func TestMoneyThatAFaultMovedIsEvenedOut(t *testing.T) {
	t.Parallel()
	for fault, found := range map[string]string{
		"double-bet": "same-bet-again", "double-win": "same-win-again", "rollback-pays-nothing": "rollback-returns-bet",
		"rollback-again-pays": "rollback-again", "overdraft": "insufficient-funds",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			w := newDouble(t, fault, Profile{})
			c := config(w)
			c.Only = []string{found}
			if r := run(t, c); r.Failed == 0 || r.LeftOver != "0.00" || w.balances["one"] != 10_000 {
				t.Errorf("%d failed, %s left over, balance %d", r.Failed, r.LeftOver, w.balances["one"])
			}
		})
	}
}

func TestMoneyThatCannotBeEvenedOutIsTold(t *testing.T) {
	t.Parallel()
	w := newDouble(t, "zero-bet-refused", Profile{}) // the tester pays back by wins of bets of 0
	c := config(w)
	c.Only = []string{"zero-win-ends-round"}
	if r := run(t, c); r.LeftOver != "-0.01" {
		t.Errorf("%s left over, want -0.01", r.LeftOver)
	}
}

// faults names the case that must find each.
var faults = []struct{ fault, found string }{
	{"other-currency-told", "balance-answers"},
	{"refused-win-pays", "win-after-rollback"},
	{"refusals-are-500", "unknown-player"},
	{"signature-not-needed", "signature-missing"},
	{"signature-not-checked", "signature-wrong-key"},
	{"any-public-key", "signature-unknown-public-key"},
	{"signature-prefix", "signature-cut"},
	{"method-not-signed", "signature-other-method"},
	{"address-not-signed", "signature-other-call"},
	{"acts-before-signature", "signature-changed-body"},
	{"parsed-body-signed", "signature-raw-bytes"},
	{"double-bet", "captured-call-replayed"},
	{"no-trace", "refusal-body"},
	{"player-made-up", "unknown-player"},
	{"balance-in-refusal", "unknown-player"},
	{"session-not-bound", "session-of-another-player"},
	{"missing-accepted", "field-missing"},
	{"null-accepted", "field-null"},
	{"empty-id", "id-empty"},
	{"long-id", "id-too-long"},
	{"cut-id", "id-longest"},
	{"any-type", "wrong-type"},
	{"trailing-data", "body-not-an-object"},
	{"last-field-wins", "duplicate-field"},
	{"unknown-field-refused", "unknown-field"},
	{"any-size", "body-too-large"},
	{"any-currency", "currency-other"},
	{"any-game", "unknown-game"},
	{"inactive-accepted", "inactive-game"},
	{"win-needs-game", "inactive-game"},
	{"negative-accepted", "negative-amount"},
	{"zero-bet-refused", "zero-bet"},
	{"zero-bet-forgotten", "zero-bet"},
	{"zero-win-refused", "zero-win-ends-round"},
	{"float-truncated", "smallest-amounts"},
	{"rounded", "too-many-decimals"},
	{"int32", "large-win"},
	{"float", "large-win-no-float"},
	{"exponents", "odd-numbers"},
	{"overflow", "out-of-range"},
	{"sum-not-checked", "amount-is-the-sum"},
	{"rollback-amount-used", "rollback-amount-ignored"},
	{"overdraft", "insufficient-funds"},
	{"other-code-for-funds", "insufficient-funds"},
	{"refused-bet-kept", "refused-bet-tried-again"},
	{"double-bet", "same-bet-again"},
	{"double-win", "same-win-again"},
	{"amount-by-letter", "same-bet-other-spelling"},
	{"content-not-compared", "same-id-other-content"},
	{"win-content-not-compared", "same-win-id-other-content"},
	{"ids-per-kind", "id-used-as-another-kind"},
	{"ids-per-player", "same-id-two-players"},
	{"replay-answers-amount", "bet-again-after-others"},
	{"rolled-back-bet-again", "bet-again-after-rollback"},
	{"rollback-pays-nothing", "rollback-returns-bet"},
	{"rollback-again-pays", "rollback-again"},
	{"rollbacks-limited", "rollback-retried-often"},
	{"unknown-rollback-pays", "rollback-of-unknown-bet"},
	{"unknown-rollback-again", "rollback-of-unknown-bet"},
	{"no-tombstone", "bet-after-its-rollback"},
	{"tombstone-used-up", "bet-after-its-rollback"},
	{"win-after-tombstone", "rollbacks-before-bet-and-win"},
	{"rollback-after-win", "rollback-after-win"},
	{"win-after-rollback", "win-after-rollback"},
	{"rollback-takes-win", "rollback-naming-a-win"},
	{"rollback-of-any-round", "rollback-naming-another-round"},
	{"rollback-by-anybody", "rollback-by-another-player"},
	{"rollback-of-whole-round", "rollback-of-one-bet-of-two"},
	{"rollback-needs-open-round", "rollback-in-ended-round"},
	{"refused-bet-returned", "rollback-of-refused-bet"},
	{"bet-after-end", "bet-in-ended-round"},
	{"ten-bets-a-round", "many-bets-in-a-round"},
	{"win-without-bet", "win-without-bet"},
	{"free-spins-refused", "free-spins-win"},
	{"win-after-end", "win-after-round-end"},
	{"end-by-bet-ignored", "bet-that-ends-its-round"},
	{"round-reopens", "round-ended-twice"},
	{"rounds-shared", "same-round-two-players"},
	{"any-session", "unknown-session"},
	{"expired-accepted", "expired-session"},
	{"session-before-id", "bet-again-in-expired-session"},
	{"win-needs-session", "win-in-expired-session"},
	{"rollback-needs-session", "rollback-in-expired-session"},
	{"block-ignored", "blocked-player"},
	{"win-of-blocked-refused", "blocked-player"},
	{"one-session-a-player", "two-sessions-of-a-player"},
	{"bet-id-race", "same-bet-at-once"},
	{"win-id-race", "same-win-at-once"},
	{"rollback-race", "rollbacks-at-once"},
	{"lost-update", "bets-at-once"},
	{"funds-race", "bets-at-once-money-for-one"},
	{"tombstone-race", "rollback-races-its-bet"},
	{"slow", "answers-in-time"},
}

func TestEachFaultIsFoundByItsCase(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		t.Run(tt.fault+"/"+tt.found, func(t *testing.T) {
			t.Parallel()
			w := newDouble(t, "", Profile{})
			table := &table{Config: config(w).withDefaults(), ctx: t.Context(), run: "r"}
			one := cases[slices.IndexFunc(cases, func(s scenario) bool { return s.name == tt.found })]
			if result := table.play(one); result.Status != Passed {
				t.Fatalf("without the fault: %+v", result)
			}
			w.fault = tt.fault
			if tt.fault == "slow" {
				table.Timeout = 50 * time.Millisecond
			}
			if result := table.play(one); result.Status != Failed || result.Detail == "" {
				t.Errorf("%+v, want it failed and told why", result)
			} else {
				t.Log(result.Detail)
			}
		})
	}
}

func TestEveryCaseFindsAFault(t *testing.T) {
	t.Parallel()
	for _, one := range cases {
		if !slices.ContainsFunc(faults, func(f struct{ fault, found string }) bool { return f.found == one.name }) {
			t.Errorf("no fault is found by %s", one.name)
		}
	}
}

func TestEveryIDOfTheListIsPlayedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	names, seen := map[string]bool{}, map[string]bool{}
	id := regexp.MustCompile(`^GW-[0-9]{2}$`)
	for _, one := range cases {
		if names[one.name] || one.about == "" {
			t.Errorf("%s is there twice or says nothing", one.name)
		}
		names[one.name] = true
		for _, name := range one.ids {
			if !id.MatchString(name) {
				t.Errorf("%s: id %q", one.name, name)
			}
			seen[name] = true
		}
	}
	for name := range notPlayed {
		if seen[name] {
			t.Errorf("%s is played and said not to be", name)
		}
		seen[name] = true
	}
	for n := range 60 {
		if name := fmt.Sprintf("GW-%02d", n+1); !seen[name] {
			t.Errorf("%s is neither played nor explained", name)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	w := newDouble(t, "", Profile{})
	closed := config(w)
	closed.URL = "http://127.0.0.1:1"
	for name, tt := range map[string]struct {
		change func(*Config)
		why    string
	}{
		"ErrGaps":         {func(c *Config) { c.Player, c.PrivateKey = "", "" }, "private key, player"},
		"ErrDecimals":     {func(c *Config) { c.Decimals = 7 }, "decimals"},
		"ErrNoWallet":     {func(c *Config) { c.URL = closed.URL }, "balance"},
		"ErrWrongKey":     {func(c *Config) { c.PrivateKey = "other" }, badSignature},
		"ErrNoSuchCase":   {func(c *Config) { c.Only = []string{"GW-99"} }, "GW-99"},
		"ErrCannotPlay":   {func(c *Config) { c.Only = []string{"GW-24"} }, "months"},
		"ErrOtherBalance": {func(c *Config) { c.Currency = "EUR" }, "balance"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(w)
			tt.change(&c)
			_, err := Run(t.Context(), c, nil)
			if err == nil || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("got %v, want an error with %q", err, tt.why)
			}
			if err != nil && strings.Contains(err.Error(), privateKey) {
				t.Errorf("%v holds the private key", err)
			}
		})
	}
}

func TestOnlyPlaysWhatIsNamed(t *testing.T) {
	t.Parallel()
	c := config(newDouble(t, "", Profile{}))
	c.Only = []string{"gw-54", "rollback-again"}
	var told []string
	r, err := Run(t.Context(), c, func(done, all int, result Result) {
		told = append(told, result.Name)
		if done != len(told) || all != 2 {
			t.Errorf("told %d of %d, after %d", done, all, len(told))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"rollback-again", "bets-at-once-money-for-one"}; !slices.Equal(told, want) || r.Passed != 2 {
		t.Errorf("played %v, want %v; %d passed", told, want, r.Passed)
	}
}

func TestAmountsAreReadExactly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		decimals int
		number   string
		want     units
		ok       bool
	}{
		{2, "73.5", 7350, true},
		{2, "73.50", 7350, true},
		{2, "73.500", 7350, true},
		{2, "0.07", 7, true},
		{2, "-0.07", -7, true},
		{2, "90071992547409.93", 9007199254740993, true},
		{0, "73", 73, true},
		{0, "73.0", 73, true},
		{3, "1.005", 1005, true},
		{2, "73.505", 0, false},
		{2, `"73.50"`, 0, false},
		{2, "7.35e1", 0, false},
		{2, "", 0, false},
		{2, "99999999999999999999", 0, false},
	} {
		c := Config{Decimals: tt.decimals}
		got, err := c.exact(tt.number)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s of %d decimals: %d, %v, want %d", tt.number, tt.decimals, got, err, tt.want)
		}
	}
	if got := (Config{Decimals: 2}).text(-7) + " " + (Config{}).text(12) + " " + (Config{Decimals: 3}).text(1005); got != "-0.07 12 1.005" {
		t.Errorf("texts are %s", got)
	}
}

func TestTheClientIsTheCallers(t *testing.T) {
	t.Parallel()
	c := config(newDouble(t, "", Profile{}))
	calls := 0
	c.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		calls++
		return http.DefaultTransport.RoundTrip(r)
	})}
	c.Only = []string{"balance-answers"}
	if r := run(t, c); r.Passed != 1 || calls == 0 {
		t.Errorf("%d passed by %d calls of the caller's client", r.Passed, calls)
	}
}

// TestAWalletThatSwitchesProtocolsIsNotWaitedFor has a wallet answer 101 and keep
// quiet: the connection is the caller's then, and no deadline is on it.
func TestAWalletThatSwitchesProtocolsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	wallet := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
	}))
	t.Cleanup(wallet.Close)
	c := config(newDouble(t, "", Profile{}))
	c.URL, c.Timeout, c.Only = wallet.URL, time.Second, []string{"balance-answers"}
	if _, err := Run(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), "switches protocols") {
		t.Errorf("got %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
