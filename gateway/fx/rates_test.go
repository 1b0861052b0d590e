package fx_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"disburse/gateway/audit"
	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/migrations/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type bench struct {
	pool    *pgxpool.Pool
	watcher *epoch.Watcher
	rates   *fx.Rates
	since   atomic.Int64 // the clock: nanoseconds after noon
}

func (b *bench) now() time.Time { return noon.Add(time.Duration(b.since.Load())) }

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{pool: pgtest.New(t)}
	var err error
	// The watcher keeps still, so its own clock never makes it stale.
	b.watcher, err = epoch.NewWatcher(epoch.Config{DB: b.pool, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.watcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.rates = b.open(t)
	return b
}

func (b *bench) open(t *testing.T) *fx.Rates {
	t.Helper()
	r, err := fx.New(fx.Deps{DB: b.pool, Watcher: b.watcher, Now: b.now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (b *bench) set(t *testing.T, currency, value string) fx.Rate {
	t.Helper()
	rate, err := b.rates.Set(t.Context(), fx.Change{Currency: currency, Value: dec(value), Confirm: true})
	if err != nil {
		t.Fatal(err)
	}
	return rate
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func TestSetThenCurrent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made, err := b.rates.Set(t.Context(), fx.Change{Currency: "RUB", Value: dec("97.1234"), MaxAge: time.Hour, Source: "feed"})
	if err != nil {
		t.Fatal(err)
	}
	want := fx.Rate{Currency: "rub", Value: dec("97.1234"), MaxAge: time.Hour, Source: "feed", SetAt: noon}
	for _, code := range []string{"rub", "RUB", "Rub"} {
		got, err := b.rates.Current(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]fx.Rate{want, want}, []fx.Rate{made, got}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
	}
	if got := b.set(t, "eur", "0.9").String(); got != "0.9000" {
		t.Errorf("String = %q", got)
	}
}

func TestCurrentByAge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.set(t, "rub", "97.1234")
	for _, tt := range []struct {
		name string
		age  time.Duration
		err  error
	}{
		{"OKNow", 0, nil},
		{"OKAtItsMaximum", fx.DefaultMaxAge, nil},
		{"ErrBeyondIt", fx.DefaultMaxAge + 1, fx.ErrUnavailable},
		{"OKWhenTheClockWentBack", -time.Hour, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { // one clock: not parallel
			b.since.Store(int64(tt.age))
			if _, err := b.rates.Current(t.Context(), "rub"); !errors.Is(err, tt.err) {
				t.Errorf("error = %v, want %v", err, tt.err)
			}
			if known, err := b.rates.Known(t.Context(), "rub"); !known || err != nil {
				t.Errorf("Known = %v, %v", known, err)
			}
		})
	}
}

func TestCurrentWithoutARate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, code := range []string{"rub", "usdt", "xxx", "", "\x00", strings.Repeat("r", 10_000)} {
		if _, err := b.rates.Current(t.Context(), code); !errors.Is(err, fx.ErrUnavailable) {
			t.Errorf("%.8q: %v", code, err)
		}
		if known, err := b.rates.Known(t.Context(), code); known || err != nil {
			t.Errorf("%.8q: Known = %v, %v", code, known, err)
		}
	}
	b.set(t, "rub", "97")
	if _, err := b.rates.Current(t.Context(), "rub"); err != nil {
		t.Errorf("the absence is still held after the first rate: %v", err)
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok := fx.Change{Currency: "rub", Value: dec("97.1234")}
	for _, tt := range []struct {
		name   string
		change func(*fx.Change)
		fields []string
	}{
		{"ErrUnknownCurrency", func(c *fx.Change) { c.Currency = "zzz" }, []string{"currency"}},
		{"ErrUSDT", func(c *fx.Change) { c.Currency = "USDT" }, []string{"currency"}},
		{"ErrZero", func(c *fx.Change) { c.Value = decimal.Zero }, []string{"rate"}},
		{"ErrNegative", func(c *fx.Change) { c.Value = dec("-97") }, []string{"rate"}},
		{"ErrFiveDecimals", func(c *fx.Change) { c.Value = dec("97.12345") }, []string{"rate"}},
		{"ErrTooLarge", func(c *fx.Change) { c.Value = dec("1000000000.0001") }, []string{"rate"}},
		{"ErrVastExponent", func(c *fx.Change) { c.Value = decimal.New(1, 1<<30) }, []string{"rate"}},
		{"ErrTinyExponent", func(c *fx.Change) { c.Value = decimal.New(1, -1<<30) }, []string{"rate"}},
		{"ErrNegativeAge", func(c *fx.Change) { c.MaxAge = -time.Second }, []string{"max_age"}},
		{"ErrPartOfASecond", func(c *fx.Change) { c.MaxAge = 1500 * time.Millisecond }, []string{"max_age"}},
		{"ErrAgeBeyondAYear", func(c *fx.Change) { c.MaxAge = fx.MaxMaxAge + time.Second }, []string{"max_age"}},
		{"ErrSource", func(c *fx.Change) { c.Source = "a\x00b" }, []string{"source"}},
		{"ErrSourceOfTwoLines", func(c *fx.Change) { c.Source = "a\nb" }, []string{"source"}},
		{"ErrSourceNotUTF8", func(c *fx.Change) { c.Source = "a\xff" }, []string{"source"}},
		{"ErrLongSource", func(c *fx.Change) { c.Source = strings.Repeat("x", 129) }, []string{"source"}},
		{"ErrAllAtOnce", func(c *fx.Change) { *c = fx.Change{MaxAge: -1} }, []string{"currency", "rate", "max_age"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := ok
			tt.change(&c)
			_, err := b.rates.Set(t.Context(), c)
			f := fault.From(err)
			if f.Kind != fault.InvalidInput {
				t.Fatalf("error = %v", err)
			}
			var fields []string
			for _, field := range f.Fields {
				fields = append(fields, field.Name)
			}
			if diff := cmp.Diff(tt.fields, fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("OKLargest", func(t *testing.T) {
		t.Parallel()
		b.set(t, "idr", "1000000000")
	})
	t.Run("OKSmallest", func(t *testing.T) {
		t.Parallel()
		b.set(t, "kwd", "0.0001")
	})
}

func TestSetAgainstTheRateInForce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, after string
		confirm             bool
		code                string // empty: it is set
	}{
		{"OKSame", "100", "100", false, ""},
		{"OKAtTheBoundUp", "100", "110", false, ""},
		{"OKAtTheBoundDown", "100", "90", false, ""},
		{"ErrJumpUp", "100", "110.0001", false, "rate_jump"},
		{"ErrJumpDown", "100", "89.9999", false, "rate_jump"},
		{"OKJumpConfirmed", "100", "150", true, ""},
		{"ErrInverted", "97.1234", "0.0103", false, "invalid_request"},
		{"ErrInvertedThoughConfirmed", "97.1234", "0.0103", true, "invalid_request"},
		{"ErrInvertedBack", "0.0103", "97.1234", true, "invalid_request"},
		{"OKNearOne", "0.9901", "1.0099", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.set(t, "rub", tt.before)
			_, err := b.rates.Set(t.Context(), fx.Change{Currency: "rub", Value: dec(tt.after), Confirm: tt.confirm})
			want := tt.before
			if tt.code == "" {
				want = tt.after
			}
			if (err == nil) != (tt.code == "") || err != nil && fault.From(err).Code != tt.code {
				t.Fatalf("error = %v, want code %q", err, tt.code)
			}
			got, err := b.rates.Current(t.Context(), "rub")
			if err != nil || !got.Value.Equal(dec(want)) {
				t.Errorf("in force: %v, %v; want %s", got, err, want)
			}
		})
	}
}

func TestEveryChangeIsAuditedAndKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"})
	for i, value := range []string{"100", "101", "102"} {
		b.since.Store(int64(i) * int64(time.Minute))
		if _, err := b.rates.Set(ctx, fx.Change{Currency: "rub", Value: dec(value)}); err != nil {
			t.Fatal(err)
		}
	}
	b.set(t, "eur", "0.9215")

	var history []string
	cursor := ""
	for {
		page, err := b.rates.History(t.Context(), "rub", cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			history = append(history, r.String())
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"102.0000", "101.0000", "100.0000"}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if _, err := b.rates.History(t.Context(), "rub", "?", 2); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("bad cursor: %v", err)
	}

	all, err := b.rates.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, r := range all {
		list = append(list, r.Currency+" "+r.String())
	}
	if diff := cmp.Diff([]string{"eur 0.9215", "rub 102.0000"}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}

	trail, err := audit.List(t.Context(), b.pool, audit.Filter{Subject: "rate", SubjectID: "rub"})
	if err != nil {
		t.Fatal(err)
	}
	if len(trail.Items) != 3 || trail.Items[2].Before != nil || !strings.Contains(string(trail.Items[0].Before), "101.0000") ||
		!strings.Contains(string(trail.Items[0].After), "102.0000") || trail.Items[0].Actor.ID != "root" {
		t.Errorf("trail = %+v", trail.Items)
	}
	if _, err := b.pool.Exec(t.Context(), `update rates set value = 1`); err == nil {
		t.Error("the history was rewritten")
	}
}

func TestARefusedChangeLeavesNoTrace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.set(t, "rub", "100")
	if _, err := b.rates.Set(t.Context(), fx.Change{Currency: "rub", Value: dec("200")}); !errors.Is(err, fx.ErrJump) {
		t.Fatal(err)
	}
	trail, err := audit.List(t.Context(), b.pool, audit.Filter{})
	if err != nil || len(trail.Items) != 1 {
		t.Errorf("%d audit rows, %v", len(trail.Items), err)
	}
}

// TestAnotherProcessSeesAChange has two watchers, as two processes have.
func TestAnotherProcessSeesAChange(t *testing.T) {
	t.Parallel()
	here := setup(t)
	there := &bench{pool: here.pool}
	var err error
	if there.watcher, err = epoch.NewWatcher(epoch.Config{DB: here.pool, Now: func() time.Time { return noon }}); err != nil {
		t.Fatal(err)
	}
	there.rates = there.open(t)
	here.set(t, "rub", "100")
	if err := here.watcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := here.rates.Current(t.Context(), "rub"); err != nil {
		t.Fatal(err)
	}
	there.set(t, "rub", "101")
	if got, _ := here.rates.Current(t.Context(), "rub"); got.String() != "100.0000" {
		t.Errorf("before the poll: %s, so nothing is held", got)
	}
	if err := here.watcher.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := here.rates.Current(t.Context(), "rub"); got.String() != "101.0000" {
		t.Errorf("after the poll: %s", got)
	}
}

func TestConcurrentChangesAreJudgedOneAfterAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.set(t, "rub", "100")
	// 109 is a step from 100, and 118 only from 109; whatever the order, no
	// rate may be more than a tenth away from the one before it.
	values := []string{"109", "118", "91", "100", "109", "118"}
	done := make(chan error)
	for _, v := range values {
		go func() {
			_, err := b.rates.Set(context.Background(), fx.Change{Currency: "rub", Value: dec(v)})
			done <- err
		}()
	}
	for range values {
		if err := <-done; err != nil && !errors.Is(err, fx.ErrJump) {
			t.Error(err)
		}
	}
	page, err := b.rates.History(t.Context(), "rub", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(page.Items)
	for i := 1; i < len(page.Items); i++ {
		before, after := page.Items[i-1].Value, page.Items[i].Value
		if after.Sub(before).Abs().GreaterThan(before.Div(dec("10"))) {
			t.Errorf("%s follows %s unconfirmed", after, before)
		}
	}
}

func TestParseValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"97.1234": "97.1234", "97": "97", "0.0001": "0.0001", "1.0": "1", "1000000000": "1000000000",
		"": "", "0": "", "0.0000": "", "-1": "", "+1": "", "1e3": "", "01": "", "1.": "", ".5": "", "1,5": "",
		" 1": "", "1.12345": "", "0x10": "", "NaN": "", "１": "", "10000000000": "", "1000000000.0001": "",
	} {
		got, err := fx.ParseValue(text)
		if (err == nil) != (want != "") || err == nil && !got.Equal(dec(want)) {
			t.Errorf("ParseValue(%q) = %v, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	f.Add("97.1234")
	f.Add("1e1000000000")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := fx.ParseValue(text)
		if err == nil && (v.Sign() <= 0 || !v.Equal(v.Truncate(fx.Places))) {
			t.Errorf("%q gives %s", text, v)
		}
	})
}

func TestNewRefusesWhatIsMissingByName(t *testing.T) {
	t.Parallel()
	full := fx.Deps{DB: &pgxpool.Pool{}, Watcher: &epoch.Watcher{}, Now: time.Now}
	for name, strip := range map[string]func(*fx.Deps){
		"DB":        func(d *fx.Deps) { d.DB = nil },
		"Watcher":   func(d *fx.Deps) { d.Watcher = nil },
		"Now":       func(d *fx.Deps) { d.Now = nil },
		"JumpBound": func(d *fx.Deps) { d.JumpBound = dec("-1") },
	} {
		d := full
		strip(&d)
		if _, err := fx.New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
