package report_test

import (
	"slices"
	"testing"
	"time"

	"disburse/gateway/report"
)

func (w *world) ofMerchants(merchants ...string) map[string]map[string]string {
	w.t.Helper()
	versions, err := w.MerchantPulse(w.t.Context(), merchants)
	if err != nil {
		w.t.Fatal(err)
	}
	return versions
}

func (w *world) callback(id, merchant, about string) {
	w.t.Helper()
	w.exec(`insert into callback_events (id, merchant_id, subject, order_id, kind, url, body_key, body_box, created_at)
		values ($1, $2, $3, 'o', 'k', 'https://x', 'k', 'x', $4)`, id, merchant, about, noon)
	w.exec(`insert into callback_deliveries (event_id, endpoint, scheduled_at, next_attempt_at) values ($1, 'e', $2, $2)`, id, noon)
}

func TestMerchantPulse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, merchant := range map[string]string{"po_1": "mrc_1", "po_2": "mrc_1", "po_3": "mrc_2"} {
		w.payout(id, noon.Add(-time.Minute))
		w.exec(`update payouts set merchant_id = $2 where id = $1`, id, merchant)
	}
	w.callback("evt_1", "mrc_1", "po_1")
	w.callback("evt_2", "mrc_2", "po_3")

	first := w.ofMerchants("mrc_1", "mrc_2", "mrc_none")
	if len(first) != 3 || first["mrc_1"]["payouts"][:2] != "2/" || first["mrc_2"]["payouts"][:2] != "1/" || first["mrc_none"]["payouts"] != "0/" ||
		first["mrc_none"]["callbacks"] != "0/0" {
		t.Fatalf("%v", first)
	}
	if alone := w.ofMerchants("mrc_1"); len(alone) != 1 {
		t.Errorf("asked about one, told about %v", alone)
	}
	nothing := []report.Topic{}
	for _, step := range []struct {
		name    string
		sql     string
		changes []report.Topic // of mrc_1
		others  []report.Topic // of mrc_2
	}{
		{"its payout is claimed", `insert into payout_events (payout_id, at, kind, actor, note) values ('po_1', now(), 'claimed', 'a', '')`, nothing, nothing},
		{"the claim is held", `update payouts set claimed_by = 'a', lease_until = now() where id = 'po_1'`, nothing, nothing},
		{"it ends", `update payouts set claimed_by = null, lease_until = null, status = 'successful', ended_at = expires_at, ended_by = 'x' where id = 'po_1'`,
			[]report.Topic{report.Payouts}, nothing},
		{"another's ends", `update payouts set status = 'successful', ended_at = expires_at, ended_by = 'x' where id = 'po_3'`,
			nothing, []report.Topic{report.Payouts}},
		{"another's is made", `insert into payouts select (jsonb_populate_record(p, '{"id": "po_9", "order_id": "po_9"}')).* from payouts p where id = 'po_3'`,
			nothing, []report.Topic{report.Payouts}},
		{"its callback is tried", `update callback_deliveries set attempts = 1, failures = 1 where event_id = 'evt_1'`, []report.Topic{report.Callbacks}, nothing},
		{"another's is dead", `update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now() where event_id = 'evt_2'`,
			nothing, []report.Topic{report.Callbacks}},
	} {
		before := w.ofMerchants("mrc_1", "mrc_2")
		w.exec(step.sql)
		after := w.ofMerchants("mrc_1", "mrc_2")
		for merchant, changes := range map[string][]report.Topic{"mrc_1": step.changes, "mrc_2": step.others} {
			for _, topic := range []report.Topic{report.Payouts, report.Callbacks} {
				changed := before[merchant][string(topic)] != after[merchant][string(topic)]
				if want := slices.Contains(changes, topic); changed != want {
					t.Errorf("%s: %s of %s changed: %v, want %v (%v to %v)", step.name, topic, merchant, changed, want, before[merchant], after[merchant])
				}
			}
		}
	}
}
