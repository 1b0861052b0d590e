package gameprovider_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/gameprovider"
	"disburse/gateway/vault"
	"disburse/signing"
)

var body = []byte(`{"sessionId":"sess-1","playerId":"p-7","currency":"EUR"}`)

func (p *process) verifies(t *testing.T, publicKey, privateKey string) bool {
	t.Helper()
	found, err := p.dir.ByPublicKey(t.Context(), publicKey)
	if err != nil && !errors.Is(err, gameprovider.ErrUnknownKey) {
		t.Fatal(err)
	}
	ok := found.Verify("POST", uri, body, signing.WalletSignature("POST", uri, body, privateKey), p.now())
	if ok && err != nil {
		t.Error("a decoy verifies")
	}
	return ok
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := setup(t)
	made, pair := p.create(t, "demo")
	_, other := p.create(t, "other")
	found, err := p.dir.ByPublicKey(t.Context(), pair.PublicKey)
	if err != nil || found.ID != made.ID || found.Name != "demo" || found.Profile != gameprovider.Default() {
		t.Fatalf("found %v %+v, %v", found, found.Profile, err)
	}
	good := signing.WalletSignature("POST", uri, body, pair.PrivateKey)
	tests := []struct {
		name, method, uri, signature string
		body                         []byte
		want                         bool
	}{
		{"OK", "POST", uri, good, body, true},
		{"LowerCaseMethod", "post", uri, good, body, true},
		{"OtherMethod", "PUT", uri, good, body, false},
		{"OtherURI", "POST", uri + "/", good, body, false},
		{"OtherBody", "POST", uri, good, append([]byte(" "), body...), false},
		{"OneCharacterOff", "POST", uri, good[:63] + map[bool]string{true: "0", false: "1"}[good[63] == '1'], body, false},
		{"Cut", "POST", uri, good[:62], body, false},
		{"Empty", "POST", uri, "", body, false},
		{"OtherProvidersKey", "POST", uri, signing.WalletSignature("POST", uri, body, other.PrivateKey), body, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := found.Verify(tt.method, tt.uri, tt.body, tt.signature, p.now()); got != tt.want {
				t.Errorf("verified %t, want %t", got, tt.want)
			}
		})
	}
}

func TestUnknownKeysMeetADecoy(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, pair := p.create(t, "demo")
	for _, key := range []string{"", "gpk_none", "demo", pair.PrivateKey, "\x00"} {
		found, err := p.dir.ByPublicKey(t.Context(), key)
		if !errors.Is(err, gameprovider.ErrUnknownKey) || len(found.Keys) != 1 || found.ID != 0 {
			t.Errorf("%q: %v with %d keys, %v; want a decoy with one", key, found, len(found.Keys), err)
		}
		if p.verifies(t, key, pair.PrivateKey) {
			t.Errorf("%q verifies", key)
		}
	}
}

// TestRotationWindow walks the clock through the grace of a rotation, with the
// providers in memory all the time: nothing but the clock tells that it ended.
func TestRotationWindow(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, first := p.create(t, "demo")
	rotated, second, err := p.Rotate(t.Context(), "demo", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(rotated.Keys) != 2 || rotated.Keys[0].PublicKey != second.PublicKey || rotated.Keys[1].PublicKey != first.PublicKey {
		t.Errorf("keys are %v, want the new one first", rotated.Keys)
	}
	held, err := p.dir.ByPublicKey(t.Context(), first.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		at         time.Duration
		old, fresh bool
		told       int
	}{
		{"BothAtOnce", 0, true, true, 2},
		{"BothJustBeforeTheEnd", 24*time.Hour - 1, true, true, 2},
		{"TheNewOneAtTheEnd", 24 * time.Hour, false, true, 1},
		{"TheNewOneForEver", 10_000 * time.Hour, false, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) { // one clock: not parallel
			p.since.Store(int64(tt.at))
			got := []bool{p.verifies(t, first.PublicKey, first.PrivateKey), p.verifies(t, second.PublicKey, second.PrivateKey)}
			if diff := cmp.Diff([]bool{tt.old, tt.fresh}, got); diff != "" {
				t.Errorf("the old one and the new one work (-want +got):\n%s", diff)
			}
			signature := signing.WalletSignature("POST", uri, body, first.PrivateKey)
			if held.Verify("POST", uri, body, signature, p.now()) != tt.old {
				t.Errorf("a provider that is held verifies the old pair: %t", !tt.old)
			}
			// A pair belongs together.
			if p.verifies(t, first.PublicKey, second.PrivateKey) || p.verifies(t, second.PublicKey, first.PrivateKey) {
				t.Error("the halves of two pairs verify")
			}
			found, err := p.dir.ByPublicKey(t.Context(), second.PublicKey)
			if err != nil || len(found.Keys) != tt.told {
				t.Errorf("%d keys are told of, %v; want %d", len(found.Keys), err, tt.told)
			}
			read, err := p.ByName(t.Context(), "demo")
			if err != nil || len(read.Keys) != tt.told {
				t.Errorf("the service tells of %d keys, %v; want %d", len(read.Keys), err, tt.told)
			}
		})
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, first := p.create(t, "demo")
	rotate := func(grace time.Duration) gameprovider.Pair {
		t.Helper()
		_, pair, err := p.Rotate(t.Context(), "demo", grace)
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	second := rotate(time.Hour)
	third := rotate(time.Hour)
	works := func(pairs ...gameprovider.Pair) (got []bool) {
		t.Helper()
		for _, pair := range pairs {
			got = append(got, p.verifies(t, pair.PublicKey, pair.PrivateKey))
		}
		return got
	}
	if diff := cmp.Diff([]bool{false, true, true}, works(first, second, third)); diff != "" {
		t.Errorf("two at most work (-want +got):\n%s", diff)
	}
	fourth := rotate(0)
	if diff := cmp.Diff([]bool{false, false, true}, works(second, third, fourth)); diff != "" {
		t.Errorf("without a grace (-want +got):\n%s", diff)
	}
	// Nor for a process whose clock is behind.
	p.pass(-time.Minute)
	if diff := cmp.Diff([]bool{false, true}, works(third, fourth)); diff != "" {
		t.Errorf("without a grace, a minute before (-want +got):\n%s", diff)
	}
	for _, grace := range []time.Duration{-1, gameprovider.MaxGrace + 1} {
		_, _, err := p.Rotate(t.Context(), "demo", grace)
		wantCode(t, err, "invalid_request", "grace")
	}
	_, _, err := p.Rotate(t.Context(), "nobody", 0)
	wantCode(t, err, "not_found", "")
	p.wantTrail(t, "provider.rotate", 3)
}

func TestRotationsAtOnceLeaveOneCurrentPair(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := p.Rotate(t.Context(), "demo", time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	read, err := p.ByName(t.Context(), "demo")
	if err != nil || len(read.Keys) != 2 || read.Keys[0].ExpiresAt != nil || read.Keys[1].ExpiresAt == nil {
		t.Errorf("keys are %+v, %v; want one that is current and one in its grace", read.View().Keys, err)
	}
}

func TestPrivateKeysStayIn(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, first := p.create(t, "demo")
	_, second, err := p.Rotate(t.Context(), "demo", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.dir.ByPublicKey(t.Context(), second.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, found), fmt.Sprintf(verb, found.Keys), fmt.Sprintf(verb, []any{second, &found}))
	}
	for _, action := range []string{"provider.create", "provider.rotate"} {
		for _, item := range p.trail(t, action) {
			printed = append(printed, string(item.Before)+string(item.After))
		}
	}
	for _, text := range printed {
		if strings.Contains(text, first.PrivateKey) || strings.Contains(text, second.PrivateKey) {
			t.Errorf("a private key is in %s", text)
		}
	}
	var stored int
	if err := p.pool.QueryRow(t.Context(), `select count(*) from game_provider_keys where position($1::bytea in secret_box) > 0`,
		[]byte(second.PrivateKey)).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("%d keys rest in clear, %v", stored, err)
	}
	if encoded, err = json.Marshal(second); err != nil || !strings.Contains(string(encoded), second.PrivateKey) {
		t.Errorf("a new pair in JSON is %s, %v; it is shown this once", encoded, err)
	}
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, one := p.create(t, "one")
	_, two := p.create(t, "two")
	newer := vault.Generate("k2")
	next := start(t, p.pool, p.since, newer, p.keys[0])
	if n, err := next.SealedOtherwise(t.Context()); err != nil || n != 2 {
		t.Errorf("%d keys are sealed otherwise, %v; want 2", n, err)
	}
	total := 0
	for {
		n, err := next.Reencrypt(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		total += n
	}
	if n, err := next.SealedOtherwise(t.Context()); total != 2 || err != nil || n != 0 {
		t.Errorf("%d were sealed anew and %d are left, %v; want 2 and 0", total, n, err)
	}
	alone := start(t, p.pool, p.since, newer)
	for _, pair := range []gameprovider.Pair{one, two} {
		if !alone.verifies(t, pair.PublicKey, pair.PrivateKey) {
			t.Error("a pair does not work without the old key")
		}
	}
}

// TestOneDamagedKeyTakesNobodyElseDown puts the sealed key of one provider into
// the row of another.
func TestOneDamagedKeyTakesNobodyElseDown(t *testing.T) {
	t.Parallel()
	p := setup(t)
	_, well := p.create(t, "well")
	_, ill := p.create(t, "ill")
	if _, err := p.pool.Exec(t.Context(), `update game_provider_keys set secret_box =
		(select secret_box from game_provider_keys where public_key = $1) where public_key = $2`, well.PublicKey, ill.PublicKey); err != nil {
		t.Fatal(err)
	}
	p.watcher.Invalidate()
	if _, err := p.dir.ByPublicKey(t.Context(), ill.PublicKey); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("got %v, want %v", err, vault.ErrDamaged)
	}
	if !p.verifies(t, well.PublicKey, well.PrivateKey) {
		t.Error("the other provider is taken down")
	}
}
