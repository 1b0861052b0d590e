package payout_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/approval"
	"disburse/gateway/fault"
	"disburse/gateway/payout"
)

// TestExceptionsWaitInLine reads exceptions of every kind in pages: the one first
// that has waited longest, whenever its payout was made.
func TestExceptionsWaitInLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock.Now()
	since := func(d time.Duration) time.Time { return now.Add(-d) }
	made := make([]payout.Payout, 5)
	for i := range made {
		made[i] = w.create(w.live, request(orderID(i)))
		w.clock.advance(time.Second)
	}
	set := func(p payout.Payout, columns string, args ...any) {
		t.Helper()
		if _, err := w.db.Exec(t.Context(), `update payouts set `+columns+` where id = $1`, append([]any{p.ID}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	anna := w.operator("anna", "operator")
	w.claim(anna, made[2].ID)
	if _, err := w.Reject(anna, made[2].ID, "no"); err != nil {
		t.Fatal(err)
	}
	long := since(100 * time.Hour)
	set(made[0], `executor = 'bank', stage = 'unknown', created_at = $3, sent_at = $2, look_at = $2`, since(time.Hour), long)
	set(made[1], `executor = 'bank', stage = 'sent', created_at = $3, sent_at = $3, look_at = $3, expires_at = $2`, since(3*time.Hour), long)
	set(made[2], `created_at = $3, ended_at = $2, late_outcome = 'paid'`, since(2*time.Hour), long)
	set(made[3], `stage = 'awaiting_approval', created_at = $3, completed_at = $2, completed_by = 'operator:anna'`, since(approval.Life+time.Hour), long)

	var got []string
	f := payout.Filter{Exceptions: true, Limit: 1}
	for range len(made) {
		page := must(w.List(t.Context(), f))
		for _, p := range page.Items {
			kind, _ := p.Exception(w.clock.Now())
			got = append(got, kind)
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"unapproved", "stuck", "late_paid", "unknown"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestExceptionsAreReadOnFromWhereTheyWere works off what a page showed before it
// asks for the next one: since when that waits is another moment then.
func TestExceptionsAreReadOnFromWhereTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule("1000.00")
	anna := w.operator("anna", "operator")
	made := make([]payout.Payout, 4)
	for i := range made {
		made[i] = w.create(w.live, request(orderID(i)))
		_, err := w.db.Exec(t.Context(), `update payouts set executor = 'bank', stage = 'unknown', sent_at = $2, look_at = $2 where id = $1`,
			made[i].ID, w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		w.clock.advance(time.Second)
	}
	var got []string
	f := payout.Filter{Exceptions: true, Limit: 1}
	for range len(made) {
		page := must(w.List(t.Context(), f))
		for _, p := range page.Items {
			got = append(got, p.OrderID)
			w.claim(anna, p.ID)
			if after, err := w.Complete(anna, p.ID, payout.Completion{}); err != nil || after.Stage != payout.StageAwaiting {
				t.Fatalf("%+v, %v", after, err)
			}
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{orderID(0), orderID(1), orderID(2), orderID(3)}, got); diff != "" {
		t.Error(diff)
	}
	for _, cursor := range []string{made[0].ID, "!." + made[0].ID, "-1." + made[0].ID, "1.x", ".", "zzzzzzzzzzzzzzz." + made[0].ID} {
		if _, err := w.List(t.Context(), payout.Filter{Exceptions: true, Cursor: cursor}); fault.Code(err) != "invalid_request" {
			t.Errorf("the cursor %q: %v", cursor, err)
		}
	}
}
