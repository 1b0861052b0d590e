package report_test

import (
	"testing"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/payout"
	"disburse/gateway/report"
	"disburse/ledger"
)

func (w *world) end(id, status string, at time.Time) {
	w.t.Helper()
	w.exec(`update payouts set status = $2, ended_at = $3, ended_by = 'x' where id = $1`, id, status, at)
}

func TestFunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range []struct {
		mode, owner, purpose, currency string
		balance                        int64
	}{
		{"live", "mer_1", "available", "USDT", 70_000_000}, {"live", "mer_1", "held", "USDT", 20_000_000}, {"live", "mer_2", "available", "USDT", 5_000_000},
		{"live", "house", "fees", "USDT", 1_000_000}, {"live", "house", "external", "USDT", -100_000_000}, {"live", "house", "settlement", "USDT", 4_000_000},
		{"live", "user:1", "escrow", "RUB", 100}, {"live", "user:1", "bonus", "RUB", 5}, {"live", "house", "bonuses", "RUB", -5},
		{"live", "house", "external", "RUB", -100}, {"sandbox", "mer_3", "available", "USDT", 0},
	} {
		w.exec(`insert into ledger_accounts (mode, owner, purpose, currency, balance, created_at) values ($1, $2, $3, $4, $5, $6)`,
			a.mode, a.owner, a.purpose, a.currency, a.balance, noon)
	}
	funds, err := w.Funds(t.Context())
	if err != nil || len(funds) != 3 {
		t.Fatalf("got %v, %v, want three lines", funds, err)
	}
	for _, f := range funds {
		sum := f.Available.Minor() + f.Held.Minor() + f.Bonus.Minor() + f.House.Minor() + f.Cards.Minor() + f.PaidOut.Minor()
		if sum != f.PaidIn.Minor() {
			t.Errorf("%s %s: all that is somebody's is %d, and %d was paid in", f.Mode, f.PaidIn.Currency(), sum, f.PaidIn.Minor())
		}
	}
	usdt := funds[1]
	if got := usdt.Available.Fixed(2) + " " + usdt.Held.Fixed(2) + " " + usdt.House.Fixed(2); got != "75.00 20.00 1.00" || usdt.Mode != ledger.Live {
		t.Errorf("USDT: available, held, house %s of %s, want 75.00 20.00 1.00 of live", got, usdt.Mode)
	}
}

func TestWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.payout("po_2old", noon.Add(-50*time.Minute))
	w.payout("po_1soon", noon.Add(-58*time.Minute))
	w.payout("po_taken", noon.Add(-59*time.Minute))
	w.exec(`update payouts set claimed_by = 'operator:a', lease_until = $1 where id = 'po_taken'`, noon.Add(time.Minute))
	w.payout("po_late", noon.Add(-5*time.Hour))
	w.end("po_late", "rejected_timeout", noon.Add(-4*time.Hour))
	w.exec(`update payouts set late_outcome = 'paid' where id = 'po_late'`)
	for id, completed := range map[string]time.Time{
		"po_unapproved": noon.Add(-approval.Life), "po_awaiting": noon.Add(time.Second - approval.Life),
	} {
		w.payout(id, completed)
		w.exec(`update payouts set stage = 'awaiting_approval', completed_by = 'operator:a', completed_at = $2, executor = 'x', sent_at = $2, look_at = $2
			where id = $1`, id, completed)
	}
	w.exec(`insert into rates (currency, value, source, max_age_seconds, set_at) values ('rub', 1, 's', 60, $1), ('rub', 1, 's', 60, $2),
		('eur', 1, 's', 60, $1), ('kzt', 1, 's', 60, $1)`, noon.Add(-time.Hour), noon.Add(-time.Second))
	w.exec(`insert into callback_deliveries (event_id, endpoint, state, attempts, scheduled_at, next_attempt_at, finished_at) values
		('evt_7zzzzzzzzz1', 'e', 'delivered', 1, $1, $1, $1::timestamptz + interval '2 seconds'),
		('evt_7zzzzzzzzz2', 'e', 'delivered', 1, $1, $1, $1::timestamptz + interval '4 seconds'),
		('evt_0', 'e', 'delivered', 1, $1, $1, $1::timestamptz + interval '9 hours'),
		('evt_7zzzzzzzzz3', 'e', 'pending', 1, $1, $1, null)`, noon.Add(-time.Minute))

	work, err := w.Work(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	q := work.Queues[0]
	if q.Topic != report.Payouts || q.Open != 5 || q.Free != 2 || !q.Oldest.Equal(noon.Add(-58*time.Minute)) || !q.IsLate(noon) {
		t.Errorf("payouts: got %+v, want 5 open, 2 free, the oldest of these since 58 minutes, late", q)
	}
	if work.Lost != 2 || work.Expiring != 1 {
		t.Errorf("exceptions %d, expiring %d, want 2 and 1", work.Lost, work.Expiring)
	}
	if len(work.Stale) != 2 || work.Stale[0].Currency != "eur" || work.Stale[1].Currency != "kzt" {
		t.Errorf("stale rates %v, want eur and kzt", work.Stale)
	}
	d := work.Delivery
	if d.Newest != 3 || d.Delivered != 2 || d.Lag != 3*time.Second || d.Due != 1 {
		t.Errorf("callbacks: got %+v, want 2 of 3 delivered, 3 s late, and one due", d)
	}
}

func TestCourse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clock := noon.Add(30 * time.Minute)
	w.now = func() time.Time { return clock }
	ended := func(id, status string, at time.Time, took time.Duration) {
		w.payout(id, at.Add(-took))
		w.end(id, status, at)
	}
	ended("po_1", "successful", noon.Add(-90*time.Minute), time.Minute)
	ended("po_2", "successful", noon.Add(-91*time.Minute), 3*time.Minute)
	ended("po_3", "rejected_gate", noon.Add(-92*time.Minute), time.Minute)
	ended("po_4", "successful", noon.Add(10*time.Minute), time.Minute)
	ended("po_5", "successful", noon.Add(-25*time.Hour), time.Minute)
	course := func() report.Course {
		t.Helper()
		c, err := w.Course(t.Context(), ledger.Live, report.SpanNamed("24h"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := course()
	if len(c.Steps) != 24 || !c.Steps[23].From.Equal(noon) || !c.Steps[0].From.Equal(noon.Add(-23*time.Hour)) {
		t.Fatalf("got %d steps to %v, want 24 to noon", len(c.Steps), c.Steps[len(c.Steps)-1].From)
	}
	past := c.Steps[21]
	if past.Ended[payout.Successful] != 2 || past.Ended[payout.RejectedGate] != 1 || past.ToPay != 2*time.Minute || past.All() != 3 {
		t.Errorf("at ten: got %+v, want two paid within two minutes and one rejected", past)
	}
	if sum := c.Ended(); sum[payout.Successful] != 3 {
		t.Errorf("the whole day: got %v, want three paid", sum)
	}

	// The present hour is read anew, and what is over is not.
	ended("po_6", "successful", clock, time.Minute)
	ended("po_7", "successful", noon.Add(-93*time.Minute), time.Minute)
	clock = clock.Add(time.Minute)
	c = course()
	if now, before := c.Steps[23].Ended[payout.Successful], c.Steps[21].Ended[payout.Successful]; now != 2 || before != 2 {
		t.Errorf("a minute later: %d now and %d at ten, want 2 and, as it was, 2", now, before)
	}
	clock = clock.Add(time.Hour)
	if c = course(); c.Steps[22].Ended[payout.Successful] != 2 || len(c.Steps) != 24 {
		t.Errorf("an hour later: got %+v, want what ended at noon one step further back", c.Steps[22])
	}
}

func TestToPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clock := noon.Add(30 * time.Minute)
	w.now = func() time.Time { return clock }
	toPay := func(span string) report.ToPay {
		t.Helper()
		got, err := w.ToPay(t.Context(), ledger.Live, report.SpanNamed(span))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := toPay("24h"); got != (report.ToPay{}) {
		t.Errorf("of none: %+v", got)
	}
	clock = clock.Add(time.Minute)
	// Nine quick ones in an hour of their own, and eleven slow ones in another: the
	// median of the hours' medians would be that of the slow ones, 14 minutes.
	for i := range 20 {
		at, took := noon.Add(-3*time.Hour+time.Duration(i)*time.Second), time.Minute
		if i >= 9 {
			at, took = noon.Add(-time.Hour), time.Duration(i)*time.Minute
		}
		id := "po_" + string(rune('a'+i))
		w.payout(id, at.Add(-took))
		w.end(id, "successful", at)
	}
	w.payout("po_no", noon.Add(-2*time.Hour))
	w.end("po_no", "rejected_gate", noon.Add(-time.Hour))
	w.payout("po_old", noon.Add(-80*time.Hour))
	w.end("po_old", "successful", noon.Add(-26*time.Hour))
	if got, want := toPay("24h"), (report.ToPay{Of: 20, Half: 9 * time.Minute, Most: 17 * time.Minute}); got != want || got.Newest() {
		t.Errorf("of a day: %+v, want %+v", got, want)
	}
	if got, want := toPay("7d"), (report.ToPay{Of: 21, Half: 10 * time.Minute, Most: 18 * time.Minute}); got != want {
		t.Errorf("of a week: %+v, want %+v", got, want)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := payout.IDPrefix + "_01h00000000000000000000000"
	w.exec(somePayout, id, noon, noon.Add(time.Hour), "Ivanov %_ A")
	w.exec(`update payouts set order_id = 'shop-77', last_four = '5544' where id = $1`, id)
	w.payout("po_other", noon)
	w.exec(`insert into users (name, nickname, signup_bonus, cashback_bonus, deposited, withdrawn, withdrawing, turnover, wagering_required, created_at)
		values ('Petrov', 'fox', false, false, 0, 0, 0, 0, 0, $1)`, noon)
	var user string
	if err := w.db.QueryRow(t.Context(), `select id::text from users`).Scan(&user); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		kind report.Kind
		id   string
		why  string
	}{
		{id, report.OfPayout, id, "id"},
		{"shop-", report.OfPayout, id, "order_id"},
		{"5544", report.OfPayout, id, "last_four"},
		{"4276 3454 3958 5544", report.OfPayout, id, "last_four"},
		{"**** 5544", report.OfPayout, id, "last_four"},
		{"Ivanov %_", report.OfPayout, id, "customer"},
		{"petr", report.OfUser, user, "name"},
		{"FOX", report.OfUser, user, "name"},
		{user, report.OfUser, user, "id"},
	} {
		found, err := w.Search(t.Context(), c.text)
		if err != nil || len(found.Hits) != 1 || found.Hits[0].Kind != c.kind || found.Hits[0].ID != c.id || found.Hits[0].Why != c.why {
			t.Errorf("%q: got %+v, %v, want %s %s by its %s", c.text, found.Hits, err, c.kind, c.id, c.why)
		}
		if len(found.Text) > 12 && c.why == "last_four" {
			t.Errorf("%q: the whole number is shown again: %q", c.text, found.Text)
		}
	}
	for _, none := range []string{"", " ", "Ivanov 1", "hop-77", "\xff", "a\x00b", "99999999999999999999", "00000000-0000-0000-0000-000000000000",
		"%", "_", "' or true --"} {
		if found, err := w.Search(t.Context(), none); err != nil || len(found.Hits) != 0 {
			t.Errorf("%q: got %+v, %v, want nothing", none, found.Hits, err)
		}
	}
	for i := range report.HitsAtMost + 5 {
		w.payout("many-"+string(rune('a'+i)), noon)
	}
	found, err := w.Search(t.Context(), "many-")
	if err != nil || len(found.Hits) != report.HitsAtMost || !found.More {
		t.Errorf("many: got %d hits, more %v, %v, want %d and more", len(found.Hits), found.More, err, report.HitsAtMost)
	}
}
