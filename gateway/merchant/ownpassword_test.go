package merchant_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/merchant"
)

func TestPeopleChangeTheirPasswords(t *testing.T) {
	t.Parallel()
	p := setup(t)
	people, ctx, fresh := p.people(t), t.Context(), "our cat eats nine"
	made := p.create(t, "shop")
	anna, first, err := people.Add(ctx, "shop", "anna@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	change := func(id, present, fresh string, with error) error {
		return people.ChangePassword(ctx, id, present, fresh, func(pgx.Tx) error { return with })
	}
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		err, want error
	}{
		"WrongPassword":  {change(anna.ID, "wrong", fresh, nil), merchant.ErrInvalidPassword},
		"Nobody":         {change("mpe_nobody", string(first), fresh, nil), merchant.ErrInvalidPassword},
		"NotWithTheRest": {change(anna.ID, string(first), fresh, refused), refused},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", name, tt.err, tt.want)
		}
	}
	var reset merchant.Password
	err = people.ChangePassword(ctx, anna.ID, string(first), fresh, func(pgx.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.CheckPassword(ctx, anna.Email, fresh); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if _, reset, err = people.ResetPassword(ctx, "shop", anna.ID); err != nil {
		t.Fatal(err)
	}
	if err := change(anna.ID, fresh, "somebody else's words", nil); !errors.Is(err, merchant.ErrInvalidPassword) {
		t.Errorf("with the one before the reset: %v", err)
	}
	if _, err := p.Disable(ctx, "shop"); err != nil {
		t.Fatal(err)
	}
	if err := change(anna.ID, string(reset), fresh, nil); !errors.Is(err, merchant.ErrInvalidPassword) {
		t.Errorf("of a disabled merchant: %v", err)
	}
	changes := 0
	for _, item := range p.trail(t) {
		raw, err := json.Marshal(item)
		if err != nil || strings.Contains(string(raw), fresh) || strings.Contains(string(raw), "argon2") {
			t.Errorf("the trail tells %s, %v", raw, err)
		}
		if item.Action == "merchant.change-person-password" && item.SubjectID == made.Merchant.ID {
			changes++
		}
	}
	if changes != 1 {
		t.Errorf("%d changes are in the trail", changes)
	}
}

// Of several changes that know the same password one is made: what another has
// set meanwhile, such as an admin, is not undone.
func TestPeoplesChangesAtOnce(t *testing.T) {
	t.Parallel()
	p := setup(t)
	people := p.people(t)
	p.create(t, "shop")
	anna, first, err := people.Add(t.Context(), "shop", "anna@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			errs <- people.ChangePassword(t.Context(), anna.ID, string(first), "our cat eats nine", func(pgx.Tx) error { return nil })
		}()
	}
	done := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			done++
		} else if !errors.Is(err, merchant.ErrInvalidPassword) {
			t.Error(err)
		}
	}
	if done != 1 {
		t.Errorf("%d changes are made, want one", done)
	}
}
