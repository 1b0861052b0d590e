package operator_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/operator"
)

func TestChangePassword(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	other := b.create(t, "boris@example.com", operator.RoleOperator)
	id, first, fresh := made.Operator.ID, string(made.Password), "our cat eats nine"
	change := func(id, present, fresh string, with error) error {
		return b.ChangePassword(t.Context(), id, present, fresh, func(pgx.Tx) error { return with })
	}
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		err, want error
	}{
		"AnothersPassword": {change(id, string(other.Password), fresh, nil), operator.ErrInvalidPassword},
		"NoPassword":       {change(id, "", fresh, nil), operator.ErrInvalidPassword},
		"Nobody":           {change("opr_nobody", first, fresh, nil), operator.ErrInvalidPassword},
		"NotWithTheRest":   {change(id, first, fresh, refused), refused},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", name, tt.err, tt.want)
		}
	}
	if _, err := b.CheckPassword(t.Context(), "anna@example.com", first); err != nil {
		t.Errorf("the first password after refusals: %v", err)
	}
	if err := change(id, first, fresh, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CheckPassword(t.Context(), "anna@example.com", fresh); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if _, err := b.CheckPassword(t.Context(), "anna@example.com", first); !errors.Is(err, operator.ErrInvalidPassword) {
		t.Errorf("the old password: %v", err)
	}
	if err := change(id, first, "somebody else's words", nil); !errors.Is(err, operator.ErrInvalidPassword) {
		t.Errorf("again with the old one: %v", err)
	}
	if _, err := b.Disable(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := change(id, fresh, "somebody else's words", nil); !errors.Is(err, operator.ErrInvalidPassword) {
		t.Errorf("of a disabled operator: %v", err)
	}
	changes := 0
	for _, item := range b.trail(t) {
		raw, err := json.Marshal(item)
		if err != nil || strings.Contains(string(raw), fresh) || strings.Contains(string(raw), "argon2") {
			t.Errorf("the trail tells %s, %v", raw, err)
		}
		if item.Action == "operator.change-password" && item.SubjectID == id {
			changes++
		}
	}
	if changes != 1 {
		t.Errorf("%d changes are in the trail", changes)
	}
}

// Of several changes that know the same password one is made: what another has
// set meanwhile, such as an admin, is not undone.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.create(t, "anna@example.com", operator.RoleOperator)
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			errs <- b.ChangePassword(t.Context(), made.Operator.ID, string(made.Password), "our cat eats nine", func(pgx.Tx) error { return nil })
		}()
	}
	done := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			done++
		} else if !errors.Is(err, operator.ErrInvalidPassword) {
			t.Error(err)
		}
	}
	if done != 1 {
		t.Errorf("%d changes are made, want one", done)
	}
}
