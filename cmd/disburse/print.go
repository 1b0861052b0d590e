package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
)

// jsonFlag is embedded by commands that can print what they found or did as an
// object of one line.
type jsonFlag struct {
	JSON bool `name:"json" env:"DISBURSE_JSON" help:"Print one line of JSON instead of text."`
}

// show prints the object, or what text writes for people. Columns that text
// separates by tabs are aligned.
func (f jsonFlag) show(out output, object any, text func(w io.Writer)) error {
	if f.JSON {
		return printJSON(out.Out, object)
	}
	var printed bytes.Buffer
	aligned := tabwriter.NewWriter(&printed, 0, 0, 2, ' ', 0)
	text(aligned)
	if err := aligned.Flush(); err != nil {
		return err
	}
	_, err := printed.WriteTo(out.Out)
	return err
}

func printJSON(w io.Writer, object any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // addresses keep their ampersands
	return encoder.Encode(object)
}

// pageFlags is embedded by commands that list.
type pageFlags struct {
	Limit  int    `name:"limit" env:"DISBURSE_LIMIT" default:"50" placeholder:"N" help:"How many to show, 1 to 500; 50 when it is left out."`
	Cursor string `name:"cursor" env:"DISBURSE_CURSOR" placeholder:"CURSOR" help:"Go on from where the list before ended."`
}

func (f pageFlags) check() error {
	if f.Limit < 1 || f.Limit > 500 {
		return usagef("--limit must be 1 to 500")
	}
	return nil
}

// rowID is the row that the cursor of a list ordered by rows stands for.
func (f pageFlags) rowID() (int64, error) {
	id, ok := page.ID(f.Cursor)
	if !ok {
		return 0, usagef("--cursor is not one that a list printed")
	}
	return id, nil
}

// table is how a page is shown to people: one row an item below the header, or
// the words for an empty page.
type table[T any] struct {
	empty, header string
	row           func(T) []string
}

func showPage[T any](f jsonFlag, out output, shown page.Page[T], t table[T]) error {
	return f.show(out, shown, func(w io.Writer) {
		if len(shown.Items) == 0 {
			fmt.Fprintln(w, t.empty)
			return
		}
		fmt.Fprintln(w, t.header)
		for _, item := range shown.Items {
			fmt.Fprintln(w, strings.Join(t.row(item), "\t"))
		}
		if shown.NextCursor != nil {
			fmt.Fprintf(w, "\nThere is more: add --cursor %s\n", *shown.NextCursor)
		}
	})
}

// stamp is a time as everything here prints it.
func stamp(t time.Time) string { return payout.Timestamp(t) }

// orDash fills the cell of a table that would be empty.
func orDash(text *string) string {
	if text == nil || *text == "" {
		return "-"
	}
	return *text
}

func usdt(m money.Money) string { return m.Fixed(ledger.USDTPlaces) }

// moment is a flag's time: RFC 3339, or a date for its beginning in UTC.
type moment struct{ time.Time }

// UnmarshalText reads either form.
func (m *moment) UnmarshalText(text []byte) (err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if m.Time, err = time.Parse(layout, string(text)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("expected a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31")
}

// span prints a duration without minutes and seconds that are zero at its end:
// 24h, not 24h0m0s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
