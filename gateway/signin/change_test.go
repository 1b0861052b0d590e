package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/fault"
	"disburse/gateway/signin"
	"disburse/gateway/transact"
)

// chest keeps one password.
type chest struct {
	d        *door
	password string
}

func (c *chest) replace(ctx context.Context, _, present, fresh string, with func(pgx.Tx) error) error {
	if present != c.password {
		return errWrong
	}
	err := transact.Run(ctx, c.d.db, with)
	if err == nil {
		c.password = fresh
	}
	return err
}

func (c *chest) change(t *testing.T, token signin.Token, present, fresh, code string) (signin.Token, int, error) {
	t.Helper()
	return c.d.ChangePassword(t.Context(), signin.Operators, token, signin.Change{Present: present, Fresh: fresh, Code: code}, c.replace)
}

const chosen = "our cat eats nine"

func TestPeekingKeepsNoSession(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	token := d.begin(t)
	for range 5 {
		d.wait(11 * time.Minute)
		if _, err := d.Peek(t.Context(), signin.Operators, token); err != nil {
			t.Fatal(err)
		}
	}
	d.wait(5 * time.Minute)
	if _, err := d.Peek(t.Context(), signin.Operators, token); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("after its idle hour: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	c := &chest{d, "right"}
	token, secret := d.enrolled(t)
	d.wait(time.Minute)
	elsewhere := d.begin(t)
	elsewhere, _, err := d.Verify(t.Context(), signin.Operators, elsewhere, d.code(t, secret))
	if err != nil {
		t.Fatal(err)
	}
	d.wait(time.Minute)
	if _, _, err := c.change(t, token, "wrong", chosen, d.code(t, secret)); !errors.Is(err, errWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, _, err := c.change(t, token, "right", chosen, "000000"); !errors.Is(err, signin.ErrWrongCode) || c.password != "right" {
		t.Errorf("a wrong code: %v, the password is %q", err, c.password)
	}
	if _, _, err := c.change(t, token, "right", "right", d.code(t, secret)); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("the same password: %v", err)
	}
	if _, _, err := c.change(t, token, "right", "A@example.test", d.code(t, secret)); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("a guessable password: %v", err)
	}
	fresh, ended, err := c.change(t, token, "right", chosen, d.code(t, secret))
	if err != nil || ended != 1 || c.password != chosen {
		t.Fatalf("%d sessions ended, %v, the password is %q", ended, err, c.password)
	}
	for name, is := range map[string]struct {
		token signin.Token
		in    bool
	}{"the new token": {fresh, true}, "the old token": {token, false}, "a session elsewhere": {elsewhere, false}} {
		if _, ok := d.found(t, is.token); ok != is.in {
			t.Errorf("%s lets in: %v", name, ok)
		}
	}
	if _, _, err := c.change(t, fresh, chosen, "another cat eats ten", d.code(t, secret)); !errors.Is(err, signin.ErrWrongCode) {
		t.Errorf("the same code again: %v", err)
	}
}

func TestHalfASessionChangesNoPassword(t *testing.T) {
	t.Parallel()
	d := open(t, false)
	c := &chest{d, "right"}
	if _, _, err := c.change(t, d.begin(t), "right", chosen, ""); !errors.Is(err, signin.ErrNoSession) || c.password != "right" {
		t.Errorf("%v, the password is %q", err, c.password)
	}
}

// A session that is ended while its password changes takes the change with it.
func TestASessionThatEndsChangesNoPassword(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	c := &chest{d, "right"}
	token := d.begin(t)
	_, _, err := d.ChangePassword(t.Context(), signin.Operators, token, signin.Change{Present: "right", Fresh: chosen},
		func(ctx context.Context, subject, present, fresh string, with func(pgx.Tx) error) error {
			if _, err := d.EndOthers(ctx, signin.Operators, subject, ""); err != nil {
				return err
			}
			return c.replace(ctx, subject, present, fresh, with)
		})
	if !errors.Is(err, signin.ErrNoSession) || c.password != "right" {
		t.Errorf("%v, the password is %q", err, c.password)
	}
}

func TestGuessesAtAChangeLockTheName(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	c := &chest{d, "right"}
	token := d.begin(t)
	for range 10 {
		if _, _, err := c.change(t, token, "wrong", chosen, ""); !errors.Is(err, errWrong) {
			t.Fatal(err)
		}
	}
	if _, _, err := c.change(t, token, "right", chosen, ""); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("changing: %v", err)
	}
	if _, _, err := d.Enter(t.Context(), signin.Operators, "a@example.test", desk, right); !errors.Is(err, signin.ErrLocked) {
		t.Errorf("signing in: %v", err)
	}
}
