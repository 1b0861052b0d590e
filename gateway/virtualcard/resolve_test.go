package virtualcard_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/racetest"
	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

// operator makes the account of an operator and gives a context in which it acts.
func (w *world) operator(id, role string) context.Context {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), `insert into operators (id, email, role, password_hash, created_at) values ($1, $2, $3, '', $4)`,
		id, id+"@example.com", role, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return audit.WithActor(w.t.Context(), audit.Actor{Kind: audit.Operator, ID: id, Name: id + "@example.com"})
}

// desk is where a second person decides.
func (w *world) desk() *approval.Service {
	w.t.Helper()
	deciders := map[approval.Kind]approval.Decider{}
	for _, kind := range approval.Kinds() {
		deciders[kind] = w.Service
	}
	return must(approval.New(approval.Deps{DB: w.db, Deciders: deciders, Now: w.now}))
}

// mute makes every order fail without an answer; happens is whether it has its
// effect all the same. Lookups fail until the provider speaks.
func (w *world) mute(happens bool) {
	if happens {
		w.provider.behave(nil, answers(virtualcard.ErrUnknown))
	} else {
		w.provider.behave(answers(virtualcard.ErrUnknown), nil)
	}
	w.provider.onLookup(func(string) (virtualcard.Outcome, error) { return virtualcard.Outcome{}, virtualcard.ErrUnknown })
}

// speak makes the provider answer again.
func (w *world) speak() {
	w.provider.behave(nil, nil)
	w.provider.onLookup(nil)
	w.advance(2 * time.Hour)
	must(w.Recover(w.t.Context(), 100))
}

// only is the one exception there is.
func (w *world) only(state string) virtualcard.Exception {
	w.t.Helper()
	all := w.exceptions()
	if len(all) != 1 || all[0].State != state {
		w.t.Fatalf("exceptions %+v, want one that is %s", all, state)
	}
	return all[0]
}

func (w *world) wantClean() {
	w.t.Helper()
	if all := w.exceptions(); len(all) != 0 {
		w.t.Errorf("exceptions: %+v", all)
	}
}

func (w *world) resolve(id, as string) error {
	_, err := w.Resolve(w.t.Context(), virtualcard.Resolution{ID: id, As: as, Reason: "told by phone"})
	return err
}

// TestPeopleEndWhatTheProviderDoesNot: the money moves as by its answer, and it
// agrees later.
func TestPeopleEndWhatTheProviderDoesNot(t *testing.T) {
	t.Parallel()
	type outcome struct {
		wallet, card int64
		status       virtualcard.Status
	}
	for name, tc := range map[string]struct {
		begin        func(w *world, u enduser.User, id string) error
		done, failed outcome
		moved        int64 // of a close
	}{
		"TopUp": {
			begin: func(w *world, u enduser.User, id string) error {
				_, err := w.TopUp(t.Context(), u, id, "10", noKey())
				return err
			},
			done: outcome{8990, 6000, virtualcard.StatusActive}, failed: outcome{10000, 5000, virtualcard.StatusActive},
		},
		"Withdraw": {
			begin: func(w *world, u enduser.User, id string) error {
				_, err := w.Withdraw(t.Context(), u, id, "10.00", noKey())
				return err
			},
			done: outcome{11000, 4000, virtualcard.StatusActive}, failed: outcome{10000, 5000, virtualcard.StatusActive},
		},
		"Freeze": {
			begin: func(w *world, u enduser.User, id string) error { _, err := w.Freeze(t.Context(), u, id); return err },
			done:  outcome{10000, 5000, virtualcard.StatusFrozen}, failed: outcome{10000, 5000, virtualcard.StatusActive},
		},
		"Close": {
			begin: func(w *world, u enduser.User, id string) error {
				_, err := w.Close(t.Context(), u, id)
				return err
			},
			done: outcome{15000, 0, virtualcard.StatusClosed}, failed: outcome{10000, 5000, virtualcard.StatusActive}, moved: 5000,
		},
	} {
		for as, want := range map[string]outcome{virtualcard.AsDone: tc.done, virtualcard.AsFailed: tc.failed} {
			t.Run(name+"/"+as, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				u := w.user(10000)
				c := w.issued(u, 5000)
				w.mute(as == virtualcard.AsDone)
				wantCode(t, tc.begin(w, u, c.ID), "PROVIDER_UNAVAILABLE")
				r := virtualcard.Resolution{ID: w.only("processing").ID, As: as, Reason: "told by phone"}
				if tc.moved > 0 && as == virtualcard.AsDone {
					_, err := w.Resolve(t.Context(), r)
					wantCode(t, err, "invalid_request")
					moved := usd(tc.moved)
					r.Moved = &moved
				}
				if _, err := w.Resolve(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				w.wantClean()
				w.wantWallet(u, want.wallet)
				w.wantCard(u, c.ID, want.status, want.card)
				w.speak()
				w.wantClean()
				w.wantWallet(u, want.wallet)
				_, err := w.Resolve(t.Context(), r)
				wantCode(t, err, "already_ended")
			})
		}
	}
}

// TestPeopleFindTheCardThatWasMade: a card that was made is known by its id at
// the provider, and by no other's.
func TestPeopleFindTheCardThatWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	w.issued(u, 100)
	w.mute(true)
	_, err := w.Create(t.Context(), u, virtualcard.CreateRequest{BINID: `"` + loadedBIN + `"`, Name: `"mine"`, PlanID: "1"}, noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.wantWallet(u, 9000)
	r := virtualcard.Resolution{ID: w.only("processing").ID, As: virtualcard.AsDone, Reason: "seen at the provider"}
	for card, code := range map[string]string{"": "invalid_request", "card 2": "invalid_request", "card-9": "invalid_request", "card-1": "invalid_request"} {
		r.ProviderCard = card
		if _, err := w.Resolve(t.Context(), r); fault.Code(err) != code {
			t.Errorf("%q: %v", card, err)
		}
	}
	r.ProviderCard = "card-2"
	w.provider.onCard(func() error { return virtualcard.ErrUnknown })
	_, err = w.Resolve(t.Context(), r)
	wantCode(t, err, "provider_unavailable")
	w.provider.onCard(nil)
	got, err := w.Resolve(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	w.wantWallet(u, 9000)
	w.wantCard(u, got.CardID, virtualcard.StatusActive, 500)
	w.speak()
	w.wantClean()
}

func TestACardThatWasNotMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	w.mute(false)
	_, err := w.Create(t.Context(), u, virtualcard.CreateRequest{BINID: `"` + loadedBIN + `"`, Name: `"mine"`, PlanID: "1"}, noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	e := w.only("processing")
	if err := w.resolve(e.ID, virtualcard.AsFailed); err != nil {
		t.Fatal(err)
	}
	w.wantWallet(u, 10000)
	if _, err := w.Card(t.Context(), u.ID, e.CardID); fault.Code(err) != "CARD_NOT_FOUND" {
		t.Errorf("the user sees a card that was never made: %v", err)
	}
	w.speak()
	w.wantClean()
}

// TestALateContradictionIsForPeopleAgain: whatever the provider says after people
// have decided, nothing moves twice.
func TestALateContradictionIsForPeopleAgain(t *testing.T) {
	t.Parallel()
	for as, happened := range map[string]bool{virtualcard.AsFailed: true, virtualcard.AsDone: false} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.user(0)
			c := w.issued(u, 5000)
			w.mute(happened)
			_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
			wantCode(t, err, "PROVIDER_UNAVAILABLE")
			id := w.only("processing").ID
			if err := w.resolve(id, as); err != nil {
				t.Fatal(err)
			}
			wallet := map[string]int64{virtualcard.AsFailed: 0, virtualcard.AsDone: 1000}[as]
			w.wantWallet(u, wallet)
			w.speak()
			w.wantWallet(u, wallet)
			w.only("contradicted")
			other := map[string]string{virtualcard.AsFailed: virtualcard.AsDone, virtualcard.AsDone: virtualcard.AsFailed}[as]
			wantCode(t, w.resolve(id, other), "already_ended")
			w.only("contradicted")
			if err := w.resolve(id, as); err != nil {
				t.Fatal(err)
			}
			w.wantClean()
			w.wantWallet(u, wallet)
			// The books and the provider differ, as people were told; put it right.
			w.provider.spend(map[string]int64{virtualcard.AsFailed: -1000, virtualcard.AsDone: 1000}[as])
		})
	}
}

// TestAContradictedOperationIsEnded: what does not fit keeps an operation open
// until people say what is true.
func TestAContradictedOperationIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(0)
	c := w.issued(u, 5000)
	w.mute(true)
	_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	w.provider.onLookup(func(string) (virtualcard.Outcome, error) {
		return virtualcard.Outcome{State: virtualcard.OrderDone, Moved: usd(77), Account: virtualcard.Account{Balance: usd(0)}, At: w.now()}, nil
	})
	w.advance(time.Minute)
	must(w.Recover(t.Context(), 10))
	if err := w.resolve(w.only("contradicted").ID, virtualcard.AsDone); err != nil {
		t.Fatal(err)
	}
	w.wantClean()
	w.wantWallet(u, 1000)
	w.advance(2 * time.Hour)
	must(w.Recover(t.Context(), 10))
	w.wantClean() // it was heard before
}

func TestWhatCannotBeResolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(10000)
	c := w.issued(u, 5000)
	w.provider.behave(nil, func(virtualcard.Kind, string) error {
		var id string
		if err := w.db.QueryRow(t.Context(), `select transaction_id::text from virtual_card_operations where state = 'processing'`).Scan(&id); err != nil {
			t.Error(err)
		}
		wantCode(t, w.resolve(id, virtualcard.AsFailed), "under_way")
		return nil
	})
	done, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range []string{virtualcard.AsDone, virtualcard.AsFailed} {
		wantCode(t, w.resolve(done.TransactionID, as), "already_ended")
	}
	wantCode(t, w.resolve(c.ID, virtualcard.AsDone), "not_found")
	wantCode(t, w.resolve("no id", virtualcard.AsDone), "not_found")
	euros := money.New(100, "EUR")
	for name, r := range map[string]virtualcard.Resolution{
		"As": {As: "lost", Reason: "x"}, "NoReason": {As: virtualcard.AsDone, Reason: " "}, "Euros": {As: virtualcard.AsDone, Reason: "x", Moved: &euros},
		"Card": {As: virtualcard.AsDone, Reason: "x", ProviderCard: "no/id"},
	} {
		r.ID = done.TransactionID
		if _, err := w.Resolve(t.Context(), r); fault.Code(err) != "invalid_request" {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.mute(false)
	_, err = w.TopUp(t.Context(), u, c.ID, "10", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	r := virtualcard.Resolution{ID: w.only("processing").ID, As: virtualcard.AsFailed, Reason: "x", ProviderCard: "card-1"}
	_, err = w.Resolve(t.Context(), r)
	wantCode(t, err, "invalid_request")
	w.speak()
}

// TestTwoPeopleEndWhatTheProviderDoesNot: who asked cannot agree, by no way.
func TestTwoPeopleEndWhatTheProviderDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, boris, olga := w.operator("anna", "admin"), w.operator("boris", "approver"), w.operator("olga", "operator")
	desk := w.desk()
	u := w.user(10000)
	c := w.issued(u, 5000)
	w.mute(true)
	_, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
	wantCode(t, err, "PROVIDER_UNAVAILABLE")
	r := virtualcard.Resolution{ID: w.only("processing").ID, As: virtualcard.AsDone, Reason: "told by phone"}
	asked, err := w.AskToResolve(anna, r)
	if err != nil || asked.Waiting == nil {
		t.Fatalf("%+v, %v", asked, err)
	}
	if again, err := w.AskToResolve(anna, r); err != nil || !again.Replayed || again.Waiting.ID != asked.Waiting.ID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	_, err = w.AskToResolve(boris, r)
	wantCode(t, err, "already_waiting")
	w.wantWallet(u, 8990)
	id := asked.Waiting.ID
	for name, tc := range map[string]struct {
		who  context.Context
		code string
	}{
		"Own": {anna, "own_approval"}, "Operator": {olga, "approver_required"},
		"CommandLine": {audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"}), "approver_required"},
	} {
		if _, err := desk.Approve(tc.who, id, ""); fault.Code(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
	w.only("processing")
	for range 2 { // the second time changes nothing
		if a, err := desk.Approve(boris, id, "I called too"); err != nil || a.State != approval.Approved {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	w.wantClean()
	w.wantWallet(u, 8990)
	w.wantCard(u, c.ID, virtualcard.StatusActive, 6000)
	trail := must(audit.List(t.Context(), w.db, audit.Filter{Subject: "virtual_card", SubjectID: c.ID}))
	var deeds []string
	for _, item := range trail.Items {
		deeds = append(deeds, item.Action+" by "+item.Actor.ID)
	}
	for _, want := range []string{"approval.ask by anna", "virtual-card.resolve by boris", "approval.approve by boris"} {
		found := false
		for _, deed := range deeds {
			found = found || deed == want
		}
		if !found {
			t.Errorf("the trail %v lacks %s", deeds, want)
		}
	}
	w.speak()
	w.wantClean()
}

// TestTheProvidersAnswerVoidsWhatWaits: what two people are about to decide is
// void when the provider speaks.
func TestTheProvidersAnswerVoidsWhatWaits(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]virtualcard.Outcome{
		"Done":         {}, // as it was carried out
		"DoesNotFit":   {State: virtualcard.OrderDone, Moved: usd(1), Account: virtualcard.Account{Balance: usd(0)}},
		"AlsoDeclined": {State: virtualcard.OrderDeclined, Reason: "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			anna, boris := w.operator("anna", "approver"), w.operator("boris", "approver")
			desk := w.desk()
			u := w.user(10000)
			c := w.issued(u, 5000)
			w.mute(true)
			_, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
			wantCode(t, err, "PROVIDER_UNAVAILABLE")
			asked := must(w.AskToResolve(anna, virtualcard.Resolution{ID: w.only("processing").ID, As: virtualcard.AsFailed, Reason: "x"}))
			w.provider.onLookup(func(string) (virtualcard.Outcome, error) { answer.At = w.now(); return answer, nil })
			if name == "Done" {
				w.provider.onLookup(nil)
			}
			w.advance(time.Minute)
			must(w.Recover(t.Context(), 10))
			if a := must(desk.Show(t.Context(), asked.Waiting.ID)); name != "DoesNotFit" && a.State != approval.Void {
				t.Errorf("it is %s before anybody decides", a.State)
			}
			_, err = desk.Approve(boris, asked.Waiting.ID, "")
			wantCode(t, err, "approval_void")
			if a := must(desk.Show(t.Context(), asked.Waiting.ID)); a.State != approval.Void {
				t.Errorf("it is %s", a.State)
			}
			if name == "AlsoDeclined" {
				w.wantWallet(u, 10000)
				w.provider.spend(1000)
			}
			if name == "DoesNotFit" {
				if err := w.resolve(w.only("contradicted").ID, virtualcard.AsDone); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestPeopleRaceTheProvider: of an answer, a hand and a second person one ends the
// operation, and the money moves once.
func TestPeopleRaceTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, boris := w.operator("anna", "approver"), w.operator("boris", "approver")
	desk := w.desk()
	u := w.user(0)
	c := w.issued(u, 1_000_000)
	ended := int64(0)
	for i := range 20 {
		w.mute(true)
		_, err := w.Withdraw(t.Context(), u, c.ID, "10.00", noKey())
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
		id := w.only("processing").ID
		asked := must(w.AskToResolve(anna, virtualcard.Resolution{ID: id, As: virtualcard.AsDone, Reason: "x"}))
		w.provider.onLookup(nil)
		w.provider.behave(nil, nil)
		w.advance(time.Minute)
		racetest.Run(4, func(n int) error {
			switch (n + i) % 4 {
			case 0:
				return w.resolve(id, virtualcard.AsDone)
			case 1:
				_, err := desk.Approve(boris, asked.Waiting.ID, "")
				return err
			default:
				_, err := w.second.Recover(t.Context(), 10)
				return err
			}
		})
		ended += 1000
		w.wantWallet(u, ended)
		w.wantClean()
		if a := must(desk.Show(t.Context(), asked.Waiting.ID)); a.State == approval.Waiting {
			if _, err := desk.Approve(boris, a.ID, ""); !errors.Is(err, approval.ErrChanged) {
				t.Errorf("granted after the end: %v", err)
			}
		}
		w.advance(15 * time.Minute)
	}
	if n := w.credits(u); n != 20 {
		t.Errorf("%d credits", n)
	}
}

// TestExceptionsTellWhatWasAsked: nobody asks again for what waits already, and
// everybody may once its time is over.
func TestExceptionsTellWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, boris := w.operator("anna", "admin"), w.operator("boris", "approver")
	desk := w.desk()
	u := w.user(10000)
	c := w.issued(u, 5000)
	w.mute(true)
	for range 2 {
		_, err := w.TopUp(t.Context(), u, c.ID, "10", noKey())
		wantCode(t, err, "PROVIDER_UNAVAILABLE")
	}
	both := w.exceptions()
	ask := func(id string) string {
		asked := must(w.AskToResolve(anna, virtualcard.Resolution{ID: id, As: virtualcard.AsDone, Reason: "told by phone"}))
		return asked.Waiting.ID
	}
	want := func(approvals ...string) {
		t.Helper()
		var got []string
		for _, e := range w.exceptions() {
			got = append(got, e.ApprovalID)
		}
		if !slices.Equal(got, approvals) {
			t.Errorf("waiting: got %q, want %q", got, approvals)
		}
	}
	want("", "")
	id := ask(both[1].ID)
	want("", id)
	if _, err := desk.Refuse(boris, id, "not so"); err != nil {
		t.Fatal(err)
	}
	want("", "")
	want("", ask(both[1].ID))
	w.advance(approval.Life)
	want("", "")
	want(ask(both[0].ID), "")
	w.speak()
}
