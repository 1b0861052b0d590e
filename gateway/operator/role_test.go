package operator_test

import (
	"errors"
	"sync"
	"testing"

	"disburse/gateway/fault"
	"disburse/gateway/operator"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	for have, row := range map[operator.Role]string{
		operator.RoleViewer: "y---", operator.RoleOperator: "yy--",
		operator.RoleApprover: "yyy-", operator.RoleAdmin: "yyyy", "": "----", "root": "----",
	} {
		for i, need := range operator.Roles() {
			want := row[i] == 'y'
			err := operator.Operator{Role: have}.Require(need)
			if (err == nil) != want || err != nil && !errors.Is(err, operator.ErrForbidden) {
				t.Errorf("%q for what needs %q: %v", have, need, err)
			}
		}
		if have.Covers("root") || have.Covers("") {
			t.Errorf("%q covers a role that is none", have)
		}
	}
}

func TestSetRole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleViewer)
	after, err := b.SetRole(t.Context(), made.Operator.ID, operator.RoleApprover)
	if err != nil || after.Role != operator.RoleApprover {
		t.Fatalf("SetRole = %+v, %v", after, err)
	}
	if o, err := b.Authenticate(t.Context(), string(made.Token)); err != nil || o.Role != operator.RoleApprover {
		t.Errorf("Authenticate = %+v, %v", o, err)
	}
	if _, err := b.SetRole(t.Context(), made.Operator.ID, "root"); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("an unknown role: %v", err)
	}
	if _, err := b.SetRole(t.Context(), "nobody@example.com", operator.RoleAdmin); !errors.Is(err, operator.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// TestSessionsEndWithWhatIsDoneToAnOperator: who is shut out, or may do less, has
// to sign in again.
func TestSessionsEndWithWhatIsDoneToAnOperator(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "anna@example.com", operator.RoleOperator).Operator.ID
	for name, step := range map[string]struct {
		ends bool
		do   func() error
	}{
		"Disable":    {true, func() error { _, err := b.Disable(t.Context(), id); return err }},
		"Enable":     {false, func() error { _, err := b.Enable(t.Context(), id); return err }},
		"LowerRole":  {true, func() error { _, err := b.SetRole(t.Context(), id, operator.RoleViewer); return err }},
		"HigherRole": {false, func() error { _, err := b.SetRole(t.Context(), id, operator.RoleApprover); return err }},
		"Password":   {true, func() error { _, err := b.ResetPassword(t.Context(), id); return err }},
	} {
		if _, err := b.SetRole(t.Context(), id, operator.RoleOperator); err != nil {
			t.Fatal(err)
		}
		b.ended = nil
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := len(b.ended) == 1 && b.ended[0] == id; got != step.ends {
			t.Errorf("%s ended the sessions of %v", name, b.ended)
		}
	}
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	anna := b.create(t, "anna@example.com", operator.RoleAdmin).Operator
	boris := b.create(t, "boris@example.com", operator.RoleAdmin).Operator
	b.create(t, "vera@example.com", operator.RoleApprover)
	if _, err := b.Disable(t.Context(), boris.ID); err != nil {
		t.Fatalf("one of two: %v", err)
	}
	before := len(b.trail(t))
	if _, err := b.Disable(t.Context(), anna.Email); !errors.Is(err, operator.ErrLastAdmin) {
		t.Errorf("the last one: %v", err)
	}
	if _, err := b.SetRole(t.Context(), anna.ID, operator.RoleApprover); !errors.Is(err, operator.ErrLastAdmin) {
		t.Errorf("demoting the last one: %v", err)
	}
	// What takes nothing away from the last one goes on.
	for name, call := range map[string]func() (operator.Operator, error){
		"SameRole":             func() (operator.Operator, error) { return b.SetRole(t.Context(), anna.ID, operator.RoleAdmin) },
		"DisabledAlready":      func() (operator.Operator, error) { return b.Disable(t.Context(), boris.ID) },
		"DemotingADisabledOne": func() (operator.Operator, error) { return b.SetRole(t.Context(), boris.ID, operator.RoleViewer) },
		"DisablingNoAdmin":     func() (operator.Operator, error) { return b.Disable(t.Context(), "vera@example.com") },
		"DemotingWhoIsNoAdmin": func() (operator.Operator, error) {
			return b.SetRole(t.Context(), "vera@example.com", operator.RoleViewer)
		},
		"EnablingWhoIsLetInNow": func() (operator.Operator, error) { return b.Enable(t.Context(), anna.ID) },
	} {
		if _, err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := len(b.trail(t)); after != before+3 {
		t.Errorf("%d audit rows, then %d; want 3 more", before, after)
	}
}

// TestAdminsWhoDisableEachOther races: whoever comes first, one stays.
func TestAdminsWhoDisableEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admins := []operator.Operator{
		b.create(t, "anna@example.com", operator.RoleAdmin).Operator, b.create(t, "boris@example.com", operator.RoleAdmin).Operator,
	}
	for range 20 {
		errs := make([]error, len(admins))
		var running sync.WaitGroup
		for i, o := range admins {
			running.Go(func() { _, errs[i] = b.Disable(t.Context(), o.ID) })
		}
		running.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), operator.ErrLastAdmin) {
			t.Fatalf("got %v", errs)
		}
		for _, o := range admins {
			if _, err := b.Enable(t.Context(), o.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}
