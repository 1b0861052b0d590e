package gameprovider_test

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/gameprovider"
)

// modelPair is a pair and until when it works; zero is for ever.
type modelPair struct {
	gameprovider.Pair
	until time.Time
}

// TestKeysFollowTheModel rotates and lets time pass in any order: the pairs
// that work are the current one and the one before it until its grace ends.
func TestKeysFollowTheModel(t *testing.T) {
	t.Parallel()
	p := setup(t)
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		name := "demo-" + strconv.Itoa(runs)
		_, pair := p.create(t, name)
		pairs := []modelPair{{Pair: pair}} // oldest first
		r.Repeat(map[string]func(*rapid.T){
			"rotate": func(r *rapid.T) {
				grace := time.Duration(rapid.IntRange(0, 3).Draw(r, "hours")) * time.Hour
				_, pair, err := p.Rotate(t.Context(), name, grace)
				if err != nil {
					r.Fatal(err)
				}
				// Whatever was in a grace ends now, and the current one in the new grace.
				for i := range pairs[:len(pairs)-1] {
					pairs[i].until = time.Unix(0, 1)
				}
				pairs[len(pairs)-1].until = p.now().Add(grace)
				pairs = append(pairs, modelPair{Pair: pair})
			},
			"pass": func(r *rapid.T) {
				p.pass(time.Duration(rapid.IntRange(1, 120).Draw(r, "minutes")) * time.Minute)
			},
			"forget": func(*rapid.T) { p.watcher.Invalidate() },
			"": func(r *rapid.T) {
				working := 0
				for i, pair := range pairs {
					want := pair.until.IsZero() || pair.until.After(p.now())
					if got := p.verifies(t, pair.PublicKey, pair.PrivateKey); got != want {
						r.Fatalf("pair %d of %d works: %t, want %t", i+1, len(pairs), got, want)
					}
					if want {
						working++
					}
				}
				if working > 2 {
					r.Fatalf("%d pairs work", working)
				}
			},
		})
	})
}
