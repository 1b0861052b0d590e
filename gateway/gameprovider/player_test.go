package gameprovider_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/gameprovider"
	"disburse/ledger/money"
)

func TestBindPlayer(t *testing.T) {
	t.Parallel()
	p := setup(t)
	provider, _ := p.create(t, "demo")
	anna, boris := p.user(t, "anna"), p.user(t, "boris")
	binding := gameprovider.Binding{
		Provider: "demo", PlayerID: "p-7", UserID: anna, Currency: rub,
		Limits: gameprovider.Limits{BetLimit: new(int64(500_000)), RealityCheck: time.Hour},
	}
	want := gameprovider.Player{
		ID: 1, ProviderID: provider.ID, Provider: "demo", PlayerID: "p-7", UserID: anna, Currency: rub, Limits: binding.Limits, CreatedAt: noon,
	}
	for range 2 { // the second changes nothing
		got, err := p.BindPlayer(t.Context(), binding)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("bound, %v (-want +got):\n%s", err, diff)
		}
	}
	p.wantTrail(t, "player.bind", 1)
	for name, other := range map[string]func(*gameprovider.Binding){
		"User":     func(b *gameprovider.Binding) { b.UserID = boris },
		"Currency": func(b *gameprovider.Binding) { b.Currency = "EUR" },
		"Limits":   func(b *gameprovider.Binding) { b.BetLimit = nil },
	} {
		b := binding
		other(&b)
		if _, err := p.BindPlayer(t.Context(), b); !errors.Is(err, gameprovider.ErrPlayerTaken) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for field, spoil := range map[string]func(*gameprovider.Binding){
		"player_id":      func(b *gameprovider.Binding) { b.PlayerID = strings.Repeat("a", 46) },
		"user":           func(b *gameprovider.Binding) { b.UserID, b.PlayerID = 99, "fresh" },
		"currency":       func(b *gameprovider.Binding) { b.Currency = "rub" },
		"bet_limit":      func(b *gameprovider.Binding) { b.BetLimit = new(int64(-1)) },
		"loss_limit_day": func(b *gameprovider.Binding) { b.LossLimitDay = new(int64(-5)) },
		"reality_check":  func(b *gameprovider.Binding) { b.RealityCheck = time.Second + 1 },
	} {
		b := binding
		spoil(&b)
		_, err := p.BindPlayer(t.Context(), b)
		wantCode(t, err, "invalid_request", field)
	}
	for _, currency := range []money.Currency{"USDT", "XXX", ""} {
		b := binding
		b.Currency = currency
		_, err := p.BindPlayer(t.Context(), b)
		wantCode(t, err, "invalid_request", "currency")
	}
	b := binding
	b.Provider = "nobody"
	_, err := p.BindPlayer(t.Context(), b)
	wantCode(t, err, "not_found", "")
	p.wantTrail(t, "player.bind", 1)
}

// TestOneNameIsBoundOnce: of several who bind one name at once to different
// users, one succeeds.
func TestOneNameIsBoundOnce(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	const n = 8
	errs := make([]error, n)
	users := make([]int64, n)
	for i := range users {
		users[i] = p.user(t, "u")
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, errs[i] = p.BindPlayer(t.Context(), gameprovider.Binding{Provider: "demo", PlayerID: "p", UserID: users[i], Currency: rub})
		})
	}
	wg.Wait()
	bound := 0
	for _, err := range errs {
		if err == nil {
			bound++
		} else if !errors.Is(err, gameprovider.ErrPlayerTaken) {
			t.Error(err)
		}
	}
	if bound != 1 {
		t.Errorf("%d bound the name, want one", bound)
	}
	p.wantTrail(t, "player.bind", 1)
}

func TestAPlayerStaysBound(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	player := p.bind(t, "demo", "p-7")
	other := p.user(t, "other")
	for _, statement := range []string{`user_id = ` + jsonOf(t, other), `currency = 'EUR'`, `player_id = 'p-8'`} {
		if _, err := p.pool.Exec(t.Context(), `update game_players set `+statement+` where id = $1`, player.ID); err == nil {
			t.Errorf("%s is taken", statement)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestSetLimits(t *testing.T) {
	t.Parallel()
	p := setup(t)
	provider, _ := p.create(t, "demo")
	p.bind(t, "demo", "p-7")
	steps := []struct {
		name   string
		change gameprovider.LimitsChange
		want   gameprovider.Limits
	}{
		{"None", gameprovider.LimitsChange{}, gameprovider.Limits{}},
		{"Bet", gameprovider.LimitsChange{BetLimit: new(int64(100))}, gameprovider.Limits{BetLimit: new(int64(100))}},
		{
			"LossAndCheck", gameprovider.LimitsChange{LossLimitDay: new(int64(0)), RealityCheck: new(time.Minute)},
			gameprovider.Limits{BetLimit: new(int64(100)), LossLimitDay: new(int64(0)), RealityCheck: time.Minute},
		},
		{
			"BetOff", gameprovider.LimitsChange{BetLimit: new(gameprovider.NoLimit)},
			gameprovider.Limits{LossLimitDay: new(int64(0)), RealityCheck: time.Minute},
		},
		{
			"TheRestOff", gameprovider.LimitsChange{LossLimitDay: new(gameprovider.NoLimit), RealityCheck: new(time.Duration(0))},
			gameprovider.Limits{},
		},
	}
	for _, tt := range steps {
		got, err := p.SetLimits(t.Context(), "demo", "p-7", tt.change)
		if diff := cmp.Diff(tt.want, got.Limits); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
		if diff := cmp.Diff(tt.want, p.seat(t, provider.ID, "p-7", "").Player.Limits); diff != "" {
			t.Errorf("%s: the seat (-want +got):\n%s", tt.name, diff)
		}
	}
	p.wantTrail(t, "player.set-limits", 4)
	_, err := p.SetLimits(t.Context(), "demo", "p-7", gameprovider.LimitsChange{LossLimitDay: new(int64(-2))})
	wantCode(t, err, "invalid_request", "loss_limit_day")
	_, err = p.SetLimits(t.Context(), "demo", "p-8", gameprovider.LimitsChange{})
	wantCode(t, err, "unknown_player", "")
	_, err = p.SetLimits(t.Context(), "nobody", "p-7", gameprovider.LimitsChange{})
	wantCode(t, err, "not_found", "")
}

func TestBlockPlayer(t *testing.T) {
	t.Parallel()
	p := setup(t)
	provider, _ := p.create(t, "demo")
	p.bind(t, "demo", "p-7")
	for _, step := range []struct {
		do   func() (gameprovider.Player, error)
		want bool
	}{
		{func() (gameprovider.Player, error) { return p.BlockPlayer(t.Context(), "demo", "p-7") }, true},
		{func() (gameprovider.Player, error) { return p.BlockPlayer(t.Context(), "demo", "p-7") }, true},
		{func() (gameprovider.Player, error) { return p.UnblockPlayer(t.Context(), "demo", "p-7") }, false},
	} {
		if got, err := step.do(); err != nil || got.Blocked != step.want {
			t.Errorf("got %+v, %v", got, err)
		}
		// No look at the epoch between: a block counts from the next bet on.
		if seat := p.seat(t, provider.ID, "p-7", ""); seat.Player.Blocked != step.want {
			t.Errorf("the seat says blocked %t, want %t", seat.Player.Blocked, step.want)
		}
	}
	p.wantTrail(t, "player.block", 1)
	p.wantTrail(t, "player.unblock", 1)
	_, err := p.BlockPlayer(t.Context(), "demo", "p-8")
	wantCode(t, err, "unknown_player", "")
}

func TestSeat(t *testing.T) {
	t.Parallel()
	p := setup(t)
	demo, _ := p.create(t, "demo")
	other, _ := p.create(t, "other")
	anna := p.bind(t, "demo", "anna")
	p.bind(t, "demo", "boris")
	p.bind(t, "other", "anna")
	mine, his := p.open(t, "demo", "anna", "s-anna"), p.open(t, "demo", "boris", "s-boris")
	p.open(t, "other", "anna", "s-elsewhere")
	tests := []struct {
		name    string
		session string
		found   *gameprovider.Session
	}{
		{"Own", "s-anna", &mine},
		{"OfAnotherPlayer", his.SessionID, nil},
		{"OfAnotherProvider", "s-elsewhere", nil},
		{"Unknown", "nosuch", nil},
		{"Empty", "", nil},
		{"TooLong", strings.Repeat("s", 601), nil},
		{"NotText", "\xff\x00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seat := p.seat(t, demo.ID, "anna", tt.session)
			want := gameprovider.Seat{Player: anna}
			want.Player.Provider, want.Player.CreatedAt = "", time.Time{} // not the Directory's to tell
			if tt.found != nil {
				s := *tt.found
				s.Provider, want.Session = "", &s
			}
			if diff := cmp.Diff(want, seat); diff != "" {
				t.Errorf("seat (-want +got):\n%s", diff)
			}
		})
	}
	for _, tt := range []struct {
		provider int64
		player   string
	}{{other.ID, "boris"}, {demo.ID, "Anna"}, {demo.ID, ""}, {demo.ID, "\x00"}, {demo.ID, "anna "}, {99, "anna"}} {
		if _, err := p.dir.Seat(t.Context(), tt.provider, tt.player, "s-anna"); !errors.Is(err, gameprovider.ErrUnknownPlayer) {
			t.Errorf("%d %q: %v", tt.provider, tt.player, err)
		}
	}
}

func TestSeatTellsOfABlockedUser(t *testing.T) {
	t.Parallel()
	p := setup(t)
	demo, _ := p.create(t, "demo")
	player := p.bind(t, "demo", "anna")
	if p.seat(t, demo.ID, "anna", "").UserBlocked {
		t.Error("the user is blocked")
	}
	if _, err := p.pool.Exec(t.Context(), `update users set blocked_at = $2 where id = $1`, player.UserID, noon); err != nil {
		t.Fatal(err)
	}
	if seat := p.seat(t, demo.ID, "anna", ""); !seat.UserBlocked || seat.Player.Blocked {
		t.Errorf("got %+v", seat)
	}
}

func TestPlayers(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "a")
	p.create(t, "b")
	for _, id := range []string{"p3", "p1", "p2"} {
		p.bind(t, "a", id)
	}
	last := p.bind(t, "b", "p1")
	names := func(page gameprovider.Page[gameprovider.Player]) (names string) {
		for _, item := range page.Items {
			names += item.Provider + "/" + item.PlayerID + " "
		}
		return names
	}
	first, err := p.Players(t.Context(), gameprovider.PlayerFilter{Provider: "a"}, "", 2)
	if err != nil || names(first) != "a/p3 a/p1 " || first.Next == "" {
		t.Errorf("got %q, %v", names(first), err)
	}
	rest, err := p.Players(t.Context(), gameprovider.PlayerFilter{Provider: "a"}, first.Next, 2)
	if err != nil || names(rest) != "a/p2 " || rest.Next != "" {
		t.Errorf("got %q, %v", names(rest), err)
	}
	of, err := p.Players(t.Context(), gameprovider.PlayerFilter{UserID: last.UserID}, "", 0)
	if err != nil || names(of) != "b/p1 " {
		t.Errorf("got %q, %v", names(of), err)
	}
	all, err := p.Players(t.Context(), gameprovider.PlayerFilter{}, "", 0)
	if err != nil || names(all) != "a/p3 a/p1 a/p2 b/p1 " {
		t.Errorf("got %q, %v", names(all), err)
	}
	if of, err := p.Players(t.Context(), gameprovider.PlayerFilter{UserID: 1 << 40}, "", 0); err != nil || len(of.Items) != 0 {
		t.Errorf("got %v, %v", of, err)
	}
	_, err = p.Players(t.Context(), gameprovider.PlayerFilter{}, "?", 0)
	wantCode(t, err, "invalid_request", "cursor")
	_, err = p.Players(t.Context(), gameprovider.PlayerFilter{Provider: "c"}, "", 0)
	wantCode(t, err, "not_found", "")
}

func TestPlayerView(t *testing.T) {
	t.Parallel()
	limited := gameprovider.Player{
		Provider: "demo", PlayerID: "p-7", UserID: 42, Currency: "JPY", Blocked: true, CreatedAt: noon,
		Limits: gameprovider.Limits{BetLimit: new(int64(500)), LossLimitDay: new(int64(0)), RealityCheck: time.Hour},
	}
	got := jsonOf(t, []gameprovider.PlayerView{limited.View(), {}})
	want := `[{"provider":"demo","player_id":"p-7","user_id":42,"currency":"JPY","blocked":true,` +
		`"bet_limit":"500","loss_limit_day":"0","reality_check":"1h0m0s","created_at":"2026-03-01T12:00:00Z"},` +
		`{"provider":"","player_id":"","user_id":0,"currency":"","blocked":false,"bet_limit":null,"loss_limit_day":null,"reality_check":null,"created_at":""}]`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
