package signin_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/signin"
)

// remembered is a browser in which a@example.test has signed in.
func (d *door) remembered(t *testing.T, browser signin.Browser) signin.Browser {
	t.Helper()
	browser, err := d.Remember(t.Context(), signin.Operators, d.begin(t), browser)
	if err != nil {
		t.Fatal(err)
	}
	return browser
}

// in tries to sign in with a browser, the empty one for a stranger's.
func (d *door) in(t *testing.T, browser signin.Browser, name string, check signin.Check) error {
	t.Helper()
	from := desk
	from.Browser = browser
	_, _, err := d.Enter(t.Context(), signin.Operators, name, from, check)
	return err
}

func (d *door) guess(t *testing.T, browser signin.Browser, times int) {
	t.Helper()
	for i := range times {
		if err := d.in(t, browser, "a@example.test", wrong); !errors.Is(err, errWrong) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
}

func TestStrangersLockNobodyOutOfTheirBrowser(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	browser := d.remembered(t, "")
	d.guess(t, "", 10)
	if err := d.in(t, "", "a@example.test", right); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("elsewhere: %v", err)
	}
	if err := d.in(t, browser, " A@Example.Test", right); err != nil {
		t.Errorf("in the browser: %v", err)
	}
	d.guess(t, browser, 10)
	if err := d.in(t, browser, "a@example.test", right); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("after ten failures in the browser: %v", err)
	}
}

func TestSuccessInABrowserForgivesNoStrangers(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	browser := d.remembered(t, "")
	d.guess(t, "", 9)
	d.guess(t, browser, 9)
	if err := d.in(t, browser, "a@example.test", right); err != nil {
		t.Fatal(err)
	}
	d.guess(t, browser, 9)
	d.guess(t, "", 1)
	if err := d.in(t, "", "a@example.test", right); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("the tenth failure elsewhere: %v", err)
	}
}

// The code and the change of a password count where the session began.
func TestSessionsAreCountedAsTheirBrowser(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	full, secret := d.enrolled(t)
	browser, err := d.Remember(t.Context(), signin.Operators, full, "")
	if err != nil {
		t.Fatal(err)
	}
	from := desk
	from.Browser = browser
	half, _, err := d.Enter(t.Context(), signin.Operators, "a@example.test", from, right)
	if err != nil {
		t.Fatal(err)
	}
	d.guess(t, "", 10)
	d.wait(time.Minute)
	full, _, err = d.Verify(t.Context(), signin.Operators, half, d.code(t, secret))
	if err != nil {
		t.Fatalf("the code: %v", err)
	}
	d.wait(time.Minute)
	c := &chest{d, "right"}
	if _, _, err := c.change(t, full, "right", chosen, d.code(t, secret)); err != nil {
		t.Errorf("the change: %v", err)
	}
}

func TestOnlyOwnBrowsersAreCountedApart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		browser func(*testing.T, *door) signin.Browser
		realm   signin.Realm
		name    string
	}{
		"Invented": {func(*testing.T, *door) signin.Browser { return "sb_0123456789abcdefghjkmnpqrstvwxyz01234567" }, signin.Operators, "a@example.test"},
		"NoToken":  {func(*testing.T, *door) signin.Browser { return "' or true" }, signin.Operators, "a@example.test"},
		"OfAnotherName": {
			func(t *testing.T, d *door) signin.Browser { return d.remembered(t, "") }, signin.Operators, "b@example.test",
		},
		"OfAnotherRealm": {
			func(t *testing.T, d *door) signin.Browser { return d.remembered(t, "") }, signin.Merchants, "a@example.test",
		},
		"TooOld": {func(t *testing.T, d *door) signin.Browser {
			browser := d.remembered(t, "")
			d.wait(signin.BrowserAge)
			return browser
		}, signin.Operators, "a@example.test"},
		"FromBeforeThePasswordChanged": {func(t *testing.T, d *door) signin.Browser {
			browser := d.remembered(t, "")
			c := &chest{d, "right"}
			if _, _, err := c.change(t, d.begin(t), "right", chosen, ""); err != nil {
				t.Fatal(err)
			}
			return browser
		}, signin.Operators, "a@example.test"},
		"OfWhomWeSentAway": {func(t *testing.T, d *door) signin.Browser {
			browser := d.remembered(t, "")
			err := pgx.BeginFunc(t.Context(), d.db, func(tx pgx.Tx) error {
				return d.Of(signin.Operators).EndAll(t.Context(), tx, "opr_1")
			})
			if err != nil {
				t.Fatal(err)
			}
			return browser
		}, signin.Operators, "a@example.test"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, true)
			from := desk
			from.Browser = tt.browser(t, d)
			for range 10 {
				if _, _, err := d.Enter(t.Context(), tt.realm, tt.name, desk, wrong); !errors.Is(err, errWrong) {
					t.Fatal(err)
				}
			}
			if _, _, err := d.Enter(t.Context(), tt.realm, tt.name, from, right); !errors.Is(err, signin.ErrLocked) {
				t.Errorf("got %v, want it locked", err)
			}
		})
	}
}

func TestRemember(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	first := d.remembered(t, "")
	if fmt.Sprintf("%v %+v %s", first, first, first) != "[hidden] [hidden] [hidden]" {
		t.Errorf("printed: %v", first)
	}
	planted := signin.Browser("sb_0123456789abcdefghjkmnpqrstvwxyz01234567")
	if got := d.remembered(t, planted); got == planted || got == first {
		t.Error("a browser is known by what somebody else may have put there")
	}
	d.wait(signin.BrowserAge - time.Hour)
	if got := d.remembered(t, first); got != first {
		t.Error("a known browser is given another token")
	}
	d.wait(2 * time.Hour)
	d.guess(t, "", 10)
	if err := d.in(t, first, "a@example.test", right); err != nil {
		t.Errorf("90 days after the last time: %v", err)
	}
	if _, err := d.Remember(t.Context(), signin.Operators, "ss_none", first); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	shut := open(t, false)
	if _, err := shut.Remember(t.Context(), signin.Operators, shut.begin(t), ""); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("half a session: %v", err)
	}

	var known int
	d.wait(2 * signin.BrowserAge)
	if _, err := d.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.db.QueryRow(t.Context(), "select count(*) from signin_browsers").Scan(&known); err != nil || known != 0 {
		t.Errorf("%d browsers are kept beyond their time, %v", known, err)
	}
}
