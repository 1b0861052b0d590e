package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/callbacks"
	"disburse/gateway"
	"disburse/gateway/audit"
	"disburse/gateway/vault"
	"disburse/migrations/pgtest"
)

// newApp builds the services over a database of the test's own.
func newApp(t *testing.T) *gateway.App {
	t.Helper()
	app, err := gateway.New(gateway.Config{
		DatabaseURL: pgtest.URL(t, pgtest.New(t)), EncryptionKeys: vault.Generate("k1").String(),
		PublicURL: "https://pay.example", DatabaseConns: 4,
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	closed(t, app)
	return app
}

// closed closes the app with the test, which fails when that does.
func closed(t testing.TB, app *gateway.App) {
	t.Helper()
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dead stages n callbacks and lets them end undelivered.
func dead(t *testing.T, app *gateway.App, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("evt_%d", i)
		row := callbacks.Stage(callbacks.Event{
			ID: ids[i], MerchantID: "mer_1", Subject: fmt.Sprintf("po_%d", i), OrderID: fmt.Sprintf("order-%d", i),
			Kind: "payout.successful", URL: "https://merchant.example/done", Body: []byte(`{}`), At: time.Now(),
		})
		columns := make([]any, len(row.Row))
		for at, value := range row.Row {
			column := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(value)), 0, 1)
			columns[at] = reflect.Append(column, reflect.ValueOf(value)).Interface()
		}
		_, err := app.DB.Exec(t.Context(), row.SQL, columns...)
		must(t, err)
	}
	_, err := app.DB.Exec(t.Context(),
		`update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now()`)
	must(t, err)
	return ids
}

func stateOf(t *testing.T, app *gateway.App, id string) callbacks.State {
	t.Helper()
	found, err := app.Callbacks.Get(t.Context(), id)
	must(t, err)
	return found.State
}

// trail is the audit trail, oldest first, without what no test can foresee.
func trail(t *testing.T, app *gateway.App) []audit.Record {
	t.Helper()
	page, err := audit.List(t.Context(), app.DB, audit.Filter{})
	must(t, err)
	records := make([]audit.Record, len(page.Items))
	for i, item := range page.Items {
		r := audit.Record{
			Actor: item.Actor, Action: item.Action, Subject: item.Subject, SubjectID: item.SubjectID, RequestID: item.RequestID,
		}
		if item.After != nil {
			must(t, json.Unmarshal(item.After, &r.After))
		}
		records[len(records)-1-i] = r
	}
	return records
}

var ann = audit.Actor{Kind: audit.Operator, ID: "opr_1", Name: "ann@desk.example", Address: "192.0.2.1"}

// asAnn is the context of a request of hers.
func asAnn(t *testing.T) context.Context {
	return audit.WithRequestID(audit.WithActor(t.Context(), ann), "req-1")
}

func TestResendIsOnTheTrail(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	ids := dead(t, app, 1)
	must(t, app.Callbacks.Resend(asAnn(t), ids[0]))
	if got := stateOf(t, app, ids[0]); got != callbacks.Pending {
		t.Errorf("the callback is %s, want pending", got)
	}
	want := []audit.Record{{Actor: ann, Action: "callback.resend", Subject: "callback", SubjectID: ids[0], RequestID: "req-1"}}
	if diff := cmp.Diff(want, trail(t, app)); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
}

func TestResendManyIsOnTheTrailOnce(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	ids := dead(t, app, 3)
	f := callbacks.Filter{State: callbacks.Dead, MerchantID: "mer_1"}
	done, err := app.Callbacks.ResendMany(asAnn(t), f, 2)
	must(t, err)
	if want := (callbacks.Resent{Matched: 3, Resent: 2}); done != want {
		t.Errorf("got %+v, want %+v", done, want)
	}
	if first, last := stateOf(t, app, ids[0]), stateOf(t, app, ids[2]); first != callbacks.Pending || last != callbacks.Dead {
		t.Errorf("the oldest is %s and the newest %s, want pending and dead", first, last)
	}
	want := []audit.Record{{
		Actor: ann, Action: "callback.resend_many", Subject: "callback", RequestID: "req-1",
		After: map[string]any{
			"state": "dead", "merchant_id": "mer_1", "order_id": "", "payout_id": "", "matched": 3.0, "resent": 2.0,
		},
	}}
	if diff := cmp.Diff(want, trail(t, app)); diff != "" {
		t.Errorf("trail (-want +got):\n%s", diff)
	}
}

func TestResendOfNothingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	dead(t, app, 1)
	if err := app.Callbacks.Resend(asAnn(t), "evt_x"); !errors.Is(err, callbacks.ErrNotFound) {
		t.Errorf("unknown callback: got %v", err)
	}
	if _, err := app.Callbacks.ResendMany(asAnn(t), callbacks.Filter{}, 1); !errors.Is(err, callbacks.ErrNoState) {
		t.Errorf("without a state: got %v", err)
	}
	done, err := app.Callbacks.ResendMany(asAnn(t), callbacks.Filter{State: callbacks.Dead}, 0)
	if want := (callbacks.Resent{Matched: 1}); err != nil || done != want {
		t.Errorf("at most none: got %+v, %v", done, err)
	}
	if got := trail(t, app); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestResendFallsWithItsRecord takes the trail away: nobody may have anything
// sent again unseen.
func TestResendFallsWithItsRecord(t *testing.T) {
	t.Parallel()
	app := newApp(t)
	ids := dead(t, app, 1)
	_, err := app.DB.Exec(t.Context(), `alter table audit_log rename to elsewhere`)
	must(t, err)
	if err := app.Callbacks.Resend(asAnn(t), ids[0]); err == nil {
		t.Error("one was resent without a record")
	}
	if done, err := app.Callbacks.ResendMany(asAnn(t), callbacks.Filter{State: callbacks.Dead}, 1); err == nil {
		t.Errorf("many were resent without a record: %+v", done)
	}
	if got := stateOf(t, app, ids[0]); got != callbacks.Dead {
		t.Errorf("the callback is %s, want dead", got)
	}
}
