package merchant_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/merchant"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/signing"
)

func (p *process) rotate(t *testing.T, grace time.Duration, kinds ...merchant.KeyKind) merchant.Rotated {
	t.Helper()
	r, err := p.RotateKeys(t.Context(), "demo", kinds, grace)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// apiWorks tells which of the API keys are let in.
func (p *process) apiWorks(t *testing.T, keys ...string) []bool {
	t.Helper()
	got := make([]bool, len(keys))
	for i, key := range keys {
		_, err := p.dir.AuthenticateAPIKey(t.Context(), "demo", key)
		if err != nil && !errors.Is(err, merchant.ErrInvalidAPIKey) {
			t.Fatal(err)
		}
		got[i] = err == nil
	}
	return got
}

// TestRotationWindow walks the clock through the grace of a rotation, with the
// record in memory all the time: nothing but the clock tells that it ended.
func TestRotationWindow(t *testing.T) {
	t.Parallel()
	p := setup(t)
	first := p.create(t, "demo").Secrets
	second := p.rotate(t, 24*time.Hour).Secrets
	for _, tt := range []struct {
		name    string
		at      time.Duration
		sign    []string
		webhook []string
		api     []bool // first, second
	}{
		{"BothAtOnce", 0, []string{second.SignKey, first.SignKey}, []string{second.WebhookSecret, first.WebhookSecret}, []bool{true, true}},
		{"BothJustBeforeTheEnd", 24*time.Hour - 1, []string{second.SignKey, first.SignKey}, []string{second.WebhookSecret, first.WebhookSecret}, []bool{true, true}},
		{"TheNewOneAtTheEnd", 24 * time.Hour, []string{second.SignKey}, []string{second.WebhookSecret}, []bool{false, true}},
		{"TheNewOneForEver", 10_000 * time.Hour, []string{second.SignKey}, []string{second.WebhookSecret}, []bool{false, true}},
	} {
		t.Run(tt.name, func(t *testing.T) { // one clock: not parallel
			p.since.Store(int64(tt.at))
			m := p.byName(t, "demo")
			if diff := cmp.Diff([][]string{tt.sign, tt.webhook}, [][]string{m.SignKeys, m.WebhookSecrets}); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.api, p.apiWorks(t, first.APIKey, second.APIKey)); diff != "" {
				t.Errorf("api keys (-want +got):\n%s", diff)
			}
			if len(m.Keys) != 3*len(tt.sign) {
				t.Errorf("%d keys are told of, want %d", len(m.Keys), 3*len(tt.sign))
			}
			secrets, err := p.dir.WebhookSecrets(t.Context(), m.ID)
			if diff := cmp.Diff(tt.webhook, secrets); diff != "" || err != nil {
				t.Errorf("WebhookSecrets: %v\n%s", err, diff)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	t.Run("AgainDropsTheOldestAtOnce", func(t *testing.T) {
		t.Parallel()
		p := setup(t)
		first := p.create(t, "demo").Secrets
		second := p.rotate(t, 24*time.Hour).Secrets
		third := p.rotate(t, 24*time.Hour).Secrets
		m := p.byName(t, "demo")
		if diff := cmp.Diff([]string{third.SignKey, second.SignKey}, m.SignKeys); diff != "" {
			t.Errorf("sign keys (-want +got):\n%s", diff)
		}
		if got := p.apiWorks(t, first.APIKey, second.APIKey, third.APIKey); !slices.Equal(got, []bool{false, true, true}) {
			t.Errorf("api keys first to third: %v", got)
		}
	})
	t.Run("OfOneKindLeavesTheOthers", func(t *testing.T) {
		t.Parallel()
		p := setup(t)
		first := p.create(t, "demo").Secrets
		second := p.rotate(t, time.Hour, merchant.SignKey, merchant.SignKey).Secrets
		if second.SignKey == "" || second.APIKey != "" || second.WebhookSecret != "" {
			t.Errorf("new keys of other kinds: %t %t", second.APIKey != "", second.WebhookSecret != "")
		}
		m := p.byName(t, "demo")
		want := [][]string{{second.SignKey, first.SignKey}, {first.WebhookSecret}}
		if diff := cmp.Diff(want, [][]string{m.SignKeys, m.WebhookSecrets}); diff != "" {
			t.Errorf("secrets (-want +got):\n%s", diff)
		}
	})
	t.Run("WithoutGraceEndsTheOldAtOnce", func(t *testing.T) {
		t.Parallel()
		p := setup(t)
		p.create(t, "demo")
		p.rotate(t, time.Hour)
		last := p.rotate(t, 0).Secrets
		m := p.byName(t, "demo")
		if !slices.Equal(m.SignKeys, []string{last.SignKey}) || !slices.Equal(m.WebhookSecrets, []string{last.WebhookSecret}) {
			t.Errorf("%d sign keys, %d webhook secrets", len(m.SignKeys), len(m.WebhookSecrets))
		}
	})
	t.Run("ReachesAnotherProcess", func(t *testing.T) {
		t.Parallel()
		here := setup2(t)
		there := start(t, here.pool, here.since, here.keys...)
		there.byName(t, "demo")
		fresh := here.rotate(t, time.Hour).Secrets
		there.poll(t)
		if got := there.byName(t, "demo").SignKeys[0]; got != fresh.SignKey {
			t.Error("the other process still signs with the old key")
		}
	})
	t.Run("Concurrently", func(t *testing.T) {
		t.Parallel()
		p := setup2(t)
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := p.RotateKeys(t.Context(), "demo", nil, time.Hour); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(p.byName(t, "demo").SignKeys); n != 2 {
			t.Errorf("%d sign keys are active", n)
		}
	})
	t.Run("Refuses", func(t *testing.T) {
		t.Parallel()
		p := setup2(t)
		for _, tt := range []struct {
			ref    string
			kinds  []merchant.KeyKind
			grace  time.Duration
			code   string
			fields []string
		}{
			{"nobody", nil, 0, "not_found", nil},
			{"demo", nil, -1, "invalid_request", []string{"grace"}},
			{"demo", nil, merchant.MaxGrace + 1, "invalid_request", []string{"grace"}},
			{"demo", []merchant.KeyKind{"ssh"}, -1, "invalid_request", []string{"only", "grace"}},
		} {
			_, err := p.RotateKeys(t.Context(), tt.ref, tt.kinds, tt.grace)
			checkFault(t, err, tt.code, tt.fields)
		}
	})
}

func TestKeysHaveTheirShapes(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made := p.create(t, "demo")
	s := made.Secrets
	if !publicid.ValidToken("sk", s.SignKey) || !publicid.ValidToken("ak", s.APIKey) {
		t.Error("a key has another shape")
	}
	if err := signing.CheckSecret(s.WebhookSecret); err != nil {
		t.Error(err)
	}
	byKind := map[merchant.KeyKind]string{merchant.SignKey: s.SignKey, merchant.APIKey: s.APIKey, merchant.WebhookSecret: s.WebhookSecret}
	for _, k := range made.Merchant.Keys {
		if !strings.HasPrefix(byKind[k.Kind], k.Prefix) || len(k.Prefix) > 10 || k.ExpiresAt != nil || !k.CreatedAt.Equal(noon) {
			t.Errorf("key = %+v", k)
		}
	}
}

func TestAuthenticateAPIKey(t *testing.T) {
	t.Parallel()
	p := setup(t)
	demo, other := p.create(t, "demo"), p.create(t, "other")
	p.create(t, "off")
	if _, err := p.Disable(t.Context(), "off"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, merchant, key string
		ok                  bool
	}{
		{"OK", "demo", demo.Secrets.APIKey, true},
		{"ErrWrong", "demo", publicid.Token("ak"), false},
		{"ErrEmpty", "demo", "", false},
		{"ErrOfAnother", "demo", other.Secrets.APIKey, false},
		{"ErrSignKey", "demo", demo.Secrets.SignKey, false},
		{"ErrOtherCase", "demo", strings.ToUpper(demo.Secrets.APIKey), false},
		{"ErrUnknownMerchant", "nobody", demo.Secrets.APIKey, false},
		{"ErrNoMerchant", "", "", false},
		{"ErrByID", demo.Merchant.ID, demo.Secrets.APIKey, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := p.dir.AuthenticateAPIKey(t.Context(), tt.merchant, tt.key)
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, merchant.ErrInvalidAPIKey) {
				t.Fatalf("error = %v", err)
			}
			if tt.ok && m.Name != tt.merchant {
				t.Errorf("found %v", m)
			}
		})
	}
	t.Run("ErrDisabled", func(t *testing.T) {
		t.Parallel()
		p := setup(t)
		made := p.create(t, "off")
		if _, err := p.Disable(t.Context(), "off"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.dir.AuthenticateAPIKey(t.Context(), "off", made.Secrets.APIKey); !errors.Is(err, merchant.ErrInvalidAPIKey) {
			t.Errorf("error = %v", err)
		}
	})
}

func TestAuthenticatingGivesADecoyForNobody(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made := p.create(t, "demo")
	m, known, err := p.dir.Authenticating(t.Context(), "demo")
	if err != nil || !known || m.ID != made.Merchant.ID {
		t.Fatalf("Authenticating = %v, %v, %v", m, known, err)
	}
	if _, err := p.Disable(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nobody", "demo"} {
		m, known, err := p.dir.Authenticating(t.Context(), name)
		if err != nil || known || m.Name != name || len(m.SignKeys) != 1 || len(m.WebhookSecrets) != 1 {
			t.Errorf("%s: %v, %v, %v", name, m, known, err)
		}
		if m.SignKeys[0] == made.Secrets.SignKey || m.ID == made.Merchant.ID {
			t.Errorf("%s: the decoy is the merchant itself", name)
		}
	}
}

// TestUnknownNamesAskTheDatabaseNothing stops the database: what is held in
// memory still answers, for known and for unknown names alike.
func TestUnknownNamesAskTheDatabaseNothing(t *testing.T) {
	t.Parallel()
	p := setup2(t)
	p.byName(t, "demo")
	p.pool.Close()
	if _, err := p.dir.ByName(t.Context(), "demo"); err != nil {
		t.Errorf("known: %v", err)
	}
	for range 1000 {
		if _, err := p.dir.ByName(t.Context(), publicid.Token("x")); !errors.Is(err, merchant.ErrNotFound) {
			t.Fatalf("unknown: %v", err)
		}
		if _, err := p.dir.ByID(t.Context(), publicid.New("mer")); !errors.Is(err, merchant.ErrNotFound) {
			t.Fatalf("unknown id: %v", err)
		}
	}
	p.watcher.Invalidate()
	_, err := p.dir.ByName(t.Context(), "nobody")
	if err == nil || errors.Is(err, merchant.ErrNotFound) {
		t.Errorf("with nothing in memory and no database: %v", err)
	}
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	old := setup(t)
	made := old.create(t, "demo")
	old.create(t, "other")
	k2 := vault.Generate("k2")
	both := start(t, old.pool, old.since, k2, old.keys[0])
	total := 0
	for {
		n, err := both.Reencrypt(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if total += n; n == 0 {
			break
		}
	}
	if total != 4 {
		t.Errorf("%d keys, want 4", total)
	}
	fresh := start(t, old.pool, old.since, k2)
	m := fresh.byName(t, "demo")
	if !slices.Equal(m.SignKeys, []string{made.Secrets.SignKey}) || !slices.Equal(m.WebhookSecrets, []string{made.Secrets.WebhookSecret}) {
		t.Error("the keys are not what they were")
	}
	alone := start(t, old.pool, old.since, vault.Generate("k3"))
	if _, err := alone.dir.ByName(t.Context(), "demo"); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("without the key: %v", err)
	}
}
