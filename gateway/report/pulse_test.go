package report_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/callbacks"
	"disburse/gateway/report"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

type world struct {
	t  *testing.T
	db *pgxpool.Pool
	*report.Reader
	now func() time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), now: func() time.Time { return noon }}
	clock := func() time.Time { return w.now() }
	var err error
	if w.Reader, err = report.New(report.Deps{DB: w.db, Callbacks: callbacks.Journal{DB: w.db, Now: clock}, Now: clock}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) pulse() map[string]string {
	w.t.Helper()
	versions, err := w.Pulse(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return versions
}

// calm calls until sequences are forgotten.
func (w *world) calm() map[string]string {
	w.t.Helper()
	for range 3 {
		w.pulse()
	}
	return w.pulse()
}

const somePayout = `
insert into payouts (id, merchant_id, order_id, mode, currency, method, fiat_minor, rate, usdt_minor, fee_minor, last_four, requisite_key,
    requisite_box, fingerprint, bank_name, bik, full_name, customer, description, success_url, error_url, created_at, expires_at, status, stage)
values ($1, 'mrc_1', $1, 'live', 'rub', 'card', 150000, 971234, 15598900, 0, '1234', 'k', 'x', decode(repeat('00', 32), 'hex'), '', '', '', $4, '', '', '',
    $2, $3, 'expectation', 'waiting')`

func (w *world) payout(id string, created time.Time) {
	w.t.Helper()
	w.exec(somePayout, id, created, created.Add(time.Hour), "")
}

func TestPulse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.payout("po_1", noon.Add(-time.Minute))
	w.exec(`insert into card_orders (user_id, type, status, amount, card_mask, bank_name, holder_name, created_at, updated_at)
		values (7, 'deposit', 'pending', 100, '', '', '', $1, $1)`, noon)
	w.exec(`insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by,
			paid_at, dispute_at, disputed_at, operator_called, buyer_cancels, seller_cancels, ad_type, status, fiat_currency, payment_method)
		values (1, 7, 8, 100, 100, 100, $1, $1, $1, $1, $1, $1, true, false, false, 'sell', 'disputed', 'rub', 'card')`, noon)
	w.exec(`insert into callback_events (id, merchant_id, subject, order_id, kind, url, body_key, body_box, created_at)
		values ('evt_1', 'mrc_1', 'po_1', 'o', 'k', 'https://x', 'k', 'x', $1)`, noon)
	w.exec(`insert into callback_deliveries (event_id, endpoint, scheduled_at, next_attempt_at) values ('evt_1', 'e', $1, $1)`, noon)
	w.exec(`insert into approvals (id, kind, subject, reference, what, reason, state, requested_by, requested_name, requested_at, expires_at, note)
		values ('apr_1', 'payout', 'po_9', '', '{}', '', 'waiting', 'operator:a', 'a', $1, $2, '')`, noon, noon.Add(time.Hour))

	before := w.calm()
	if got, want := slices.Sorted(maps.Keys(before)), len(report.Topics()); len(got) != want {
		t.Fatalf("topics %v, want %d", got, want)
	}
	for topic, want := range map[report.Topic]string{
		report.Payouts: "1", report.CardOrders: "1", report.Disputes: "1", report.Approvals: "1", report.Exceptions: "0", report.Callbacks: "0",
	} {
		if count, _, _ := strings.Cut(before[string(topic)], "/"); count != want {
			t.Errorf("%s counts %s, want %s", topic, count, want)
		}
	}
	if again := w.pulse(); !maps.Equal(again, before) {
		t.Errorf("nothing happened, and versions changed from %v to %v", before, again)
	}

	for _, step := range []struct {
		name    string
		sql     string
		changes []report.Topic
	}{
		{"a payout is claimed", `insert into payout_events (payout_id, at, kind, actor, note) values ('po_1', now(), 'claimed', 'a', '')`,
			[]report.Topic{report.Payouts}},
		{"its execution is lost", `update payouts set stage = 'unknown', executor = 'x', sent_at = created_at, look_at = created_at`,
			[]report.Topic{report.Exceptions}},
		{"it awaits approval", `update payouts set stage = 'awaiting_approval', completed_by = 'operator:a', completed_at = created_at`,
			[]report.Topic{report.Exceptions}},
		{"nobody approved it in time", `update payouts set completed_at = created_at - interval '72 hours'`, []report.Topic{report.Exceptions}},
		{"it is as lost as before", `update payouts set stage = 'unknown', completed_by = null, completed_at = null`, []report.Topic{report.Exceptions}},
		{"it ends", `update payouts set status = 'successful', ended_at = expires_at, ended_by = 'x'`, []report.Topic{report.Payouts, report.Exceptions}},
		{"a card order is claimed", `update card_orders set claimed_by = 'operator:a', lease_until = now()`, []report.Topic{report.CardOrders}},
		{"its claim is renewed", `update card_orders set lease_until = now() + interval '1 hour'`, []report.Topic{report.CardOrders}},
		{"it is paid", `update card_orders set status = 'paid_by_user', updated_at = now()`, []report.Topic{report.CardOrders}},
		{"a dispute is claimed", `update p2p_orders set claimed_by = 'operator:a', lease_until = now()`, []report.Topic{report.Disputes}},
		{"a message comes", `insert into chat_messages (subject, order_id, author, text_key, text_box, created_at) values ('p2p', 1, 'a', 'k', 'x', now())`,
			[]report.Topic{report.Disputes, report.CardOrders}},
		{"an approval is given", `update approvals set state = 'approved', decided_by = 'operator:b', decided_name = 'b', decided_at = now()`,
			[]report.Topic{report.Approvals}},
		{"a callback was tried", `update callback_deliveries set attempts = 1, failures = 1`, []report.Topic{report.Callbacks}},
		{"it is dead", `update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now()`, []report.Topic{report.Callbacks}},
	} {
		before := w.calm()
		w.exec(step.sql)
		after := w.pulse()
		for _, topic := range report.Topics() {
			changed := before[string(topic)] != after[string(topic)]
			if want := slices.Contains(step.changes, topic); changed != want {
				t.Errorf("%s: %s changed: %v, want %v (%s to %s)", step.name, topic, changed, want, before[string(topic)], after[string(topic)])
			}
		}
	}
}

// What took a number from a sequence is seen although it commits after the
// version that the number changed was given out.
func TestPulseSeesWhatCommitsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.payout("po_1", noon)
	w.calm()
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // it was committed
	if _, err := tx.Exec(t.Context(), `insert into payout_events (payout_id, at, kind, actor, note) values ('po_1', now(), 'released', 'a', '')`); err != nil {
		t.Fatal(err)
	}
	early := w.pulse()
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if late := w.pulse(); late["payouts"] == early["payouts"] {
		t.Errorf("the version stayed %s when the event was committed", early["payouts"])
	}
}
