package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"disburse/gateway/gamewallet/acceptance"
	"disburse/ledger/money"
)

type providerTestCommand struct {
	jsonFlag       `embed:""`
	URL            string        `name:"url" required:"" env:"DISBURSE_PROVIDER_TEST_URL,DISBURSE_PUBLIC_URL" placeholder:"URL" help:"The wallet to test: /wallet/balance and the other calls are below it."`
	SignedURL      string        `name:"signed-url" env:"DISBURSE_PROVIDER_TEST_SIGNED_URL" placeholder:"URL" help:"What signatures name instead, where the wallet is reached by another address than its public one."`
	PublicKey      string        `name:"public-key" required:"" env:"DISBURSE_PROVIDER_TEST_PUBLIC_KEY" placeholder:"KEY" help:"The provider's public key, sent along."`
	PrivateKeyFile string        `name:"private-key-file" required:"" env:"DISBURSE_PROVIDER_TEST_PRIVATE_KEY_FILE" placeholder:"FILE" help:"A file that holds the provider's private key, which signs the calls."`
	Player         string        `name:"player" required:"" env:"DISBURSE_PROVIDER_TEST_PLAYER" placeholder:"PLAYER_ID" help:"A player made for testing, with a little money and no limits. Nobody else may play it meanwhile."`
	Session        string        `name:"session" required:"" env:"DISBURSE_PROVIDER_TEST_SESSION" placeholder:"SESSION_ID" help:"An open session of the player."`
	Currency       string        `name:"currency" env:"DISBURSE_PROVIDER_TEST_CURRENCY" default:"RUB" placeholder:"CUR" help:"The player's currency; RUB when it is left out."`
	Game           string        `name:"game" env:"DISBURSE_PROVIDER_TEST_GAME" default:"demo-slots" placeholder:"GAME_ID" help:"An active game; demo-slots, the demo's first, when it is left out."`
	SecondPlayer   string        `name:"second-player" env:"DISBURSE_PROVIDER_TEST_SECOND_PLAYER" placeholder:"PLAYER_ID" help:"Another player, for the cases of two."`
	SecondSession  string        `name:"second-session" env:"DISBURSE_PROVIDER_TEST_SECOND_SESSION" placeholder:"SESSION_ID" help:"An open session of the second player."`
	Parallel       string        `name:"parallel-session" env:"DISBURSE_PROVIDER_TEST_PARALLEL_SESSION" placeholder:"SESSION_ID" help:"Another open session of the player."`
	Expired        string        `name:"expired-session" env:"DISBURSE_PROVIDER_TEST_EXPIRED_SESSION" placeholder:"SESSION_ID" help:"A session of the player that has ended."`
	BlockedPlayer  string        `name:"blocked-player" env:"DISBURSE_PROVIDER_TEST_BLOCKED_PLAYER" placeholder:"PLAYER_ID" help:"A player who is blocked."`
	BlockedSession string        `name:"blocked-session" env:"DISBURSE_PROVIDER_TEST_BLOCKED_SESSION" placeholder:"SESSION_ID" help:"An open session of the blocked player."`
	InactiveGame   string        `name:"inactive-game" env:"DISBURSE_PROVIDER_TEST_INACTIVE_GAME" placeholder:"GAME_ID" help:"A game that is not active."`
	Profile        string        `name:"profile" env:"DISBURSE_PROVIDER_TEST_PROFILE" default:"default" placeholder:"RULES|@FILE" help:"What is right where providers differ: rules such as duplicate=refuse,id_scope=player, or @FILE for what \"disburse provider profile show NAME --json\" prints."`
	Case           []string      `name:"case" env:"DISBURSE_PROVIDER_TEST_CASE" placeholder:"NAME" help:"Only these cases, by name or by id such as GW-16."`
	Timeout        time.Duration `name:"timeout" env:"DISBURSE_PROVIDER_TEST_TIMEOUT" default:"10s" help:"How long an answer may take."`
}

// Help is the long text of `disburse provider test --help`.
func (providerTestCommand) Help() string {
	return `Plays cases against a game wallet over HTTP, as a provider of games would, and prints which of them it passes. It needs nothing but the wallet's address and a provider's keys, so it tests any wallet that speaks this API: point it at your own integration. Ends with status 1 when a case fails.

Each case uses new transaction and round ids and leaves the balance as it was. The bets were played all the same: they count towards the player's turnover. So use a player made for testing.

Cases that need more than a player and a session are skipped, and say which flag gives it.

Examples:

    disburse provider test --url https://wallet.example --public-key KEY --private-key-file key.txt --player p-1 --session s-1
    disburse provider test --public-key KEY --private-key-file key.txt --player p-1 --session s-1 --case GW-54 --url http://127.0.0.1:8080`
}

// Run plays the cases and prints the table.
func (c providerTestCommand) Run(ctx context.Context, out output) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	tell := progress(out.Err, "cases")
	report, err := acceptance.Run(ctx, config, func(done, all int, _ acceptance.Result) {
		if tell != nil {
			tell(int64(done), int64(all))
		}
	})
	if err != nil {
		return err
	}
	if err := c.show(out, report, func(w io.Writer) { printAcceptance(w, report) }); err != nil {
		return err
	}
	if report.Failed > 0 {
		return exitError{1}
	}
	return nil
}

func (c providerTestCommand) config() (acceptance.Config, error) {
	for flag, base := range map[string]string{"--url": c.URL, "--signed-url": c.SignedURL} {
		parsed, err := url.Parse(base)
		web := err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != ""
		if base != "" && !web {
			return acceptance.Config{}, usagef("%s must be an address such as https://wallet.example", flag)
		}
	}
	currency, known := money.Lookup(c.Currency)
	if !known {
		return acceptance.Config{}, usagef("--currency must be a code such as RUB")
	}
	if c.Timeout <= 0 {
		return acceptance.Config{}, usagef("--timeout must be more than 0")
	}
	profile, err := readProfile(c.Profile)
	if err != nil {
		return acceptance.Config{}, err
	}
	key, err := os.ReadFile(c.PrivateKeyFile)
	if err != nil {
		return acceptance.Config{}, fmt.Errorf("--private-key-file: %w", err)
	}
	return acceptance.Config{
		URL: c.URL, SignedURL: c.SignedURL, PublicKey: c.PublicKey, PrivateKey: strings.TrimSpace(string(key)),
		Player: c.Player, Session: c.Session, Currency: string(currency), Decimals: currency.Scale(), Game: c.Game,
		SecondPlayer: c.SecondPlayer, SecondSession: c.SecondSession, ParallelSession: c.Parallel, ExpiredSession: c.Expired,
		BlockedPlayer: c.BlockedPlayer, BlockedSession: c.BlockedSession, InactiveGame: c.InactiveGame,
		Only: c.Case, Profile: profile, Timeout: c.Timeout,
	}, nil
}

// readProfile reads rules, or a file of what shows a profile.
func readProfile(text string) (acceptance.Profile, error) {
	var profile acceptance.Profile
	rules := map[string]string{}
	if file, points := strings.CutPrefix(text, "@"); points {
		content, err := os.ReadFile(file)
		if err != nil {
			return profile, fmt.Errorf("--profile: %w", err)
		}
		if err := json.Unmarshal(content, &rules); err != nil {
			return profile, errors.New("--profile: the file holds no profile in JSON")
		}
		delete(rules, "name")
	} else if text != "" && text != "default" {
		for rule := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(rule, "=")
			rules[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if err := profile.Set(strings.ReplaceAll(name, "-", "_"), rules[name]); err != nil {
			return profile, usagef("--profile: %v", err)
		}
	}
	return profile, nil
}

func printAcceptance(w io.Writer, r acceptance.Report) {
	for _, result := range r.Results {
		said := result.About
		if result.Status == acceptance.Skipped {
			said = result.Detail
		}
		ids := strings.Join(result.IDs, " ")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", result.Status, result.Name, orDash(&ids), said)
	}
	if r.Failed > 0 {
		fmt.Fprintln(w, "\nFailed")
		for _, result := range r.Results {
			if result.Status == acceptance.Failed {
				fmt.Fprintf(w, "  %s: %s\n", result.Name, result.Detail)
			}
		}
	}
	fmt.Fprintln(w, "\nCannot be played from outside")
	for _, id := range slices.Sorted(maps.Keys(r.NotPlayed)) {
		fmt.Fprintf(w, "  %s: %s\n", id, r.NotPlayed[id])
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped; the player's balance changed by %s\n", r.Passed, r.Failed, r.Skipped, r.LeftOver)
}
