package operator

import (
	"context"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"

	"disburse/gateway/publicid"
)

// hashing is the cost of a password: 19 MiB, two passes, one thread.
var hashing = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hasher bounds how many hashes are worked out at once, so that a burst of
// logins takes neither the memory nor the processors away from payouts.
type hasher struct {
	slots chan struct{}
	decoy string // the hash of a password that nobody knows
}

func newHasher() (*hasher, error) {
	decoy, err := argon2id.CreateHash(publicid.Token("decoy"), &hashing)
	if err != nil {
		return nil, fmt.Errorf("operator: hash: %w", err)
	}
	return &hasher{slots: make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1)), decoy: decoy}, nil
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasher) leave() { <-h.slots }

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	return argon2id.CreateHash(password, &hashing)
}

// matches checks a password against a stored hash; an empty hash is checked
// against the decoy, at the same cost, and never matches.
func (h *hasher) matches(ctx context.Context, password, stored string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	known := stored != ""
	if !known {
		stored = h.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, stored)
	return match && known, err
}
