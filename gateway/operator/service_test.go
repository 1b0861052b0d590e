package operator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/operator"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is one process: a service with its own watcher on a shared database.
type bench struct {
	pool    *pgxpool.Pool
	watcher *epoch.Watcher
	*operator.Service
	since *atomic.Int64 // the clock: nanoseconds after noon
	ended []string      // whose sessions were ended
}

// EndAll notes whose sessions are to end.
func (b *bench) EndAll(_ context.Context, _ pgx.Tx, operatorID string) error {
	b.ended = append(b.ended, operatorID)
	return nil
}

func setup(t *testing.T) *bench {
	t.Helper()
	return process(t, pgtest.New(t), &atomic.Int64{})
}

func process(t *testing.T, pool *pgxpool.Pool, since *atomic.Int64) *bench {
	t.Helper()
	b := &bench{pool: pool, since: since}
	var err error
	if b.watcher, err = epoch.NewWatcher(epoch.Config{DB: pool, Now: func() time.Time { return noon }}); err != nil {
		t.Fatal(err)
	}
	b.poll(t)
	b.Service, err = operator.New(operator.Deps{
		DB: pool, Watcher: b.watcher, Sessions: b, Now: func() time.Time { return noon.Add(time.Duration(since.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) poll(t *testing.T) {
	t.Helper()
	if err := b.watcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) create(t *testing.T, email string, role operator.Role) operator.Created {
	t.Helper()
	made, err := b.Create(t.Context(), operator.NewOperator{Email: email, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (b *bench) trail(t *testing.T) []audit.Item {
	t.Helper()
	page, err := audit.List(t.Context(), b.pool, audit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

func TestCreate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, " Anna@Example.com ", operator.RoleAdmin)
	want := operator.Operator{ID: made.Operator.ID, Email: "anna@example.com", Role: operator.RoleAdmin, CreatedAt: noon}
	got, err := b.Authenticate(t.Context(), string(made.Token))
	if err != nil {
		t.Fatal(err)
	}
	byPassword, err := b.CheckPassword(t.Context(), "ANNA@example.com", string(made.Password))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]operator.Operator{want, want, want}, []operator.Operator{made.Operator, got, byPassword}); diff != "" {
		t.Errorf("operator (-want +got):\n%s", diff)
	}
	var stored string
	if err := b.pool.QueryRow(t.Context(), `select password_hash from operators`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored password = %s", stored)
	}
	trail, err := json.Marshal(b.trail(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(trail), fmt.Sprintf("%v %+v %#v", made, made, made)} {
		if strings.Contains(text, string(made.Token)) || strings.Contains(text, string(made.Password)) {
			t.Errorf("a secret shows in %s", text)
		}
	}
	if len(b.trail(t)) != 1 {
		t.Errorf("%d audit rows", len(b.trail(t)))
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create(t, "anna@example.com", operator.RoleViewer)
	for _, tt := range []struct {
		name, email string
		role        operator.Role
		code        string
		fields      int
	}{
		{"ErrEmailTaken", "ANNA@example.com", operator.RoleAdmin, "email_taken", 0},
		{"ErrNoEmail", "", operator.RoleAdmin, "invalid_request", 1},
		{"ErrNoDomain", "anna@", operator.RoleAdmin, "invalid_request", 1},
		{"ErrNul", "an\x00na@example.com", operator.RoleAdmin, "invalid_request", 1},
		{"ErrLong", strings.Repeat("a", 250) + "@example.com", operator.RoleAdmin, "invalid_request", 1},
		{"ErrRole", "b@example.com", "root", "invalid_request", 1},
		{"ErrBoth", "", "", "invalid_request", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := b.Create(t.Context(), operator.NewOperator{Email: tt.email, Role: tt.role})
			if f := fault.From(err); f == nil || f.Code != tt.code || len(f.Fields) != tt.fields {
				t.Errorf("error = %+v", f)
			}
		})
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	token := string(made.Token)
	for name, bad := range map[string]string{
		"ErrEmpty": "", "ErrUnknown": "op_" + strings.Repeat("0", 40), "ErrCut": token[:len(token)-1],
		"ErrUpperCase": strings.ToUpper(token), "ErrLonger": token + "0", "ErrNul": token[:42] + "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := b.Authenticate(t.Context(), bad); !errors.Is(err, operator.ErrInvalidToken) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	for _, tt := range []struct {
		name string
		at   time.Duration
		want error
	}{
		{"OKBefore", operator.DefaultTTL - 1, nil},
		{"ErrAtItsEnd", operator.DefaultTTL, operator.ErrInvalidToken},
		{"OKBeforeAgain", 0, nil}, // the holder is in memory; the clock decides
	} {
		t.Run(tt.name, func(t *testing.T) { // one clock: not parallel
			b.since.Store(int64(tt.at))
			if _, err := b.Authenticate(t.Context(), string(made.Token)); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDisabledIsLockedOutOfEveryProcess(t *testing.T) {
	t.Parallel()
	here := setup(t)
	there := process(t, here.pool, here.since)
	made := here.create(t, "anna@example.com", operator.RoleOperator)
	there.poll(t)
	if _, err := there.Authenticate(t.Context(), string(made.Token)); err != nil {
		t.Fatal(err)
	}
	after, err := here.Disable(t.Context(), "Anna@example.com")
	if err != nil || !after.Disabled {
		t.Fatalf("Disable = %+v, %v", after, err)
	}
	refused := func(b *bench, want error) {
		t.Helper()
		if _, err := b.Authenticate(t.Context(), string(made.Token)); !errors.Is(err, want) {
			t.Errorf("Authenticate: %v, want %v", err, want)
		}
	}
	refused(here, operator.ErrInvalidToken)
	refused(there, nil) // not polled yet: this is what the poll is for
	there.poll(t)
	refused(there, operator.ErrInvalidToken)
	if _, err := here.CheckPassword(t.Context(), "anna@example.com", string(made.Password)); !errors.Is(err, operator.ErrInvalidPassword) {
		t.Errorf("CheckPassword: %v", err)
	}
	// Repeating it is no second change.
	if _, err := here.Disable(t.Context(), made.Operator.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(here.trail(t)); n != 2 {
		t.Errorf("%d audit rows, want 2", n)
	}
	if after, err = here.Enable(t.Context(), made.Operator.ID); err != nil || after.Disabled {
		t.Fatalf("Enable = %+v, %v", after, err)
	}
	refused(here, nil)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	info, token, err := b.IssueToken(t.Context(), "anna@example.com", "bot", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(token), info.Prefix) || len(info.Prefix) > 8 || !info.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("info = %+v", info)
	}
	if o, err := b.Authenticate(t.Context(), string(token)); err != nil || o.ID != made.Operator.ID {
		t.Fatalf("Authenticate = %+v, %v", o, err)
	}
	for range 2 { // the second time changes nothing
		if err := b.RevokeToken(t.Context(), made.Operator.ID, info.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Authenticate(t.Context(), string(token)); !errors.Is(err, operator.ErrInvalidToken) {
		t.Errorf("after revoking: %v", err)
	}
	if _, err := b.Authenticate(t.Context(), string(made.Token)); err != nil {
		t.Errorf("the other token: %v", err)
	}
	tokens, err := b.Tokens(t.Context(), "anna@example.com")
	if err != nil || len(tokens) != 2 {
		t.Fatalf("Tokens = %+v, %v", tokens, err)
	}
	if n := len(b.trail(t)); n != 3 {
		t.Errorf("%d audit rows, want 3", n)
	}
	other := b.create(t, "boris@example.com", operator.RoleAdmin)
	for name, err := range map[string]error{
		"token of another": b.RevokeToken(t.Context(), other.Operator.ID, info.ID),
		"no such operator": b.RevokeToken(t.Context(), "nobody@example.com", info.ID),
		"no such id":       b.RevokeToken(t.Context(), "opr_\x00", info.ID),
	} {
		if !errors.Is(err, operator.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []struct {
		name string
		ttl  time.Duration
	}{{"", time.Hour}, {"a\n", time.Hour}, {strings.Repeat("x", 65), time.Hour}, {"bot", time.Second}, {"bot", -1}, {"bot", operator.MaxTTL + 1}} {
		if _, _, err := b.IssueToken(t.Context(), made.Operator.ID, bad.name, bad.ttl); fault.From(err).Kind != fault.InvalidInput {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	fresh, err := b.ResetPassword(t.Context(), "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, email, password string
		want                  error
	}{
		{"OK", "anna@example.com", string(fresh), nil},
		{"ErrTheOneBefore", "anna@example.com", string(made.Password), operator.ErrInvalidPassword},
		{"ErrEmpty", "anna@example.com", "", operator.ErrInvalidPassword},
		{"ErrUnknownEmail", "nobody@example.com", string(fresh), operator.ErrInvalidPassword},
		{"ErrNoEmail", "\x00", string(fresh), operator.ErrInvalidPassword},
		{"ErrVast", "anna@example.com", strings.Repeat("x", 1<<20), operator.ErrInvalidPassword},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := b.CheckPassword(t.Context(), tt.email, tt.password); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestManyPasswordsAtOnceWaitOnlyAsLongAsTheyMay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.CheckPassword(ctx, "anna@example.com", string(made.Password)); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: %v", err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := b.CheckPassword(context.Background(), "anna@example.com", string(made.Password)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"c", "a", "b"} {
		b.create(t, name+"@example.com", operator.RoleViewer)
	}
	var got []string
	after := ""
	for {
		page, err := b.List(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			got = append(got, o.Email[:1])
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Errorf("emails (-want +got):\n%s", diff)
	}
	if _, err := b.List(t.Context(), "\x00", 2); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("bad beginning: %v", err)
	}
}

func TestNewRefusesWhatIsMissingByName(t *testing.T) {
	t.Parallel()
	full := operator.Deps{DB: &pgxpool.Pool{}, Watcher: &epoch.Watcher{}, Sessions: &bench{}, Now: time.Now}
	for name, strip := range map[string]func(*operator.Deps){
		"DB":       func(d *operator.Deps) { d.DB = nil },
		"Watcher":  func(d *operator.Deps) { d.Watcher = nil },
		"Sessions": func(d *operator.Deps) { d.Sessions = nil },
		"Now":      func(d *operator.Deps) { d.Now = nil },
	} {
		d := full
		strip(&d)
		if _, err := operator.New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
