package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/ledger"
)

// dead makes callbacks that the merchant never took.
const dead = `update callback_deliveries set state = 'dead', dead_reason = 'exhausted', finished_at = now(), attempts = 1, failures = 1, last_status = 500`

const attempted = `insert into callback_attempts (event_id, number, started_at, duration_us, outcome, status, error, response)
select event_id, 1, now(), 1500, 'refused', 500, '', 'out of "order"' from callback_deliveries`

// deadCallbacks ends n payouts of a merchant whose callbacks then die.
func (s *site) deadCallbacks(name string, n int) {
	s.t.Helper()
	for i := range n {
		p := s.payout(name, name+string(rune('a'+i)))
		s.ok("payout", "reject", p.ID, "--reason", "test")
	}
	for _, sql := range []string{dead, attempted} {
		if _, err := s.pool.Exec(s.t.Context(), sql); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("callback", "list"), "No callback matches")
	s.merchant("acme", ledger.Live)
	s.merchant("other", ledger.Live)
	s.deadCallbacks("acme", 3)
	p := s.payout("other", "fresh")
	s.ok("payout", "complete", p.ID)

	if items := s.items("callback", "list"); len(items) != 4 || items[0]["order_id"] != "fresh" || items[0]["state"] != "pending" {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("callback", "list", "--merchant", "acme"), "acmea", "dead", "500", "payout.rejected_gate")
	one := s.items("callback", "list", "--state", "dead", "--order-id", "acmea")
	if len(one) != 1 {
		t.Fatalf("got %v", one)
	}
	id := text(t, one[0], "id")
	says(t, s.ok("callback", "show", id), "https://shop.example.com/error", "exhausted", "refused", "500", `"out of \"order\""`)
	shown := s.object("callback", "show", id)
	if attempts, _ := shown["attempts"].([]any); len(attempts) != 1 || shown["last_status"] != 500.0 || shown["dead_reason"] != "exhausted" {
		t.Errorf("got %v", shown)
	}

	says(t, s.ok("callback", "resend", id, "--dry-run"), "would be sent again", "Nothing was done")
	wantStates(t, s, map[callbacks.State]int{callbacks.Dead: 3, callbacks.Pending: 1})
	says(t, s.ok("callback", "resend", id), "will be sent again to https://shop.example.com/error")
	wantStates(t, s, map[callbacks.State]int{callbacks.Dead: 2, callbacks.Pending: 2})

	says(t, s.ok("callback", "resend", "--state", "dead", "--merchant", "acme", "--limit", "1", "--dry-run"), "1 of 2 that match would be sent again")
	wantStates(t, s, map[callbacks.State]int{callbacks.Dead: 2, callbacks.Pending: 2})
	says(t, s.ok("callback", "resend", "--state", "dead", "--merchant", "other"), "No callback matches")
	says(t, s.ok("callback", "resend", "--state", "dead", "--merchant", "acme", "--limit", "1"), "1 of 2 that match will be sent again")
	if diff := cmp.Diff(map[string]any{"matched": 1.0, "resent": 1.0, "dry_run": false}, s.object("callback", "resend", "--state", "dead")); diff != "" {
		t.Error(diff)
	}
	wantStates(t, s, map[callbacks.State]int{callbacks.Dead: 0, callbacks.Pending: 4})

	s.fails(2, "give an id, or a filter with --state", "callback", "resend")
	s.fails(2, "give an id, or a filter with --state", "callback", "resend", "--merchant", "acme")
	s.fails(2, "not both", "callback", "resend", id, "--state", "dead")
	s.fails(2, "--state must be", "callback", "list", "--state", "lost")
	s.fails(1, "callback not found", "callback", "resend", "evt_1")
	s.fails(1, "callback not found", "callback", "show", "evt_1")
	s.fails(1, "merchant not found", "callback", "resend", "--state", "dead", "--merchant", "nobody")
	if one, many := s.trail("callback.resend"), s.trail("callback.resend_many"); one != 1 || many != 2 {
		t.Errorf("%d and %d audit records, want 1 and 2", one, many)
	}
	page, err := audit.List(t.Context(), s.pool, audit.Filter{Action: "callback.resend", SubjectID: id})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("audit of %s: %v, %v", id, page.Items, err)
	}
}

func wantStates(t *testing.T, s *site, want map[callbacks.State]int) {
	t.Helper()
	for state, n := range want {
		if items := s.items("callback", "list", "--state", string(state)); len(items) != n {
			t.Errorf("%d callbacks are %s, want %d", len(items), state, n)
		}
	}
}
