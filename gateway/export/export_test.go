package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"disburse/gateway/audit"
	"disburse/gateway/export"
	"disburse/ledger"
	"disburse/ledger/money"
)

// xlsx opens a workbook as a spreadsheet program does; numbers are as they are
// kept.
func xlsx(t testing.TB, content []byte) (*excelize.File, table) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	records, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return f, named(records)
}

// day makes payouts of every end, and returns how many.
func (w *world) day() int {
	w.t.Helper()
	prefix := w.now().Format(time.DateOnly)
	for i := range 3 {
		w.complete(w.create(w.demo, request(fmt.Sprintf("%s-paid-%d", prefix, i), fmt.Sprintf("%d50.37", 10+i))))
	}
	w.reject(w.create(w.demo, request(prefix+"-refused", "777.00")), "no such card")
	w.create(w.demo, request(prefix+"-open", "1234.56"))
	return 5
}

func TestPayoutsTieToTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.day()
	other := w.merchant("other", "100")
	w.complete(w.create(other, request("x", "500.00")))

	_, sheet := xlsx(t, w.read(w.open(export.Payouts, export.XLSX, export.Filter{})))
	for format, list := range map[string]table{"csv": w.csv(export.Payouts, export.Filter{}), "xlsx": sheet} {
		if len(list) != want+1 {
			t.Fatalf("%s: %d rows, want %d", format, len(list), want+1)
		}
		for _, tie := range []struct {
			column, status string
			account        ledger.Account
		}{
			{"usdt_amount", "successful", ledger.Account{Mode: ledger.Live, Owner: ledger.House, Purpose: ledger.PurposeSettlement, Currency: money.USDT}},
			{"fee_usdt", "successful", ledger.Account{Mode: ledger.Live, Owner: ledger.House, Purpose: ledger.PurposeFees, Currency: money.USDT}},
			{"merchant_spent_usdt", "expectation", ledger.MerchantHeld(ledger.Live, w.demo.ID)},
		} {
			got, books := list.sum(tie.column, "status", tie.status), decimal.RequireFromString(w.balance(tie.account))
			if !got.Equal(books) || got.IsZero() {
				t.Errorf("%s: %s of what is %s is %s, the books have %s", format, tie.column, tie.status, got, books)
			}
		}
	}
	if list := w.csv(export.Payouts, export.Filter{MerchantID: other.ID}); len(list) != 1 || list[0]["merchant"] != "other" {
		t.Errorf("payouts of one merchant: %v", list)
	}
}

func TestTransfersTieToTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.day()
	list := w.csv(export.Transfers, export.Filter{MerchantID: w.demo.ID})
	for _, purpose := range []string{"available", "held"} {
		in := list.sum("amount", "to_purpose", purpose)
		out := list.sum("amount", "from_purpose", purpose)
		books := w.balance(ledger.Account{Mode: ledger.Live, Owner: w.demo.ID, Purpose: purpose, Currency: money.USDT})
		if got := in.Sub(out); !got.Equal(decimal.RequireFromString(books)) {
			t.Errorf("%s: %s came and %s went, the books have %s", purpose, in, out, books)
		}
	}
}

func TestNoNumbersAndNoFormulas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := request(`=cmd|' /C calc'!A0`, "500.00")
	req.Customer, req.OrderDescription = "+7 (912) 345-67-89", "card 4276 3454 3958 1234, thanks"
	w.reject(w.create(w.demo, req), "tried 4276-3454-3958-1234 twice")
	w.advance(time.Second)
	bad := request("@SUM(1+9)", "500.00")
	bad.FullName = "-2+3"
	w.create(w.demo, bad)

	content := w.read(w.open(export.Payouts, export.CSV, export.Filter{}))
	sheet, cells := xlsx(t, w.read(w.open(export.Payouts, export.XLSX, export.Filter{})))
	for format, list := range map[string]table{"csv": rows(t, content), "xlsx": cells} {
		for column, want := range map[string]string{
			"order_id": `'=cmd|' /C calc'!A0`, "requisite": "****1234", "customer": "+****6789", "order_description": "card ****1234, thanks",
			"reason": "tried ****1234 twice",
		} {
			if column == "customer" {
				want = "'" + want
			}
			if got := list[0][column]; got != want {
				t.Errorf("%s: %s is %q, want %q", format, column, got, want)
			}
		}
		if got := list[1]["full_name"]; got != "'-2+3" {
			t.Errorf("%s: full_name is %q", format, got)
		}
	}
	formula, err := sheet.GetCellFormula("Sheet1", "B2")
	if err != nil || formula != "" {
		t.Errorf("a formula: %q, %v", formula, err)
	}
	kind, err := sheet.GetCellType("Sheet1", "I2")
	if err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
		t.Errorf("the amount is no number: %v, %v", kind, err)
	}
	if shown, err := sheet.GetCellValue("Sheet1", "W2"); err != nil || shown != "2026-03-04 12:00:00" {
		t.Errorf("created_at shows as %q, %v", shown, err)
	}
	if bytes.Contains(content, []byte("token=abc")) {
		t.Error("the query of an address is in the file")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(w.demo, request("first", "500.00"))
	w.advance(24 * time.Hour)
	second := w.create(w.demo, request("second", "500.00"))
	w.complete(second)
	for name, tc := range map[string]struct {
		f    export.Filter
		want []string
	}{
		"All":    {export.Filter{}, []string{first.ID, second.ID}},
		"Status": {export.Filter{Status: "successful"}, []string{second.ID}},
		"From":   {export.Filter{From: start.Add(time.Second)}, []string{second.ID}},
		"To":     {export.Filter{To: start.Add(time.Second)}, []string{first.ID}},
		"Exact":  {export.Filter{From: start, To: start.Add(time.Microsecond)}, []string{first.ID}},
		"Before": {export.Filter{From: start.Add(-time.Hour), To: start}, []string{}},
		"Many":   {export.Filter{From: start, Mode: "live", Method: "card", Currency: "RUB", MerchantID: w.demo.ID}, []string{first.ID, second.ID}},
		"None":   {export.Filter{Mode: "sandbox"}, []string{}},
	} {
		got := []string{}
		for _, row := range w.csv(export.Payouts, tc.f) {
			got = append(got, row["id"])
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
	for name, tc := range map[string]struct {
		kind  export.Kind
		f     export.Filter
		field string
	}{
		"Foreign": {export.CardOrders, export.Filter{MerchantID: w.demo.ID}, "merchant"},
		"Unknown": {export.Payouts, export.Filter{Status: "paid"}, "status"},
		"Period":  {export.Payouts, export.Filter{From: start, To: start}, "to"},
		"Text":    {export.Callbacks, export.Filter{OrderID: "a\x00b"}, "order_id"},
	} {
		_, err := w.export.Open(t.Context(), tc.kind, export.CSV, tc.f)
		if f := wantFault(t, err, "invalid_request"); f.Fields[0].Name != tc.field {
			t.Errorf("%s: refused %s, want %s", name, f.Fields[0].Name, tc.field)
		}
	}
	if _, err := w.export.Open(t.Context(), "merchants", export.CSV, export.Filter{}); err == nil {
		t.Error("an unknown kind was taken")
	}
}

func TestEveryKindAndFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.day()
	w.orders()
	for _, kind := range export.Kinds() {
		list := w.csv(kind, export.Filter{From: start.Add(-time.Hour), To: start.Add(time.Hour)})
		_, sheet := xlsx(t, w.read(w.open(kind, export.XLSX, export.Filter{})))
		if len(list) == 0 || len(list) != len(sheet) {
			t.Fatalf("%s: %d rows as CSV, %d as XLSX", kind, len(list), len(sheet))
		}
		for _, name := range export.Columns(kind) {
			if _, known := list[0][name]; !known {
				t.Errorf("%s: no column %s", kind, name)
			}
		}
	}
	p2p := w.csv(export.P2P, export.Filter{UserID: 8, Currency: "rub"})
	if len(p2p) != 1 || p2p[0]["usdt_amount"] != "150.00" || p2p[0]["note"] != "paid to ****5678" {
		t.Errorf("P2P orders: %v", p2p)
	}
	card := w.csv(export.CardOrders, export.Filter{UserID: 7, Type: "deposit", Status: "pending"})
	if len(card) != 1 || card[0]["amount"] != "1234.56" || card[0]["card_number"] != "" {
		t.Errorf("card orders: %v", card)
	}
	callbacks := w.csv(export.Callbacks, export.Filter{State: "pending", MerchantID: w.demo.ID, OrderID: start.Format(time.DateOnly) + "-paid-0"})
	if len(callbacks) != 1 || callbacks[0]["url"] != "https://shop.example.com/done" {
		t.Errorf("callbacks: %v", callbacks)
	}
}

func (w *world) orders() {
	w.t.Helper()
	for _, sql := range []string{
		`insert into card_orders (user_id, type, status, amount, card_mask, bank_name, holder_name, created_at, updated_at)
			values (7, 'deposit', 'pending', 123456, '', '', '', $1, $1)`,
		`insert into p2p_orders (ad_id, buyer_id, seller_id, usdt_amount, fiat_amount, exchange_rate, created_at, updated_at, pay_by, ended_at, ended_by,
			operator_called, buyer_cancels, seller_cancels, ad_type, status, fiat_currency, payment_method, note)
			values (1, 7, 8, 15000, 15000, 100, $1, $1, $1, $1, 'x', false, false, false, 'sell', 'cancelled', 'rub', 'card', 'paid to 2202 2063 1234 5678')`,
	} {
		if _, err := w.db.Exec(w.t.Context(), sql, w.now()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// many puts n payouts into the table that the books know nothing of; each is
// taken out again before the books are verified.
func (w *world) many(n int) {
	w.t.Helper()
	const sql = `
insert into payouts (id, merchant_id, order_id, mode, currency, method, fiat_minor, rate, usdt_minor, fee_minor, last_four, requisite_key,
    requisite_box, fingerprint, bank_name, bik, full_name, customer, description, success_url, error_url, created_at, expires_at, status, stage,
    ended_at, ended_by)
select 'po_' || lpad(n::text, 26, '0'), $1, 'many-' || n, 'live', 'rub', 'card', 150000, 971234, 15598900, 0, '1234', 'k',
    'x', decode(repeat('00', 32), 'hex'), '', '', '', '', repeat('long ', 20), '', '', $2::timestamptz, $2::timestamptz + interval '1 hour', 'rejected_timeout', 'waiting',
    $2::timestamptz + interval '1 hour', 'system:timeout'
from generate_series(1, $3::int) as n`
	if _, err := w.db.Exec(w.t.Context(), sql, w.demo.ID, w.now(), n); err != nil {
		w.t.Fatal(err)
	}
}

func TestAFileShowsOneMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(2000)
	file := w.open(export.Payouts, export.CSV, export.Filter{})
	if _, err := w.db.Exec(t.Context(), `update payouts set reason = 'changed'`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec(t.Context(), `delete from payouts where order_id = 'many-1999'`); err != nil {
		t.Fatal(err)
	}
	list := rows(t, w.read(file))
	if len(list) != 2000 {
		t.Errorf("%d rows, want 2000", len(list))
	}
	for _, row := range list {
		if row["reason"] != "" {
			t.Fatal("a row is of a later moment")
		}
	}
}

// The memory that a file takes has nothing to do with its length.
func TestALongFileTakesLittleMemory(t *testing.T) {
	w := newWorld(t)
	w.many(30_000)
	for _, format := range export.Formats() {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		file := w.open(export.Payouts, format, export.Filter{})
		piece, total, most := make([]byte, 32<<10), 0, uint64(0)
		for next := 1 << 20; ; {
			n, err := file.Read(piece)
			if total += n; total > next || err != nil {
				next += 1 << 20
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d KiB long, %d KiB of memory", format, total>>10, most>>10)
		if most > 4<<20 {
			t.Errorf("%s: a file of %d KiB took %d KiB", format, total>>10, most>>10)
		}
	}
}

func TestAtMostThreeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(2000)
	files := []*export.File{}
	for range 2 {
		files = append(files, w.open(export.Payouts, export.CSV, export.Filter{}))
	}
	begun := func(who string) error {
		ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: who})
		f, err := w.export.Open(ctx, export.Payouts, export.CSV, export.Filter{})
		if err == nil {
			files = append(files, f)
		}
		return err
	}
	if err := begun("usr_1"); err == nil || err.Error() != export.ErrYours.Error() {
		t.Errorf("a third one of one person: %v", err)
	}
	if err := begun("opr_other"); err != nil {
		t.Fatalf("another person: %v", err)
	}
	_ = wantFault(t, begun("opr_third"), "rate_limited")
	for _, f := range files { // none was read to its end
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var open int // snapshots; what else uses the pool holds none
	const held = `select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
	if err := w.db.QueryRow(t.Context(), held).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d snapshots are still open: %v", open, err)
	}
	w.read(w.open(export.Payouts, export.CSV, export.Filter{}))
}

func TestABrokenFileIsNoWholeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(2000)
	for _, format := range export.Formats() {
		service := must(export.New(export.Deps{DB: w.db, Now: w.now, Log: discard}))
		file, err := service.Open(t.Context(), export.Payouts, format, export.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		service.Close()
		if _, err := io.Copy(io.Discard, file); err == nil {
			t.Errorf("%s: a file that was broken off ends well", format)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnExportIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.csv(export.Payouts, export.Filter{Status: "successful", From: start})
	found, err := audit.List(t.Context(), w.db, audit.Filter{Action: "export.begin"})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	line := string(found.Items[0].After)
	if r := found.Items[0]; r.Actor.ID != "usr_1" || r.SubjectID != "payouts.csv" ||
		!strings.Contains(line, "successful") || !strings.Contains(line, "2026-03-04T12:00:00Z") {
		t.Errorf("audited as %+v, %s", r, line)
	}
}
