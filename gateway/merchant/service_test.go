package merchant_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/epoch"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/ratelimit"
	"disburse/signing"
)

func TestCreateBeginsWithTheDefaults(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made := p.create(t, "demo")
	if !publicid.Valid("mer", made.Merchant.ID) {
		t.Errorf("id = %s", made.Merchant.ID)
	}
	got := made.Merchant.View()
	got.Keys = nil
	rub := func(method string) merchant.MethodView {
		return merchant.MethodView{Currency: "rub", Method: method, Enabled: true, Min: "100.00", Max: "1000000.00"}
	}
	want := merchant.View{
		ID: made.Merchant.ID, Name: "demo", Mode: "live", FeeBPS: 100, FeeFixed: "0.0000", TimeoutMinutes: 60,
		StandartSign: "order_id:sign_key", CreatedAt: noon,
		Methods: []merchant.MethodView{
			{Currency: "eur", Method: "iban", Enabled: true, Min: "100.00", Max: "1000000.00"},
			rub("card"), rub("sbp"), rub("score"),
		},
		Limits: map[string]string{"status": "10/s:20", "status_payout": "1/5s:5", "create": "500/s:1000", "reject": "50/s:100"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(made.Merchant.View(), p.byName(t, "demo").View()); diff != "" {
		t.Errorf("the directory's differs (-made +found):\n%s", diff)
	}
	d, err := p.Show(t.Context(), "demo")
	if err != nil || !d.Available.IsZero() || !d.Held.IsZero() || d.Merchant.ID != made.Merchant.ID {
		t.Errorf("Show = %+v, %v", d, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	for _, tt := range []struct {
		name   string
		in     merchant.New
		code   string
		fields []string
	}{
		{"ErrNameTaken", merchant.New{Name: "demo"}, "name_taken", nil},
		{"ErrNoName", merchant.New{}, "invalid_request", []string{"name"}},
		{"ErrUpperCase", merchant.New{Name: "Demo"}, "invalid_request", []string{"name"}},
		{"ErrSlash", merchant.New{Name: "a/b"}, "invalid_request", []string{"name"}},
		{"ErrLongName", merchant.New{Name: strings.Repeat("a", 65)}, "invalid_request", []string{"name"}},
		{"ErrTrailingNewline", merchant.New{Name: "demo\n"}, "invalid_request", []string{"name"}},
		{"ErrNameLikeAnID", merchant.New{Name: publicid.New("mer")}, "invalid_request", []string{"name"}},
		{"ErrMode", merchant.New{Name: "a", Mode: "test"}, "invalid_request", []string{"mode"}},
		{"ErrNegativeFee", merchant.New{Name: "a", FeeBPS: -1}, "invalid_request", []string{"fee_bps"}},
		{"ErrFeeAboveAll", merchant.New{Name: "a", FeeBPS: 10001}, "invalid_request", []string{"fee_bps"}},
		{"ErrNegativeFixedFee", merchant.New{Name: "a", FeeFixed: money.New(-100, money.USDT)}, "invalid_request", []string{"fee_fixed"}},
		{"ErrFixedFeeOfFiveDecimals", merchant.New{Name: "a", FeeFixed: money.New(10, money.USDT)}, "invalid_request", []string{"fee_fixed"}},
		{"ErrFixedFeeInRoubles", merchant.New{Name: "a", FeeFixed: money.New(100, "RUB")}, "invalid_request", []string{"fee_fixed"}},
		{"ErrAllAtOnce", merchant.New{Mode: "x", FeeBPS: -1, FeeFixed: money.New(-1, money.USDT)}, "invalid_request", []string{"name", "mode", "fee_bps", "fee_fixed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Create(t.Context(), tt.in)
			checkFault(t, err, tt.code, tt.fields)
		})
	}
	t.Run("OKLongestName", func(t *testing.T) {
		t.Parallel()
		p.create(t, strings.Repeat("a", 64))
	})
}

func checkFault(t *testing.T, err error, code string, fields []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	f := fault.From(err)
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	if f.Code != code {
		t.Errorf("code = %s (%v), want %s", f.Code, err, code)
	}
	if diff := cmp.Diff(fields, names); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestCreateManyIsAllOrNone(t *testing.T) {
	t.Parallel()
	p := setup(t)
	many := make([]merchant.New, 1000)
	for i := range many {
		many[i] = merchant.New{Name: fmt.Sprintf("m%04d", i), Mode: ledger.Sandbox}
	}
	made, err := p.CreateMany(t.Context(), many)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 500, 999} {
		m := p.byName(t, many[i].Name)
		if m.ID != made[i].Merchant.ID || m.Mode != ledger.Sandbox || m.SignKeys[0] != made[i].Secrets.SignKey {
			t.Errorf("%d: %v is not %v", i, m, made[i].Merchant)
		}
	}
	_, err = p.CreateMany(t.Context(), []merchant.New{{Name: "fresh"}, {Name: "m0500"}})
	if !errors.Is(err, merchant.ErrNameTaken) {
		t.Errorf("error = %v", err)
	}
	if _, err := p.dir.ByName(t.Context(), "fresh"); !errors.Is(err, merchant.ErrNotFound) {
		t.Errorf("half of a refused batch was made: %v", err)
	}
	for _, n := range []int{0, 10_001} {
		_, err := p.CreateMany(t.Context(), make([]merchant.New, n))
		checkFault(t, err, "invalid_request", []string{"merchants"})
	}
	var names []string
	after := ""
	for {
		page, err := p.List(t.Context(), after, 300)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Items {
			names = append(names, m.Name)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(names) != 1000 || names[0] != "m0000" || names[999] != "m0999" {
		t.Errorf("listed %d, first %s, last %s", len(names), names[0], names[len(names)-1])
	}
	if _, err := p.List(t.Context(), "\x00", 1); fault.From(err).Code != "invalid_request" {
		t.Errorf("bad beginning: %v", err)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	rub := func(minor int64) *money.Money { return new(money.New(minor, "RUB")) }
	change := merchant.Change{
		RequireV2: new(true), MaskRequisites: new(true), Luhn: new(true), StandartSign: new(signing.MerchantOrderKey),
		FeeBPS: new(int64(250)), FeeFixed: new(usdt(t, "0.5")), Timeout: new(90 * time.Minute),
		Methods: map[merchant.MethodKey]merchant.MethodChange{
			{Currency: "rub", Method: "sbp"}:  {Enabled: new(false)},
			{Currency: "rub", Method: "card"}: {Min: rub(50000), Max: rub(50000)},
			{Currency: "jpy", Method: "iban"}: {Enabled: new(true)},
		},
		Limits: map[merchant.LimitName]ratelimit.Limit{
			merchant.LimitCreate: {}, merchant.LimitStatus: {Rate: 1, Per: time.Minute, Burst: 3},
		},
	}
	got, err := p.Set(t.Context(), "demo", change)
	if err != nil {
		t.Fatal(err)
	}
	v := got.View()
	if !v.RequireV2 || !v.MaskRequisites || !v.Luhn || v.StandartSign != "merchant:order_id:sign_key" ||
		v.FeeBPS != 250 || v.FeeFixed != "0.5000" || v.TimeoutMinutes != 90 {
		t.Errorf("settings = %+v", v)
	}
	want := []merchant.MethodView{
		{Currency: "eur", Method: "iban", Enabled: true, Min: "100.00", Max: "1000000.00"},
		{Currency: "jpy", Method: "iban", Enabled: true, Min: "100", Max: "1000000"},
		{Currency: "rub", Method: "card", Enabled: true, Min: "500.00", Max: "500.00"},
		{Currency: "rub", Method: "sbp", Enabled: false, Min: "100.00", Max: "1000000.00"},
		{Currency: "rub", Method: "score", Enabled: true, Min: "100.00", Max: "1000000.00"},
	}
	if diff := cmp.Diff(want, v.Methods); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if v.Limits["create"] != "off" || v.Limits["status"] != "1/m:3" || v.Limits["reject"] != "50/s:100" {
		t.Errorf("limits = %v", v.Limits)
	}
	if diff := cmp.Diff(v, p.byName(t, "demo").View()); diff != "" {
		t.Errorf("the directory's differs (-set +found):\n%s", diff)
	}
	// The same again changes nothing, and nothing is recorded.
	before := len(p.trail(t))
	if _, err := p.Set(t.Context(), got.ID, change); err != nil {
		t.Fatal(err)
	}
	if after := len(p.trail(t)); before != 2 || after != before {
		t.Errorf("%d audit rows, then %d; want 2 and 2", before, after)
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	p := setup(t)
	before := p.create(t, "demo").Merchant.View()
	sbp := merchant.MethodKey{Currency: "rub", Method: "sbp"}
	method := func(key merchant.MethodKey, c merchant.MethodChange) merchant.Change {
		return merchant.Change{Methods: map[merchant.MethodKey]merchant.MethodChange{key: c}}
	}
	limit := func(name merchant.LimitName, l ratelimit.Limit) merchant.Change {
		return merchant.Change{Limits: map[merchant.LimitName]ratelimit.Limit{name: l}}
	}
	rub := func(minor int64) *money.Money { return new(money.New(minor, "RUB")) }
	for _, tt := range []struct {
		name   string
		change merchant.Change
		fields []string
	}{
		{"ErrForm", merchant.Change{StandartSign: new(signing.Form("sign_key"))}, []string{"standart_sign"}},
		{"ErrNoTimeout", merchant.Change{Timeout: new(time.Duration(0))}, []string{"timeout"}},
		{"ErrLongTimeout", merchant.Change{Timeout: new(10081 * time.Minute)}, []string{"timeout"}},
		{"ErrPartOfAMinute", merchant.Change{Timeout: new(90 * time.Second)}, []string{"timeout"}},
		{"ErrFee", merchant.Change{FeeBPS: new(int64(-1))}, []string{"fee_bps"}},
		{"ErrFixedFee", merchant.Change{FeeFixed: new(money.New(1, money.USDT))}, []string{"fee_fixed"}},
		{"ErrMethod", method(merchant.MethodKey{Currency: "rub", Method: "cash"}, merchant.MethodChange{}), []string{"methods"}},
		{"ErrCurrency", method(merchant.MethodKey{Currency: "zzz", Method: "card"}, merchant.MethodChange{}), []string{"methods"}},
		{"ErrCurrencyInUpperCase", method(merchant.MethodKey{Currency: "RUB", Method: "card"}, merchant.MethodChange{}), []string{"methods"}},
		{"ErrBoundsInAnotherCurrency", method(sbp, merchant.MethodChange{Min: new(money.New(1, "EUR"))}), []string{"methods.rub/sbp"}},
		{"ErrMinimumOfZero", method(sbp, merchant.MethodChange{Min: rub(0)}), []string{"methods.rub/sbp.min"}},
		{"ErrMaximumBelowMinimum", method(sbp, merchant.MethodChange{Max: rub(9999)}), []string{"methods.rub/sbp.max"}},
		{"ErrMaximumBeyondWhatCanBeAsked", method(sbp, merchant.MethodChange{Max: rub(100_000_000_000_000)}), []string{"methods.rub/sbp.max"}},
		{"ErrLimitName", limit("other", ratelimit.Limit{}), []string{"limits"}},
		{"ErrLimitWithoutBurst", limit(merchant.LimitCreate, ratelimit.Limit{Rate: 1, Per: time.Second}), []string{"limits.create"}},
		{"ErrLimitWithoutRate", limit(merchant.LimitCreate, ratelimit.Limit{Per: time.Second, Burst: 1}), []string{"limits.create"}},
		{"ErrLimitPerMillisecond", limit(merchant.LimitCreate, ratelimit.Limit{Rate: 1, Per: time.Millisecond, Burst: 1}), []string{"limits.create"}},
		{"ErrLimitBeyondTheLimiter", limit(merchant.LimitCreate, ratelimit.Limit{Rate: 100_001, Per: time.Second, Burst: 1}), []string{"limits.create"}},
		{"ErrLimitThatRefillsInAYear", limit(merchant.LimitCreate, ratelimit.Limit{Rate: 1, Per: 24 * time.Hour, Burst: 365}), []string{"limits.create"}},
		{"ErrAllAtOnce", merchant.Change{
			FeeBPS: new(int64(-1)), Timeout: new(-time.Minute), Luhn: new(true),
			Methods: map[merchant.MethodKey]merchant.MethodChange{sbp: {Min: rub(-1), Max: rub(-2)}},
			Limits:  map[merchant.LimitName]ratelimit.Limit{"x": {}},
		}, []string{"fee_bps", "timeout", "methods.rub/sbp.min", "methods.rub/sbp.max", "limits"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Set(t.Context(), "demo", tt.change)
			checkFault(t, err, "invalid_request", tt.fields)
			if diff := cmp.Diff(before, p.byName(t, "demo").View()); diff != "" {
				t.Errorf("a refused change changed (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("ErrNotFound", func(t *testing.T) {
		t.Parallel()
		for _, ref := range []string{"nobody", "", "\x00", publicid.New("mer")} {
			_, err := p.Set(t.Context(), ref, merchant.Change{})
			checkFault(t, err, "not_found", nil)
		}
	})
	t.Run("OKLargestMaximum", func(t *testing.T) {
		t.Parallel()
		if _, err := setup2(t).Set(t.Context(), "demo", method(sbp, merchant.MethodChange{Max: rub(99_999_999_999_999)})); err != nil {
			t.Error(err)
		}
	})
}

// setup2 is a process of its own with a merchant.
func setup2(t *testing.T) *process {
	t.Helper()
	p := setup(t)
	p.create(t, "demo")
	return p
}

func TestDisableAndEnable(t *testing.T) {
	t.Parallel()
	here := setup2(t)
	there := start(t, here.pool, here.since, here.keys...)
	if m := there.byName(t, "demo"); m.Disabled {
		t.Fatal("disabled from the start")
	}
	for range 2 { // the second time changes nothing
		m, err := here.Disable(t.Context(), "demo")
		if err != nil || !m.Disabled {
			t.Fatalf("Disable = %+v, %v", m, err)
		}
	}
	if !here.byName(t, "demo").Disabled {
		t.Error("not seen where it was done")
	}
	there.poll(t)
	if !there.byName(t, "demo").Disabled {
		t.Error("not seen by another process after its poll")
	}
	if m, err := here.Enable(t.Context(), "demo"); err != nil || m.Disabled {
		t.Errorf("Enable = %+v, %v", m, err)
	}
	if n := len(here.trail(t)); n != 3 {
		t.Errorf("%d audit rows, want 3", n)
	}
}

func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made := p.create(t, "demo")
	rotated, err := p.RotateKeys(t.Context(), "demo", nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	m := p.byName(t, "demo")
	encoded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	trail, err := json.Marshal(p.trail(t))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"json": string(encoded), "audit": string(trail),
		"fmt": fmt.Sprintf("%v %+v %#v %s %v %+v %#v", m, m, m, m, made, made, rotated),
	}
	for _, s := range []merchant.Secrets{made.Secrets, rotated.Secrets} {
		for kind, secret := range map[string]string{"sign": s.SignKey, "api": s.APIKey, "webhook": s.WebhookSecret} {
			if len(secret) < 40 {
				t.Errorf("%s key %q is too short", kind, secret)
			}
			for where, text := range texts {
				if strings.Contains(text, secret) {
					t.Errorf("the %s key shows in %s", kind, where)
				}
			}
		}
	}
	var unsealed int
	if err := p.pool.QueryRow(t.Context(), `
select count(*) from merchant_keys
where position(convert_to($1, 'utf8') in coalesce(secret_box, '')) > 0 or hash = convert_to($2, 'utf8')`,
		made.Secrets.SignKey, made.Secrets.APIKey).Scan(&unsealed); err != nil || unsealed != 0 {
		t.Errorf("%d keys rest in clear, %v", unsealed, err)
	}
}

func TestConstructorsRefuseWhatIsMissingByName(t *testing.T) {
	t.Parallel()
	type books struct{ merchant.Books }
	full := merchant.Deps{DB: &pgxpool.Pool{}, Ledger: books{}, Vault: &vault.Vault{}, Watcher: &epoch.Watcher{}, Now: time.Now}
	for name, strip := range map[string]func(*merchant.Deps){
		"DB": func(d *merchant.Deps) { d.DB = nil }, "Ledger": func(d *merchant.Deps) { d.Ledger = nil },
		"Vault": func(d *merchant.Deps) { d.Vault = nil }, "Watcher": func(d *merchant.Deps) { d.Watcher = nil },
		"Now": func(d *merchant.Deps) { d.Now = nil },
	} {
		d := full
		strip(&d)
		if _, err := merchant.NewService(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("service without %s: %v", name, err)
		}
		if name == "Ledger" {
			continue
		}
		dd := merchant.DirectoryDeps{DB: d.DB, Vault: d.Vault, Watcher: d.Watcher, Now: d.Now}
		if _, err := merchant.NewDirectory(dd); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("directory without %s: %v", name, err)
		}
	}
}

// TestALockedConfigurationIsNotWaitedForLong has another process stop in the
// middle of a change.
func TestALockedConfigurationIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	p := setup2(t)
	frozen, err := p.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = frozen.Rollback(context.Background()) }()
	if _, err := frozen.Exec(t.Context(), `update config_epoch set n = n + 1`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err = p.Disable(ctx, "demo")
	checkFault(t, err, "unavailable", nil)
	_, err = p.CreateMany(ctx, []merchant.New{{Name: "other"}})
	checkFault(t, err, "unavailable", nil)
}
