package export

import (
	"context"
	"strings"
	"time"

	"disburse/ledger/money"
)

var statementColumns = strings.Fields("date entry part transfers available held total")

// File is the statement as a file: each day's opening, a row a movement, and its
// closing.
func (s Statement) File(format Format) (*File, error) {
	name := "statement-" + s.Name + "-" + s.From.Format(time.DateOnly) + "-" + s.To.Add(-day).Format(time.DateOnly)
	f := newFile(context.Background(), name, format)
	f.names = statementColumns
	days := s.Days
	f.next = func() (rows [][]cell, _ error) {
		if len(days) == 0 {
			return nil, nil
		}
		d := days[0]
		days = days[1:]
		return d.rows(), nil
	}
	return f, f.begin()
}

func (d Day) rows() [][]cell {
	row := func(entry, part string, transfers cell, b Balance) []cell {
		return []cell{plain(d.Date.Format(time.DateOnly)), plain(entry), plain(part), transfers, usdt(b.Available), usdt(b.Held), usdt(b.Total())}
	}
	rows := [][]cell{row("opening", "", cell{}, d.Opening)}
	for _, l := range d.Lines {
		rows = append(rows, row(l.Flow, l.Part, whole(l.Transfers), l.Moved))
	}
	return append(rows, row("closing", "", cell{}, d.Closing))
}

func usdt(m money.Money) cell { return decimals(m.String()) }
