package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/signin"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var errWrong = fault.New(fault.Unauthenticated, "invalid_credentials", "invalid email or password")

// door is one process's sign-in, with a clock that tests move.
type door struct {
	*signin.Service
	db   *pgxpool.Pool
	past *atomic.Int64
}

func (d *door) wait(by time.Duration) { d.past.Add(int64(by)) }

func (d *door) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, noon.Add(time.Duration(d.past.Load())))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func open(t *testing.T, optional bool) *door {
	t.Helper()
	d := &door{db: pgtest.New(t), past: new(atomic.Int64)}
	v, err := vault.New(vault.Generate("k1"))
	if err != nil {
		t.Fatal(err)
	}
	d.Service, err = signin.New(signin.Deps{
		DB: d.db, Vault: v, Issuer: "disburse", FactorOptional: optional,
		Now: func() time.Time { return noon.Add(time.Duration(d.past.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func right(context.Context) (string, error) { return "opr_1", nil }
func wrong(context.Context) (string, error) { return "", errWrong }

var desk = signin.Visitor{Address: "192.0.2.1", Agent: "browser"}

func (d *door) begin(t *testing.T) signin.Token {
	t.Helper()
	token, _, err := d.Enter(t.Context(), signin.Operators, "A@example.test", desk, right)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// enrolled gives a verified session's token and the secret of its factor.
func (d *door) enrolled(t *testing.T) (signin.Token, string) {
	t.Helper()
	token := d.begin(t)
	e, err := d.Enrol(t.Context(), signin.Operators, token)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := d.Verify(t.Context(), signin.Operators, token, d.code(t, e.Secret))
	if err != nil {
		t.Fatal(err)
	}
	return fresh, e.Secret
}

func (d *door) found(t *testing.T, token signin.Token) (signin.Session, bool) {
	t.Helper()
	s, err := d.Find(t.Context(), signin.Operators, token)
	if err != nil && !errors.Is(err, signin.ErrNoSession) {
		t.Fatal(err)
	}
	return s, err == nil
}

func TestPasswordAloneIsNotEnough(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	half := d.begin(t)
	if s, ok := d.found(t, half); !ok || s.Verified || s.Enrolled || s.Subject != "opr_1" || s.Name != "a@example.test" {
		t.Fatalf("session %+v, %v", s, ok)
	}
	e, err := d.Enrol(t.Context(), signin.Operators, half)
	if err != nil || !strings.Contains(e.URL, "issuer=disburse") {
		t.Fatalf("%q, %v", e.URL, err)
	}
	if _, _, err := d.Verify(t.Context(), signin.Operators, half, "000000"); !errors.Is(err, signin.ErrWrongCode) {
		t.Errorf("a wrong code: %v", err)
	}
	full, s, err := d.Verify(t.Context(), signin.Operators, half, " "+d.code(t, e.Secret)+" ")
	if err != nil || !s.Verified || full == half {
		t.Fatalf("session %+v, %v", s, err)
	}
	if _, ok := d.found(t, half); ok {
		t.Error("the token from before the second factor still works")
	}
	if s, ok := d.found(t, full); !ok || !s.Verified || !s.Enrolled {
		t.Errorf("session %+v, %v", s, ok)
	}
	if _, err := d.Enrol(t.Context(), signin.Operators, full); !errors.Is(err, signin.ErrEnrolled) {
		t.Errorf("a second factor beside the first: %v", err)
	}
}

func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	_, secret := d.enrolled(t)
	used := d.code(t, secret)
	again := d.begin(t)
	if _, _, err := d.Verify(t.Context(), signin.Operators, again, used); !errors.Is(err, signin.ErrWrongCode) {
		t.Errorf("a used code: %v", err)
	}
	d.wait(30 * time.Second)
	next := d.code(t, secret)
	var in atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		token := d.begin(t)
		all.Go(func() {
			if _, _, err := d.Verify(context.Background(), signin.Operators, token, next); err == nil {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("one code let in %d", in.Load())
	}
}

func TestClocksMayDifferByAStep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		late time.Duration
		ok   bool
	}{{0, true}, {30 * time.Second, true}, {-30 * time.Second, true}, {time.Minute, false}, {-time.Minute, false}} {
		t.Run(fmt.Sprint(tt.late), func(t *testing.T) {
			t.Parallel()
			d := open(t, false)
			_, secret := d.enrolled(t)
			d.wait(10 * time.Minute)
			code := d.code(t, secret)
			d.wait(tt.late)
			_, _, err := d.Verify(t.Context(), signin.Operators, d.begin(t), code)
			if (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTenFailuresLockAName(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	try := func(name string, check signin.Check) error {
		_, _, err := d.Enter(t.Context(), signin.Operators, name, desk, check)
		return err
	}
	for i := range 10 {
		if err := try(" A@Example.Test", wrong); !errors.Is(err, errWrong) {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	if err := try("a@example.test", right); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("after ten failures: %v", err)
	}
	if err := try("b@example.test", right); err != nil {
		t.Errorf("another name: %v", err)
	}
	d.wait(15*time.Minute + time.Second)
	if err := try("a@example.test", wrong); !errors.Is(err, errWrong) {
		t.Errorf("after the lock: %v", err)
	}
	if err := try("a@example.test", right); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	for range 3 {
		for range 9 {
			_, _, _ = d.Enter(t.Context(), signin.Operators, "a@example.test", desk, wrong)
		}
		d.begin(t)
	}
}

func TestCodesAreCountedToo(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	_, secret := d.enrolled(t)
	d.wait(time.Minute)
	half := d.begin(t)
	for range 10 {
		_, _, _ = d.Verify(t.Context(), signin.Operators, half, "abcdef")
	}
	if _, _, err := d.Verify(t.Context(), signin.Operators, half, d.code(t, secret)); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("the right code after ten wrong ones: %v", err)
	}
}

func TestAnOutageIsNoFailure(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	out := errors.New("out")
	for range 20 {
		_, _, err := d.Enter(t.Context(), signin.Operators, "a@example.test", desk, func(context.Context) (string, error) { return "", out })
		if !errors.Is(err, out) {
			t.Fatal(err)
		}
	}
	d.begin(t)
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		optional bool
		calls    []time.Duration // pauses, a call after each
		alive    bool
	}{
		{"Used", true, []time.Duration{59 * time.Minute, 59 * time.Minute, 59 * time.Minute}, true},
		{"Idle", true, []time.Duration{time.Hour}, false},
		{"Longest", true, []time.Duration{
			50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute,
			50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 50 * time.Minute, 20 * time.Minute,
		}, false},
		{"HalfwayIn", false, []time.Duration{9 * time.Minute}, true},
		{"HalfwayTooLong", false, []time.Duration{9 * time.Minute, time.Minute}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, tt.optional)
			token := d.begin(t)
			alive := true
			for _, pause := range tt.calls {
				d.wait(pause)
				_, alive = d.found(t, token)
			}
			if alive != tt.alive {
				t.Errorf("alive = %v", alive)
			}
			d.wait(24 * time.Hour)
			if n, err := d.Tidy(t.Context()); err != nil || n != 1 {
				t.Errorf("tidied %d, %v", n, err)
			}
		})
	}
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	first, second, third := d.begin(t), d.begin(t), d.begin(t)
	mine, _ := d.found(t, first)
	list, err := d.Sessions(t.Context(), signin.Operators, "opr_1")
	if err != nil || len(list) != 3 || list[0].Visitor != desk {
		t.Fatalf("%+v, %v", list, err)
	}
	other, _ := d.found(t, second)
	if err := d.End(t.Context(), signin.Operators, "opr_2", other.ID); !errors.Is(err, signin.ErrNotFound) {
		t.Errorf("another's session: %v", err)
	}
	if err := d.End(t.Context(), signin.Operators, "opr_1", other.ID); err != nil {
		t.Error(err)
	}
	if n, err := d.EndOthers(t.Context(), signin.Operators, "opr_1", mine.ID); err != nil || n != 1 {
		t.Errorf("ended %d, %v", n, err)
	}
	for token, want := range map[signin.Token]bool{first: true, second: false, third: false} {
		if _, ok := d.found(t, token); ok != want {
			t.Errorf("session is there: %v", ok)
		}
	}
	if err := d.Leave(t.Context(), first); err != nil {
		t.Error(err)
	}
	if _, ok := d.found(t, first); ok {
		t.Error("left, and still in")
	}
}

func TestRealmsAreApart(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	token := d.begin(t)
	if _, err := d.Find(t.Context(), signin.Merchants, token); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("an operator's session among merchants: %v", err)
	}
}

func TestResetTakesTheFactorAndTheSessions(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	token, _ := d.enrolled(t)
	if err := d.Reset(t.Context(), signin.Operators, "opr_1"); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.found(t, token); ok {
		t.Error("still in")
	}
	if s, ok := d.found(t, d.begin(t)); !ok || s.Enrolled || s.Verified {
		t.Errorf("session %+v, %v", s, ok)
	}
}

func TestTokensTellNothing(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	token := d.begin(t)
	if text := fmt.Sprintf("%v %s %q", token, token, token); strings.Contains(text, "ss_") {
		t.Errorf("printed: %s", text)
	}
	if !token.OwnsCSRF(token.CSRF()) || token.OwnsCSRF("") || signin.Token("").OwnsCSRF(signin.Token("").CSRF()) || d.begin(t).OwnsCSRF(token.CSRF()) {
		t.Error("CSRF texts do not belong to their sessions")
	}
	var raw string
	err := d.db.QueryRow(t.Context(), `select string_agg(t::text, ' ') from signin_sessions t`).Scan(&raw)
	if err != nil || strings.Contains(raw, string(token)) {
		t.Errorf("the table holds the token, or %v", err)
	}
}

// TestEndingASessionIsAudited: who ended it, which one, and from where both came.
func TestEndingASessionIsAudited(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	tokens := []signin.Token{d.begin(t), d.begin(t), d.begin(t), d.begin(t)}
	ids := map[string]string{}
	for i, token := range tokens {
		s, _ := d.found(t, token)
		ids[s.ID] = []string{"session.leave", "session.end", "session.end", "session.end"}[i]
		if i > 1 {
			continue
		}
		ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Address: "198.51.100.7"})
		end := func() error { return d.Leave(ctx, token) }
		if i == 1 {
			end = func() error { return d.End(ctx, signin.Operators, "opr_1", s.ID) }
		}
		for range 2 { // the second time nothing is left to be ended
			if err := end(); err != nil && !errors.Is(err, signin.ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: "opr_1", Address: "198.51.100.7"})
	if n, err := d.EndOthers(ctx, signin.Operators, "opr_1", ""); err != nil || n != 2 {
		t.Fatalf("ended %d, %v", n, err)
	}
	rows := 0
	for id, action := range ids {
		found, err := audit.List(t.Context(), d.db, audit.Filter{Action: action, SubjectID: id})
		if err != nil {
			t.Fatal(err)
		}
		rows += len(found.Items)
		for _, row := range found.Items {
			before := string(row.Before)
			if row.Actor.ID != "opr_1" || row.Actor.Address != "198.51.100.7" || !strings.Contains(before, desk.Address) || !strings.Contains(before, "opr_1") {
				t.Errorf("%s: %+v", action, row)
			}
		}
	}
	if rows != len(tokens) {
		t.Errorf("%d rows tell of %d sessions", rows, len(tokens))
	}
}
