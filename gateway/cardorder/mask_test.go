package cardorder_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"disburse/gateway/cardorder"
)

// leaks reports a card's middle digits, however the card is grouped.
func leaks(text string) bool {
	return strings.Contains(text, "12345678") || strings.Contains(text, "1234 5678") || strings.Contains(text, "1234-5678")
}

// TestCardsAreNowhere lets a card through everything that happens to an order,
// and looks for it wherever it must not be.
func TestCardsAreNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, ann := t.Context(), w.as("ann")
	u := w.user(1000000)
	req := withdrawal(40000)
	req.Details.BankName, req.Details.HolderName = "Sber "+cardNumber, "IVAN 2200 1234 5678 9012"
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	for _, end := range []func(id int64) error{
		func(id int64) error { _, err := w.Complete(ann, id); return err },
		func(id int64) error {
			_, err := w.CancelByOperator(ann, id, "no such card: 2200-1234-5678-9012")
			return err
		},
	} {
		id := w.create(u, req)
		_, err := w.Create(ctx, u, req, noKey())
		note(err)
		if _, err := w.Say(ctx, u, id, "my card is "+cardNumber, noKey()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Claim(ann, id); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SayAsOperator(ann, id, "sent to 2200 1234 5678 9012"); err != nil {
			t.Fatal(err)
		}
		if o, err := w.DeskByID(ann, id); err != nil || o.Details.CardNumber != cardNumber {
			t.Fatalf("got %v, %v", o, err)
		}
		if err := end(id); err != nil {
			t.Fatal(err)
		}
		_, err = w.Claim(ann, id)
		note(err)
	}
	bad := req
	bad.Type = "swap"
	bad.Details.CardNumber = cardNumber + cardNumber
	_, err := w.Create(ctx, u, bad, noKey())
	note(err)

	shown := map[string]any{}
	list, _, err := w.List(ctx, u.ID, cardorder.Filter{})
	shown["List"], errs = views(list), append(errs, err)
	desk, err := w.Desk(ctx, cardorder.DeskFilter{})
	shown["Desk"], errs = desk, append(errs, err)
	one, err := w.DeskByID(w.as("bob"), list[0].ID)
	shown["DeskByID"], errs = one.DeskView(), append(errs, err)
	for name, view := range shown {
		if text := string(must(json.Marshal(view))); leaks(text) || !strings.Contains(text, "****9012") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for _, err := range errs {
		if text := fmt.Sprintf("%v %+v", err, faultOf(err)); leaks(text) {
			t.Errorf("an error: %s", text)
		}
	}
	if log := w.log.String(); leaks(log) || strings.Count(log, "****9012") != 4 {
		t.Errorf("the log: %s", log)
	}
	w.wantNoCardsAtRest(t)
}

func views(orders []cardorder.Order) []cardorder.View {
	out := make([]cardorder.View, len(orders))
	for i, o := range orders {
		out[i] = o.View()
	}
	return out
}

// wantNoCardsAtRest reads every row of every table.
func (w *world) wantNoCardsAtRest(t *testing.T) {
	t.Helper()
	rows, err := w.db.Query(t.Context(), `
select c.relname, (xpath('/row/c/text()', query_to_xml(format('select coalesce(string_agg(t::text, %L), %L) as c from %I t', '|', '', c.relname), false, true, '')))[1]::text
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var table string
		var content *string
		if err := rows.Scan(&table, &content); err != nil {
			t.Fatal(err)
		}
		tables++
		if content != nil && leaks(*content) {
			t.Errorf("%s holds a card: %s", table, *content)
		}
	}
	if err := rows.Err(); err != nil || tables < 10 {
		t.Errorf("read %d tables, %v", tables, err)
	}
}

func TestPrintedOrdersAreMasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(100000)
	o, err := w.ByID(t.Context(), u.ID, w.create(u, withdrawal(40000)))
	if err != nil || o.Details.CardNumber != cardNumber {
		t.Fatalf("got %v, %v", o, err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("order", "order", o, "details", o.Details, "request", withdrawal(1))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("order", "order", o, "details", o.Details, "request", withdrawal(1))
	for name, text := range map[string]string{
		"log": log.String(), "%v": fmt.Sprintf("%v", o), "%+v": fmt.Sprintf("%+v", o), "%#v": fmt.Sprintf("%#v", o.Details),
		"request": fmt.Sprintf("%+v", withdrawal(1)),
	} {
		if leaks(text) || !strings.Contains(text, "9012") {
			t.Errorf("%s: %s", name, text)
		}
	}
}
