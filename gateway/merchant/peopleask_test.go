package merchant_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"disburse/gateway/approval"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger"
)

// staff is an office whose merchant has the person vera, with the password given.
type staff struct {
	*office
	hired    *merchant.People
	vera     merchant.Person
	password string
}

func newStaff(t *testing.T, mode ledger.Mode) *staff {
	t.Helper()
	s := &staff{office: newOffice(t, mode)}
	s.hired = s.people(t)
	vera, password, err := s.hired.Add(s.root, "demo", "vera@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	s.vera, s.password = vera, string(password)
	return s
}

// changes are what lets somebody in, each done alone, and whom it is about.
func (s *staff) changes() map[merchant.PersonChange]struct {
	ref   string
	alone func(ctx context.Context) error
} {
	return map[merchant.PersonChange]struct {
		ref   string
		alone func(ctx context.Context) error
	}{
		merchant.AddPerson: {"ivan@shop.example", func(ctx context.Context) error {
			_, _, err := s.hired.Add(ctx, "demo", "ivan@shop.example")
			return err
		}},
		merchant.NewPassword: {s.vera.ID, func(ctx context.Context) error {
			_, _, err := s.hired.ResetPassword(ctx, "demo", s.vera.ID)
			return err
		}},
		merchant.NoFactor: {s.vera.ID, func(ctx context.Context) error {
			_, err := s.hired.ResetFactor(ctx, "demo", s.vera.ID)
			return err
		}},
		merchant.LetPersonIn: {s.vera.ID, func(ctx context.Context) error {
			_, err := s.hired.Enable(ctx, "demo", s.vera.ID)
			return err
		}},
	}
}

func (s *staff) asks(t *testing.T, change merchant.PersonChange, ref string) approval.Approval {
	t.Helper()
	a, err := s.hired.Ask(s.anna, "demo", change, ref)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhoSignsInForALiveMerchantNeedsTwoPeople(t *testing.T) {
	t.Parallel()
	s := newStaff(t, ledger.Live)
	for change, how := range s.changes() {
		before := len(s.trail(t))
		checkFault(t, how.alone(s.anna), "second_person_needed", nil)
		if after := len(s.trail(t)); after != before {
			t.Errorf("%s: done alone", change)
		}
		asked := s.asks(t, change, how.ref)
		if again := s.asks(t, change, how.ref); again.ID != asked.ID {
			t.Errorf("%s: asked twice", change)
		}
		_, err := s.hired.Do(s.anna, "demo", asked.ID)
		checkFault(t, err, "not_approved", nil)
		_, err = s.desk.Approve(s.anna, asked.ID, "")
		checkFault(t, err, "own_approval", nil)
		if _, err = s.desk.Approve(s.boris, asked.ID, ""); err != nil {
			t.Fatal(err)
		}
		if again := s.asks(t, change, how.ref); again.ID != asked.ID {
			t.Errorf("%s: asked again for what is approved", change)
		}
		_, err = s.hired.Do(s.boris, "demo", asked.ID)
		checkFault(t, err, "not_yours", nil)
		done, err := s.hired.Do(s.anna, "demo", asked.ID)
		if err != nil || done.Change != change || (done.Password != "") != (change == merchant.AddPerson || change == merchant.NewPassword) {
			t.Fatalf("%s: %+v, %v", change, done, err)
		}
		if done.Password != "" {
			if who, err := s.hired.CheckPassword(t.Context(), done.Person.Email, string(done.Password)); err != nil || who.ID != done.Person.ID {
				t.Errorf("%s: %+v, %v", change, who, err)
			}
		}
		_, err = s.hired.Do(s.anna, "demo", asked.ID)
		checkFault(t, err, "already_done", nil)
	}
	for _, r := range s.trail(t) {
		if raw, err := json.Marshal(r); err != nil || strings.Contains(string(raw), `"pw`) {
			t.Errorf("the trail tells a password: %s, %v", raw, err)
		}
	}
}

func TestShuttingOutTakesOne(t *testing.T) {
	t.Parallel()
	s := newStaff(t, ledger.Live)
	if who, err := s.hired.Disable(s.anna, "demo", s.vera.ID); err != nil || !who.Disabled {
		t.Errorf("%+v, %v", who, err)
	}
	checkFault(t, s.changes()[merchant.LetPersonIn].alone(s.anna), "second_person_needed", nil)
	for change, how := range s.changes() {
		if err := how.alone(s.root); err != nil {
			t.Errorf("%s at the command line: %v", change, err)
		}
	}
}

func TestPeopleOfASandboxNeedOne(t *testing.T) {
	t.Parallel()
	s := newStaff(t, ledger.Sandbox)
	if needs, err := s.hired.NeedsSecond(s.anna, "demo"); err != nil || needs {
		t.Errorf("%v, %v", needs, err)
	}
	for change, how := range s.changes() {
		if err := how.alone(s.anna); err != nil {
			t.Errorf("%s: %v", change, err)
		}
	}
	// What counts is how the merchant stands when it is done.
	if _, err := s.pool.Exec(t.Context(), `update merchants set mode = 'live' where name = 'demo'`); err != nil {
		t.Fatal(err)
	}
	for change, how := range s.changes() {
		if err := how.alone(s.anna); !errors.Is(err, merchant.ErrSecondPerson) {
			t.Errorf("%s, live by now: %v", change, err)
		}
	}
}

func TestAskingForAPersonRefuses(t *testing.T) {
	t.Parallel()
	s := newStaff(t, ledger.Live)
	s.create(t, "other")
	for name, tc := range map[string]struct {
		of, ref string
		change  merchant.PersonChange
		code    string
	}{
		"NoEmail":            {"demo", "ivan", merchant.AddPerson, "invalid_request"},
		"Taken":              {"demo", " Vera@shop.example", merchant.AddPerson, "email_taken"},
		"NoMerchant":         {"nobody", "ivan@shop.example", merchant.AddPerson, "not_found"},
		"Nobody":             {"demo", "ivan@shop.example", merchant.NewPassword, "not_found"},
		"OfAnotherMerchants": {"other", s.vera.ID, merchant.NoFactor, "not_found"},
	} {
		if _, err := s.hired.Ask(s.anna, tc.of, tc.change, tc.ref); fault.Code(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked := s.asks(t, merchant.AddPerson, "ivan@shop.example")
	_, err := s.hired.Ask(s.clara, "demo", merchant.AddPerson, "ivan@shop.example")
	checkFault(t, err, "already_waiting", nil)
	if _, err := s.hired.Ask(s.clara, "demo", merchant.AddPerson, "egor@shop.example"); err != nil {
		t.Errorf("another person: %v", err)
	}
	if _, err := s.desk.Approve(s.boris, asked.ID, ""); err != nil {
		t.Fatal(err)
	}
	_, err = s.hired.Do(s.anna, "other", asked.ID)
	checkFault(t, err, "not_found", nil)

	p := setup2(t)
	_, err = p.people(t).Ask(p.operator(t, "olga", "admin"), "demo", merchant.AddPerson, "ivan@shop.example")
	checkFault(t, err, "approval_blocked", nil)
}

func TestAChangeOfAPersonThatIsNoLongerToBeDone(t *testing.T) {
	t.Parallel()
	for code, meanwhile := range map[string]func(s *staff, id string) error{
		"approval_expired": func(s *staff, _ string) error {
			s.since.Add(int64(approval.Life))
			return nil
		},
		"approval_void": func(s *staff, _ string) error { // somebody with the shell was faster
			_, _, err := s.hired.ResetPassword(s.root, "demo", s.vera.ID)
			return err
		},
	} {
		s := newStaff(t, ledger.Live)
		asked := s.asks(t, merchant.NewPassword, s.vera.ID)
		if _, err := s.desk.Approve(s.boris, asked.ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := meanwhile(s, asked.ID); err != nil {
			t.Fatal(err)
		}
		_, err := s.hired.Do(s.anna, "demo", asked.ID)
		checkFault(t, err, code, nil)
	}
	s := newStaff(t, ledger.Live)
	refused, taken := s.asks(t, merchant.NewPassword, s.vera.ID), s.asks(t, merchant.NoFactor, s.vera.ID)
	if _, err := s.desk.Refuse(s.boris, refused.ID, "no"); err != nil {
		t.Fatal(err)
	}
	_, err := s.hired.Do(s.anna, "demo", refused.ID)
	checkFault(t, err, "already_decided", nil)
	if _, err := s.desk.Approve(s.boris, taken.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.Withdraw(s.anna, taken.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.hired.Do(s.anna, "demo", taken.ID)
	checkFault(t, err, "approval_void", nil)
	if _, err := s.hired.CheckPassword(t.Context(), s.vera.Email, s.password); err != nil {
		t.Errorf("the password was changed: %v", err)
	}
	// The same can be approved again, after it was done.
	for range 2 {
		again := s.asks(t, merchant.NewPassword, s.vera.ID)
		if _, err := s.desk.Approve(s.boris, again.ID, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := s.hired.Do(s.anna, "demo", again.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOneGrantChangesAPersonOnce: the same person in many places at once.
func TestOneGrantChangesAPersonOnce(t *testing.T) {
	t.Parallel()
	s := newStaff(t, ledger.Live)
	asked := s.asks(t, merchant.NewPassword, s.vera.ID)
	if _, err := s.desk.Approve(s.boris, asked.ID, ""); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var made atomic.Int64
	for range 4 {
		all.Go(func() {
			done, err := s.hired.Do(s.anna, "demo", asked.ID)
			if err != nil && !errors.Is(err, approval.ErrUsed) {
				t.Error(err)
			}
			if done.Password != "" {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}
