package gameprovider_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/gameprovider"
	"disburse/gateway/vault"
)

func TestMissingDependenciesAreNamed(t *testing.T) {
	t.Parallel()
	p := setup(t)
	for name, without := range map[string]func(*gameprovider.Deps){
		"DB":      func(d *gameprovider.Deps) { d.DB = nil },
		"Vault":   func(d *gameprovider.Deps) { d.Vault = nil },
		"Watcher": func(d *gameprovider.Deps) { d.Watcher = nil },
		"Now":     func(d *gameprovider.Deps) { d.Now = nil },
	} {
		deps := p.deps
		without(&deps)
		_, err := gameprovider.NewService(deps)
		_, dirErr := gameprovider.NewDirectory(deps)
		for _, err := range []error{err, dirErr} {
			if err == nil || !strings.Contains(err.Error(), name+" is missing") {
				t.Errorf("without %s: %v", name, err)
			}
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made, pair := p.create(t, "demo")
	if !made.Active || made.Profile != gameprovider.Default() || len(made.Keys) != 1 || made.Keys[0].PublicKey != pair.PublicKey ||
		!made.CreatedAt.Equal(noon) || made.Owner() != "provider:1" {
		t.Errorf("made %v %+v", made, made.View())
	}
	strict, _, err := p.Create(t.Context(), gameprovider.Spec{Name: "strict", Profile: "strict-duplicates"})
	if err != nil || strict.Profile.Duplicate != gameprovider.RefuseDuplicate {
		t.Errorf("made %+v, %v", strict.Profile, err)
	}
	for name, n := range map[string]gameprovider.Spec{
		"name":    {Name: "With Space"},
		"profile": {Name: "fine", Profile: "nosuch"},
	} {
		_, _, err := p.Create(t.Context(), n)
		wantCode(t, err, "invalid_request", name)
	}
	for _, name := range []string{"", strings.Repeat("a", 65), "Ä", "a/b", "\x00"} {
		_, _, err := p.Create(t.Context(), gameprovider.Spec{Name: name})
		wantCode(t, err, "invalid_request", "name")
	}
	_, _, err = p.Create(t.Context(), gameprovider.Spec{Name: "demo"})
	if !errors.Is(err, gameprovider.ErrNameTaken) {
		t.Errorf("got %v, want %v", err, gameprovider.ErrNameTaken)
	}
	p.wantTrail(t, "provider.create", 2)
}

func TestSetActive(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, pair := p.create(t, "demo")
	for _, active := range []bool{false, false, true, true} {
		after, err := p.SetActive(t.Context(), "demo", active)
		if err != nil || after.Active != active {
			t.Fatalf("got %+v, %v", after.View(), err)
		}
		if got := p.verifies(t, pair.PublicKey, pair.PrivateKey); got != active {
			t.Errorf("a provider that is active=%t is let in: %t", active, got)
		}
	}
	// A repetition changes nothing, and says so by leaving no row.
	p.wantTrail(t, "provider.disable", 1)
	p.wantTrail(t, "provider.enable", 1)
	_, err := p.SetActive(t.Context(), "nobody", false)
	wantCode(t, err, "not_found", "")
	_, err = p.ByName(t.Context(), "\x00")
	wantCode(t, err, "not_found", "")
}

func TestAnotherProcessSeesChangesAfterItsNextLook(t *testing.T) {
	t.Parallel()
	p := setup(t)
	other := start(t, p.pool, p.since, p.keys...)
	_, pair := p.create(t, "demo")
	if other.poll(t); !other.verifies(t, pair.PublicKey, pair.PrivateKey) {
		t.Error("a new provider is not seen")
	}
	made, err := p.SetGame(t.Context(), "demo", "roulette", true)
	if err != nil || !made.Active {
		t.Fatal(err)
	}
	game := func(active, known bool) {
		t.Helper()
		other.poll(t)
		if a, k, err := other.dir.Game(t.Context(), 1, "roulette"); a != active || k != known || err != nil {
			t.Errorf("the game is active %t and known %t, %v; want %t and %t", a, k, err, active, known)
		}
	}
	game(true, true)
	if _, err := p.SetGame(t.Context(), "demo", "roulette", false); err != nil {
		t.Fatal(err)
	}
	game(false, true)
	if _, err := p.SetProfile(t.Context(), "demo", "promo-wins"); err != nil {
		t.Fatal(err)
	}
	other.poll(t)
	if found, err := other.dir.ByPublicKey(t.Context(), pair.PublicKey); err != nil || found.Profile.Name != "promo-wins" {
		t.Errorf("the profile is %s, %v", found.Profile.Name, err)
	}
	changed := gameprovider.Default()
	changed.Name, changed.WinWithoutBet, changed.LateBet = "promo-wins", gameprovider.Accept, gameprovider.Accept
	if _, err := p.PutProfile(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	other.poll(t)
	found, err := other.dir.ByPublicKey(t.Context(), pair.PublicKey)
	if diff := cmp.Diff(changed, found.Profile); diff != "" || err != nil {
		t.Errorf("profile, %v (-want +got):\n%s", err, diff)
	}
	if _, err := p.SetActive(t.Context(), "demo", false); err != nil {
		t.Fatal(err)
	}
	if other.poll(t); other.verifies(t, pair.PublicKey, pair.PrivateKey) {
		t.Error("a provider that was shut out is let in")
	}
}

func TestGame(t *testing.T) {
	t.Parallel()
	p := setup(t)
	one, _ := p.create(t, "one")
	two, _ := p.create(t, "two")
	long := strings.Repeat("й", 255)
	for _, id := range []string{"roulette", long} {
		if _, err := p.SetGame(t.Context(), "one", id, true); err != nil {
			t.Fatal(err)
		}
		if active, known, err := p.dir.Game(t.Context(), one.ID, id); !active || !known || err != nil {
			t.Errorf("got %t, %t, %v", active, known, err)
		}
	}
	for _, tt := range []struct {
		provider int64
		game     string
	}{{two.ID, "roulette"}, {one.ID, "Roulette"}, {one.ID, ""}, {one.ID, "\x00"}, {one.ID, long + "й"}, {9, "roulette"}} {
		if active, known, err := p.dir.Game(t.Context(), tt.provider, tt.game); active || known || err != nil {
			t.Errorf("%d %q: got %t, %t, %v", tt.provider, tt.game, active, known, err)
		}
	}
	for range 2 {
		if _, err := p.SetGame(t.Context(), "one", "roulette", false); err != nil {
			t.Fatal(err)
		}
	}
	p.wantTrail(t, "game.set", 3)
	for _, id := range []string{"", " a", "a\n", long + "й", "\xff"} {
		_, err := p.SetGame(t.Context(), "one", id, true)
		wantCode(t, err, "invalid_request", "game_id")
	}
	_, err := p.SetGame(t.Context(), "nobody", "roulette", true)
	wantCode(t, err, "not_found", "")
}

func TestLists(t *testing.T) {
	t.Parallel()
	p := setup(t)
	for _, name := range []string{"c", "a", "b"} {
		p.create(t, name)
	}
	first, err := p.List(t.Context(), "", 2)
	if err != nil || len(first.Items) != 2 || first.Next != "b" || len(first.Items[1].Keys) != 1 {
		t.Fatalf("got %v, next %q, %v", first.Items, first.Next, err)
	}
	rest, err := p.List(t.Context(), first.Next, 2)
	if err != nil || len(rest.Items) != 1 || rest.Items[0].Name != "c" || rest.Next != "" {
		t.Errorf("got %v, next %q, %v", rest.Items, rest.Next, err)
	}
	if all, err := p.List(t.Context(), "", 0); err != nil || len(all.Items) != 3 {
		t.Errorf("got %v, %v", all.Items, err)
	}
	for _, game := range []string{"z", "y", "x"} {
		if _, err := p.SetGame(t.Context(), "a", game, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.SetGame(t.Context(), "b", "z", true); err != nil {
		t.Fatal(err)
	}
	names := func(page gameprovider.Page[gameprovider.Game]) (names string) {
		for _, g := range page.Items {
			names += g.Provider + "/" + g.GameID + " "
		}
		return names
	}
	games, err := p.Games(t.Context(), gameprovider.GameFilter{Provider: "a"}, "", 2)
	if err != nil || names(games) != "a/z a/y " || games.Next == "" {
		t.Errorf("got %q, next %q, %v", names(games), games.Next, err)
	}
	games, err = p.Games(t.Context(), gameprovider.GameFilter{Provider: "a"}, games.Next, 2)
	if err != nil || names(games) != "a/x " || games.Next != "" {
		t.Errorf("got %q, next %q, %v", names(games), games.Next, err)
	}
	games, err = p.Games(t.Context(), gameprovider.GameFilter{}, "", 0)
	if err != nil || names(games) != "a/z a/y a/x b/z " {
		t.Errorf("got %q, %v", names(games), err)
	}
	_, err = p.List(t.Context(), "!", 2)
	wantCode(t, err, "invalid_request", "cursor")
	_, err = p.Games(t.Context(), gameprovider.GameFilter{}, "!", 2)
	wantCode(t, err, "invalid_request", "cursor")
	_, err = p.Games(t.Context(), gameprovider.GameFilter{Provider: "nobody"}, "", 2)
	wantCode(t, err, "not_found", "")
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	p := setup(t)
	all, err := p.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, profile := range all {
		names = append(names, profile.Name)
		if profile.Name == gameprovider.DefaultProfile && profile != gameprovider.Default() {
			t.Errorf("the default profile is stored as %+v", profile)
		}
	}
	want := []string{"default", "lenient-rollback", "player-scoped-ids", "promo-wins", "strict-duplicates", "strict-rollback"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	mine := gameprovider.Default()
	mine.Name, mine.Duplicate = "mine", gameprovider.RefuseDuplicate
	for range 2 { // the second changes nothing
		if got, err := p.PutProfile(t.Context(), mine); err != nil || got != mine {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if got, err := p.ProfileByName(t.Context(), "mine"); err != nil || got != mine {
		t.Errorf("got %+v, %v", got, err)
	}
	p.wantTrail(t, "provider.put-profile", 1)
	_, err = p.ProfileByName(t.Context(), "nosuch")
	if !errors.Is(err, gameprovider.ErrUnknownProfile) {
		t.Errorf("got %v", err)
	}
	for field, spoil := range map[string]func(*gameprovider.Profile){
		"name":              func(p *gameprovider.Profile) { p.Name = "Mine" },
		"duplicate":         func(p *gameprovider.Profile) { p.Duplicate = "accept" },
		"unknown_rollback":  func(p *gameprovider.Profile) { p.UnknownRollback = "" },
		"repeated_rollback": func(p *gameprovider.Profile) { p.RepeatedRollback = "replay" },
		"id_scope":          func(p *gameprovider.Profile) { p.IDScope = "round" },
		"win_without_bet":   func(p *gameprovider.Profile) { p.WinWithoutBet = "no" },
		"late_bet":          func(p *gameprovider.Profile) { p.LateBet = "ACCEPT" },
	} {
		bad := mine
		spoil(&bad)
		_, err := p.PutProfile(t.Context(), bad)
		wantCode(t, err, "invalid_request", field)
	}
}

// TestIDScopeIsFixedByPlayers: an id that was taken in one scope would look
// free in the other.
func TestIDScopeIsFixedByPlayers(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	for _, profile := range []string{"player-scoped-ids", "default"} {
		if _, err := p.SetProfile(t.Context(), "demo", profile); err != nil {
			t.Errorf("without players: %v", err)
		}
	}
	p.bind(t, "demo", "p-1")
	_, err := p.SetProfile(t.Context(), "demo", "player-scoped-ids")
	wantCode(t, err, "id_scope_fixed", "")
	moved := gameprovider.Default()
	moved.IDScope = gameprovider.PerPlayer
	_, err = p.PutProfile(t.Context(), moved)
	wantCode(t, err, "id_scope_fixed", "")
	if read, err := p.ByName(t.Context(), "demo"); err != nil || read.Profile != gameprovider.Default() {
		t.Errorf("the profile is %+v, %v", read.Profile, err)
	}
	if _, err := p.SetProfile(t.Context(), "demo", "strict-rollback"); err != nil {
		t.Errorf("within the scope: %v", err)
	}
	if _, err := p.PutProfile(t.Context(), moved); err != nil {
		t.Errorf("of a profile that nobody with players has: %v", err)
	}
	_, err = p.SetProfile(t.Context(), "demo", "nosuch")
	wantCode(t, err, "invalid_request", "profile")
	_, err = p.SetProfile(t.Context(), "nobody", "default")
	wantCode(t, err, "not_found", "")
}

// TestScopeWaitsForAPlayer: a player that is being bound counts, though the
// transaction that binds it has not ended when the scope is asked to change.
func TestScopeWaitsForAPlayer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*process, context.Context) error{
		"OfTheProvider": func(p *process, ctx context.Context) error {
			_, err := p.SetProfile(ctx, "demo", "player-scoped-ids")
			return err
		},
		"OfTheProfile": func(p *process, ctx context.Context) error {
			moved := gameprovider.Default()
			moved.IDScope = gameprovider.PerPlayer
			_, err := p.PutProfile(ctx, moved)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := setup(t)
			made, _ := p.create(t, "demo")
			user := p.user(t, "anna")
			tx, err := p.pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.Background()) }() // nothing after the commit
			if _, err := tx.Exec(t.Context(), `insert into game_players (provider_id, player_id, user_id, currency, reality_check_seconds, created_at)
				values ($1, 'p-1', $2, 'RUB', 0, $3)`, made.ID, user, noon); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- change(p, t.Context()) }()
			for waiting := false; !waiting; {
				select {
				case err := <-done:
					t.Fatalf("it did not wait: %v", err)
				default:
				}
				if err := p.pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity
					where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantCode(t, <-done, "id_scope_fixed", "")
		})
	}
}

func TestAKeyOfNobodyElsesVault(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, pair := p.create(t, "demo")
	stranger := start(t, p.pool, p.since, vault.Generate("k9"))
	if _, err := stranger.dir.ByPublicKey(t.Context(), pair.PublicKey); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("got %v, want %v: a fault of ours, and no wrong signature", err, vault.ErrUnknownKey)
	}
}
