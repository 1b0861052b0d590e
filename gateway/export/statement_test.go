package export_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/export"
	"disburse/ledger"
)

func (w *world) statement(from, to time.Time) export.Statement {
	w.t.Helper()
	st, err := w.export.Statement(w.t.Context(), w.account(w.demo), from, to)
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

const day = 24 * time.Hour

func TestStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.complete(w.create(w.demo, request("paid", "1500.00"))) // 15.4443 and 0.1545
	w.advance(day)
	w.create(w.demo, request("open", "1500.00"))
	w.advance(2 * day)
	if n, err := w.payouts.Expire(t.Context(), 10); n != 1 || err != nil {
		t.Fatal(n, err)
	}

	st := w.statement(start, start.Add(3*day))
	type line struct {
		flow, part, available, held string
		n                           int64
	}
	want := [][]line{
		{{"merchant_top_up", "external", "1000.000000", "0.000000", 1}, {"payout_hold", "", "-15.598800", "15.598800", 1},
			{"payout_settle", "fees", "0.000000", "-0.154500", 1}, {"payout_settle", "settlement", "0.000000", "-15.444300", 1}},
		{{"payout_hold", "", "-15.598800", "15.598800", 1}},
		{},
		{{"payout_release", "", "15.598800", "-15.598800", 1}},
	}
	if len(st.Days) != len(want) {
		t.Fatalf("%d days, want %d", len(st.Days), len(want))
	}
	for i, d := range st.Days {
		got := []line{}
		for _, l := range d.Lines {
			got = append(got, line{l.Flow, l.Part, l.Moved.Available.String(), l.Moved.Held.String(), l.Transfers})
		}
		if fmt.Sprint(got) != fmt.Sprint(want[i]) {
			t.Errorf("day %d: got %v, want %v", i, got, want[i])
		}
		if d.Date != start.Truncate(day).Add(time.Duration(i)*day) || d.Complete != (i < 3) {
			t.Errorf("day %d is %s, complete %v", i, d.Date, d.Complete)
		}
	}
	if got := st.Days[1].Closing.Held.String(); got != "15.598800" {
		t.Errorf("held after the second day: %s", got)
	}
	if got := st.Sum.Closing.Total().String(); got != "984.401200" || st.Sum.Opening.Total().String() != "0.000000" {
		t.Errorf("from %s to %s", st.Sum.Opening.Total(), got)
	}
	for _, bad := range [][2]time.Time{{start, start.Add(-day)}, {start, start.Add(92 * day)}} {
		_, err := w.export.Statement(t.Context(), w.account(w.demo), bad[0], bad[1])
		_ = wantFault(t, err, "invalid_request")
	}
}

// Whatever happens, every day opens with what the day before closed with, adds
// up, and the last closes with what the books have; so does its file.
func TestStatementTiesToTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.merchant("other", "500")
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that repeats
	for i := range 60 {
		switch random.IntN(6) {
		case 0:
			must(w.merchants.TopUp(t.Context(), "demo", usdt(fmt.Sprintf("%d.25", 1+random.IntN(50))), fmt.Sprint(i)))
		case 1:
			w.create(w.demo, request(fmt.Sprint("open-", i), "321.00"))
		case 2:
			w.reject(w.create(w.demo, request(fmt.Sprint("refused-", i), "432.10")), "no")
		case 3:
			w.complete(w.create(other, request(fmt.Sprint("other-", i), "101.00")))
		default:
			w.complete(w.create(w.demo, request(fmt.Sprint("paid-", i), fmt.Sprintf("%d.%02d", 100+random.IntN(900), random.IntN(100)))))
		}
		w.advance(time.Duration(random.IntN(5)) * time.Hour)
	}
	st := w.statement(start.Add(-day), w.now())
	for i, d := range st.Days[1:] {
		if d.Opening != st.Days[i].Closing {
			t.Errorf("%s opens with %v, the day before closed with %v", d.Date, d.Opening, st.Days[i].Closing)
		}
	}
	available, held := w.balance(ledger.MerchantAvailable(ledger.Live, w.demo.ID)), w.balance(ledger.MerchantHeld(ledger.Live, w.demo.ID))
	if got := st.Sum.Closing; got.Available.String() != available || got.Held.String() != held {
		t.Errorf("closes with %v, the books have %s and %s", got, available, held)
	}
	if !st.Days[0].Opening.Total().IsZero() || len(st.Days[0].Lines) > 0 {
		t.Errorf("before the first transfer: %v", st.Days[0])
	}

	file, err := st.File(export.CSV)
	if err != nil {
		t.Fatal(err)
	}
	list := rows(t, w.read(file))
	total := decimal.Zero
	for _, row := range list {
		if row["entry"] != "opening" && row["entry"] != "closing" {
			total = total.Add(decimal.RequireFromString(row["total"]))
		}
	}
	if books := decimal.RequireFromString(available).Add(decimal.RequireFromString(held)); !total.Equal(books) {
		t.Errorf("the file's movements make %s, the books have %s", total, books)
	}

	// The transfers of a day, exported, are those of its statement.
	for _, d := range st.Days {
		moved := w.csv(export.Transfers, export.Filter{MerchantID: w.demo.ID, From: d.Date, To: d.Date.Add(day)})
		var lines int64
		for _, l := range d.Lines {
			lines += l.Transfers
		}
		if int64(len(moved)) != lines {
			t.Errorf("%s: %d transfers exported, %d in the statement", d.Date, len(moved), lines)
		}
	}
}

// A transfer of midnight is of the day that begins.
func TestStatementCutsAtMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Store(start.Truncate(day).Add(day - time.Microsecond).UnixMicro())
	must(w.merchants.TopUp(t.Context(), "demo", usdt("1"), "last"))
	w.advance(time.Microsecond)
	must(w.merchants.TopUp(t.Context(), "demo", usdt("2"), "first"))
	st := w.statement(start, start.Add(day))
	for i, want := range []string{"1001.000000", "1003.000000"} {
		if got := st.Days[i].Closing.Available.String(); got != want {
			t.Errorf("day %d closes with %s, want %s", i, got, want)
		}
	}
}
