package enduser_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/publicid"
	"disburse/ledger"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "ann@desk.example"})
	u, err := w.Create(ctx, enduser.Spec{Name: "Анна", Nickname: "ann"})
	want := enduser.User{ID: u.ID, Name: "Анна", Nickname: "ann", CreatedAt: noon}
	if diff := cmp.Diff(want, u); err != nil || u.ID == 0 || diff != "" {
		t.Fatalf("%v, user (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(want, w.user(t, u.ID)); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	plain, err := w.Create(t.Context(), enduser.Spec{Name: "boris"})
	if err != nil || plain.Nickname != "boris" {
		t.Errorf("without a nickname: %+v, %v", plain, err)
	}
	trail := w.trail(t, "user.create")
	if len(trail) != 2 || trail[1].Actor.ID != "opr_1" || trail[1].Before != nil {
		t.Fatalf("trail = %+v", trail)
	}
	var after enduser.View
	if err := json.Unmarshal(trail[1].After, &after); err != nil || after != u.View() {
		t.Errorf("after = %+v, %v", after, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tt := range []struct {
		name   string
		spec   enduser.Spec
		fields []string
	}{
		{"ErrNoName", enduser.Spec{Nickname: "n"}, []string{"name"}},
		{"ErrNothing", enduser.Spec{}, []string{"name", "nickname"}},
		{"ErrBlank", enduser.Spec{Name: " \u00a0", Nickname: "n"}, []string{"name"}},
		{"ErrLong", enduser.Spec{Name: "n", Nickname: strings.Repeat("я", 129)}, []string{"nickname"}},
		{"ErrControlCharacter", enduser.Spec{Name: "a\x00", Nickname: "n"}, []string{"name"}},
		{"ErrNotUTF8", enduser.Spec{Name: "\xff", Nickname: "n"}, []string{"name"}},
		{"ErrLostCharacter", enduser.Spec{Name: "a\ufffd", Nickname: "n"}, []string{"name"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.Create(t.Context(), tt.spec)
			checkFields(t, err, tt.fields...)
		})
	}
	if _, err := w.Create(t.Context(), enduser.Spec{Name: strings.Repeat("я", 128)}); err != nil {
		t.Errorf("the longest name: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var want, got []int64
	for range 5 {
		want = append(want, w.make(t, "u", 0).ID)
	}
	for after := int64(0); ; {
		page, err := w.List(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			after = u.ID
			got = append(got, u.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if all, err := w.List(t.Context(), 0, 0); err != nil || len(all) != 5 {
		t.Errorf("without a limit: %d, %v", len(all), err)
	}
}

func TestChangesLeaveOneTraceEach(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	for _, step := range []struct {
		name   string
		do     func(context.Context, int64) error
		action string
		traces int
		want   func(*enduser.User)
	}{
		{"Block", w.Block, "user.block", 1, func(u *enduser.User) { u.Blocked = true }},
		{"BlockAgain", w.Block, "user.block", 1, func(*enduser.User) {}},
		{"Unblock", w.Unblock, "user.unblock", 1, func(u *enduser.User) { u.Blocked = false }},
		{"UnblockAgain", w.Unblock, "user.unblock", 1, func(*enduser.User) {}},
		{"SetWagering", func(ctx context.Context, id int64) error { return w.SetWagering(ctx, id, 700) }, "user.set-wagering", 1,
			func(u *enduser.User) { u.WageringRequired = 700 }},
		{"SetTheSame", func(ctx context.Context, id int64) error { return w.SetWagering(ctx, id, 700) }, "user.set-wagering", 1,
			func(*enduser.User) {}},
	} {
		t.Run(step.name, func(t *testing.T) { // one after the other
			if err := step.do(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
			step.want(&u)
			if diff := cmp.Diff(u, w.user(t, u.ID)); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
			if trail := w.trail(t, step.action); len(trail) != step.traces || trail[0].SubjectID != "1" {
				t.Errorf("trail = %+v", trail)
			}
			if err := step.do(t.Context(), 999); !errors.Is(err, enduser.ErrNotFound) {
				t.Errorf("nobody: %v", err)
			}
		})
	}
	checkFields(t, w.SetWagering(t.Context(), u.ID, -1), "wagering")
	u.Blocked = true
	if err := w.CheckActive(u); !errors.Is(err, enduser.ErrBlocked) {
		t.Errorf("CheckActive = %v", err)
	}
	u.Blocked = false
	if err := w.CheckActive(u); err != nil {
		t.Errorf("CheckActive = %v", err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	anna, boris := w.make(t, "anna", 0), w.make(t, "boris", 0)
	token, expires, err := w.IssueToken(ctx, anna.ID, time.Hour)
	if err != nil || !publicid.ValidToken("uc", token) || len(token) != 43 || !expires.Equal(noon.Add(time.Hour)) {
		t.Fatalf("IssueToken = %q, %v, %v", token, expires, err)
	}
	second, _, err := w.IssueToken(ctx, anna.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	others, _, err := w.IssueToken(ctx, boris.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	holds := func(token string, want error) {
		t.Helper()
		u, err := w.Authenticate(ctx, token)
		if !errors.Is(err, want) || (err == nil) != (want == nil) || err == nil && u.Name != "anna" {
			t.Errorf("Authenticate = %+v, %v; want %v", u, err, want)
		}
	}
	holds(token, nil)
	for _, wrong := range []string{"", "uc_", token[:42], token + "0", "op" + token[2:], strings.ToUpper(token), publicid.Token("uc"), "uc_" + strings.Repeat("\x00", 40)} {
		holds(wrong, enduser.ErrUnauthorized)
	}
	if err := w.Block(ctx, anna.ID); err != nil {
		t.Fatal(err)
	}
	if u, err := w.Authenticate(ctx, token); err != nil || !u.Blocked {
		t.Errorf("a blocked user reads: %+v, %v", u, err)
	}
	w.pass(time.Hour)
	holds(token, enduser.ErrUnauthorized)
	holds(second, nil)
	for range 2 {
		if err := w.RevokeTokens(ctx, anna.ID); err != nil {
			t.Fatal(err)
		}
	}
	holds(second, enduser.ErrUnauthorized)
	if _, err := w.Authenticate(ctx, others); err != nil {
		t.Errorf("the tokens of others: %v", err)
	}
	if n := len(w.trail(t, "user.revoke-tokens")); n != 1 {
		t.Errorf("%d traces of revoking, want 1", n)
	}
	if trail := w.trail(t, "user.issue-token"); len(trail) != 3 || strings.Contains(string(trail[2].After), token) {
		t.Errorf("trail = %+v", trail)
	}
	var stored int
	err = w.db.QueryRow(ctx, `select count(*) from user_tokens t where t::text like '%' || $1 || '%'`, token[8:]).Scan(&stored)
	if err != nil || stored != 0 {
		t.Errorf("%d tokens rest in clear, %v", stored, err)
	}
}

func TestIssueTokenRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	for _, ttl := range []time.Duration{-1, time.Minute - 1, enduser.MaxTTL + 1} {
		_, _, err := w.IssueToken(t.Context(), u.ID, ttl)
		checkFields(t, err, "ttl")
	}
	if _, _, err := w.IssueToken(t.Context(), 999, 0); !errors.Is(err, enduser.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if err := w.RevokeTokens(t.Context(), 999); !errors.Is(err, enduser.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestChangesAtOnce: two changes of one user see each other.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.make(t, "anna", 0)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			do := []func(context.Context, int64) error{w.Block, w.Unblock}[i%2]
			if err := do(context.Background(), u.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	blocks, unblocks := len(w.trail(t, "user.block")), len(w.trail(t, "user.unblock"))
	open := 0
	if w.user(t, u.ID).Blocked {
		open = 1
	}
	if blocks != unblocks+open {
		t.Errorf("%d blocks and %d unblocks on the trail, blocked %d", blocks, unblocks, open)
	}
}

func TestNewServiceRefusesWhatIsMissingByName(t *testing.T) {
	t.Parallel()
	full := enduser.Deps{DB: &pgxpool.Pool{}, Ledger: &ledger.Ledger{}, Now: time.Now}
	for name, strip := range map[string]func(*enduser.Deps){
		"DB":     func(d *enduser.Deps) { d.DB = nil },
		"Ledger": func(d *enduser.Deps) { d.Ledger = nil },
		"Now":    func(d *enduser.Deps) { d.Now = nil },
	} {
		d := full
		strip(&d)
		if _, err := enduser.NewService(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
