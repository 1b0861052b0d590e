package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/migrations/pgtest"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	anna = audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "anna@example.com", Address: "192.0.2.7"}
)

func write(t *testing.T, pool *pgxpool.Pool, records ...audit.Record) {
	t.Helper()
	if err := audit.Write(t.Context(), pool, records...); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, pool *pgxpool.Pool, f audit.Filter) audit.Page {
	t.Helper()
	page, err := audit.List(t.Context(), pool, f)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestWriteKeepsEveryPart(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ctx := audit.WithRequestID(audit.WithActor(t.Context(), anna), "req-1")
	r := audit.Of(ctx, noon, "merchant.set", "merchant", "mer_1")
	r.Before, r.After = map[string]int{"fee_bps": 100}, map[string]int{"fee_bps": 200}
	bare := audit.Of(t.Context(), noon.Add(time.Second), "payout.timeout", "payout", "po_1")
	write(t, pool, r, bare)
	got := list(t, pool, audit.Filter{})
	want := audit.Page{Items: []audit.Item{
		{At: noon.Add(time.Second), Actor: audit.Actor{Kind: audit.System}, Action: "payout.timeout", Subject: "payout", SubjectID: "po_1"},
		{
			At: noon, Actor: anna, Action: "merchant.set", Subject: "merchant", SubjectID: "mer_1", RequestID: "req-1",
			Before: json.RawMessage(`{"fee_bps": 100}`), After: json.RawMessage(`{"fee_bps": 200}`),
		},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(audit.Item{}, "ID")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if got.Items[0].ID <= got.Items[1].ID {
		t.Errorf("ids %d, %d: not in the order of writing", got.Items[1].ID, got.Items[0].ID)
	}
}

func TestWriteWithoutTimeTakesTheDatabases(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	write(t, pool, audit.Record{Actor: anna, Action: "a", Subject: "s"})
	if at := list(t, pool, audit.Filter{}).Items[0].At; at.Year() < 2020 {
		t.Errorf("at = %v", at)
	}
}

func TestWriteOfNothing(t *testing.T) {
	t.Parallel()
	if err := audit.Write(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestRowsShareOneStatementAndTypes holds what lets the ledger run many rows of
// one statement at once, an array for each column.
func TestRowsShareOneStatementAndTypes(t *testing.T) {
	t.Parallel()
	full := audit.Row(audit.Record{Actor: anna, Action: "a", At: noon, Before: 1, After: 2})
	empty := audit.Row(audit.Record{})
	if full.SQL != empty.SQL || len(full.Row) != len(empty.Row) {
		t.Fatal("the statements differ")
	}
	for i := range full.Row {
		if a, b := fmt.Sprintf("%T", full.Row[i]), fmt.Sprintf("%T", empty.Row[i]); a != b {
			t.Errorf("column %d is %s in one row and %s in another", i, a, b)
		}
	}
}

func TestStateThatJSONCannotHoldNamesItsType(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	write(t, pool, audit.Record{Actor: anna, Action: "a", After: make(chan int)})
	if got := string(list(t, pool, audit.Filter{}).Items[0].After); got != `{"unencodable": "chan int"}` {
		t.Errorf("after = %s", got)
	}
}

func TestHistoryCannotBeRewritten(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	write(t, pool, audit.Record{Actor: anna, Action: "a", At: noon})
	for name, sql := range map[string]string{
		"ErrUpdate":          `update audit_log set action = 'b'`,
		"ErrUpdateOfNoRow":   `update audit_log set action = 'b' where false`,
		"ErrDelete":          `delete from audit_log`,
		"ErrTruncate":        `truncate audit_log`,
		"ErrTruncateCascade": `truncate audit_log cascade`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pool.Exec(context.Background(), sql)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "42501" {
				t.Errorf("error = %v, want a refusal", err)
			}
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	boris := audit.Actor{Kind: audit.CLI, ID: "boris"}
	for i := range 6 {
		r := audit.Record{
			Actor: anna, Action: "merchant.set", Subject: "merchant",
			SubjectID: fmt.Sprintf("mer_%d", i%2), At: noon.Add(time.Duration(i) * time.Hour),
		}
		if i == 5 {
			r.Actor, r.Action, r.Subject = boris, "rate.set", "rate"
		}
		write(t, pool, r)
	}
	for _, tt := range []struct {
		name   string
		filter audit.Filter
		want   []int // hours after noon, newest first
	}{
		{"All", audit.Filter{}, []int{5, 4, 3, 2, 1, 0}},
		{"Actor", audit.Filter{ActorID: "boris"}, []int{5}},
		{"Action", audit.Filter{Action: "rate.set"}, []int{5}},
		{"Subject", audit.Filter{Subject: "merchant", SubjectID: "mer_1"}, []int{3, 1}},
		{"FromIsIncludedToIsNot", audit.Filter{From: noon.Add(time.Hour), To: noon.Add(3 * time.Hour)}, []int{2, 1}},
		{"Nobody", audit.Filter{ActorID: "x"}, []int{}},
		{"TextThatNoRecordCanHold", audit.Filter{ActorID: "\x00"}, []int{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := []int{}
			for _, item := range list(t, pool, tt.filter).Items {
				got = append(got, int(item.At.Sub(noon)/time.Hour))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("hours (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("PagesMeetWithoutGapOrOverlap", func(t *testing.T) {
		t.Parallel()
		for _, limit := range []int{1, 2, 4, 5, 6, 7} {
			var got []int
			f := audit.Filter{Limit: limit}
			for {
				page := list(t, pool, f)
				for _, item := range page.Items {
					got = append(got, int(item.At.Sub(noon)/time.Hour))
				}
				if f.Cursor = page.NextCursor; f.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff([]int{5, 4, 3, 2, 1, 0}, got); diff != "" {
				t.Errorf("pages of %d (-want +got):\n%s", limit, diff)
			}
		}
	})
	t.Run("ErrCursor", func(t *testing.T) {
		t.Parallel()
		for _, cursor := range []string{"-1", "0", "!", "99999999999999999999"} {
			if _, err := audit.List(t.Context(), pool, audit.Filter{Cursor: cursor}); !errors.Is(err, audit.ErrCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}
