package main

import (
	"strings"
	"testing"
	"time"

	"disburse/gateway/epoch"
	"disburse/gateway/gameprovider"
	"disburse/gateway/vault"
	"disburse/signing"
)

// lets tells whether a pair that was printed signs calls that are let in.
func (s *site) lets(pair map[string]any) bool {
	s.t.Helper()
	signature := signing.WalletSignature("POST", sitePublicURL, []byte("{}"), text(s.t, pair, "private_key"))
	p, err := s.providers().ByPublicKey(s.t.Context(), text(s.t, pair, "public_key"))
	return err == nil && p.Verify("POST", sitePublicURL, []byte("{}"), signature, time.Now())
}

// providers is a directory that keeps nothing, because its watcher does not run.
func (s *site) providers() *gameprovider.Directory {
	s.t.Helper()
	keys, err := vault.Parse(s.cfg.EncryptionKeys)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := vault.New(keys...)
	if err != nil {
		s.t.Fatal(err)
	}
	watcher, err := epoch.NewWatcher(epoch.Config{DB: s.pool})
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := gameprovider.NewDirectory(gameprovider.Deps{DB: s.pool, Vault: v, Watcher: watcher, Now: time.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func TestProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("provider", "list"), "no providers yet", "disburse provider create")
	says(t, s.ok("provider", "create", "acme"), "Took on the provider acme, profile default", "shown this once", "public_key", "private_key")
	first := s.object("provider", "create", "games", "--profile", "lenient-rollback")
	if first["name"] != "games" || first["profile"] != "lenient-rollback" || first["active"] != true || !s.lets(first) {
		t.Errorf("got %v", first)
	}
	for _, out := range []string{s.ok("provider", "list"), s.ok("provider", "show", "games"), s.ok("provider", "show", "games", "--json")} {
		if strings.Contains(out, text(t, first, "private_key")) {
			t.Errorf("a private key is shown again: %s", out)
		}
	}
	says(t, s.ok("provider", "show", "games"), "lenient-rollback", "unknown-rollback", "accept", text(t, first, "public_key"), "rotated")
	says(t, s.ok("provider", "list", "--limit", "1"), "acme", "active", "There is more: add --cursor acme")
	if items := s.items("provider", "list"); len(items) != 2 || items[1]["name"] != "games" {
		t.Errorf("got %v", items)
	}

	out := s.ok("provider", "set", "games", "--profile", "strict-rollback", "--active=false")
	says(t, out, "Changed games:", "profile lenient-rollback -> strict-rollback", "state active -> inactive")
	says(t, s.ok("provider", "set", "games", "--active=false"), "had these settings already")
	if got := s.object("provider", "set", "games", "--active"); got["active"] != true {
		t.Errorf("got %v", got)
	}

	s.fails(2, "nothing to change", "provider", "set", "games")
	s.fails(1, "there is no such profile", "provider", "set", "games", "--profile", "nosuch")
	s.fails(1, "there is no such profile", "provider", "create", "third", "--profile", "nosuch")
	s.fails(1, "exists already", "provider", "create", "games")
	s.fails(1, "1 to 64 of a-z", "provider", "create", "Games")
	s.fails(1, gameprovider.ErrNotFound.Message, "provider", "show", "nobody")
	s.fails(2, "--limit must be 1 to 500", "provider", "list", "--limit", "0")
	for action, want := range map[string]int{
		"provider.create": 2, "provider.set-profile": 1, "provider.disable": 1, "provider.enable": 1,
	} {
		if n := s.trail(action); n != want {
			t.Errorf("%d audit records of %s, want %d", n, action, want)
		}
	}
}

func TestProviderRotate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.object("provider", "create", "games", "--rotate") // there is none yet: made
	second := s.object("provider", "create", "games", "--rotate")
	if !s.lets(first) || !s.lets(second) {
		t.Error("in the grace, a pair does not work")
	}
	says(t, s.ok("provider", "rotate", "games", "--grace", "90m"), "goes on working for 1h30m.", "public_key")
	third := s.object("provider", "rotate", "games", "--grace", "0s")
	if s.lets(first) || s.lets(second) || !s.lets(third) {
		t.Error("without a grace, the last pair alone must work")
	}
	s.fails(1, "grace: must be a span such as 24h or 90m, 0s to 720h", "provider", "rotate", "games", "--grace", "721h")
	s.fails(1, gameprovider.ErrNotFound.Message, "provider", "rotate", "nobody")
	if n := s.trail("provider.rotate"); n != 3 {
		t.Errorf("%d audit records, want 3", n)
	}
}

func TestProviderProfile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("provider", "profile", "list"), "default", "strict-duplicates", "lenient-rollback", "player-scoped-ids", "promo-wins")
	says(t, s.ok("provider", "profile", "set", "ours", "--duplicate", "refuse"), "Made the profile ours", "duplicate", "refuse")
	out := s.ok("provider", "profile", "set", "ours", "--win-without-bet", "accept", "--late-bet", "accept")
	says(t, out, "Changed ours:", "win-without-bet refuse -> accept", "late-bet refuse -> accept")
	got := s.object("provider", "profile", "show", "ours")
	if got["duplicate"] != "refuse" || got["win_without_bet"] != "accept" || got["id_scope"] != "provider" || got["repeated_rollback"] != "accept" {
		t.Errorf("got %v", got)
	}
	says(t, s.ok("provider", "profile", "set", "ours", "--late-bet", "accept"), "had these settings already")
	says(t, s.ok("provider", "profile", "show", "ours"), "a repeated transaction is refused")
	says(t, s.ok("provider", "profile", "show", "player-scoped-ids"), "two players may have transactions of one id")
	s.fails(1, "profile not found", "provider", "profile", "show", "nosuch")
	s.fails(2, "--late-bet", "provider", "profile", "set", "ours", "--late-bet", "maybe")
	s.fails(1, "1 to 64 of a-z", "provider", "profile", "set", "Ours")
	if n := s.trail("provider.put-profile"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}

	s.ok("provider", "create", "games")
	s.ok("user", "create", "--name", "Anna")
	s.ok("player", "bind", "games", "p-7", "--user", "1", "--currency", "RUB")
	s.fails(1, "cannot change once a provider has players", "provider", "set", "games", "--profile", "player-scoped-ids")
	s.fails(1, "cannot change once a provider has players", "provider", "profile", "set", "default", "--id-scope", "player")
}
