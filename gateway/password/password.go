// Package password hashes the passwords that people sign in with, as argon2id,
// and checks them.
//
// Weakness says what may be chosen as one.
//
// It promises that checking a password of nobody does the work of checking a
// real one, and that few are worked on at a time in one process, so that a burst
// of sign-ins takes neither the memory nor the processors away from payouts.
// Whose password it is, and what too many wrong ones lead to, is left to others.
package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// Longest is how many bytes a password may have to be looked at.
const Longest = 1024

// hashing is the cost of a password: 19 MiB, two passes, one thread.
var hashing = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// slots bounds how many hashes are worked out at once.
var slots = make(chan struct{}, max(runtime.GOMAXPROCS(0)/2, 1))

// decoy looks like the hash of a password, and is of none that anybody will find:
// its key was drawn, not worked out.
var decoy = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashing.Memory, hashing.Iterations, hashing.Parallelism,
	drawn(hashing.SaltLength), drawn(hashing.KeyLength))

func drawn(length uint32) string {
	random := make([]byte, length)
	_, _ = rand.Read(random) // never fails
	return base64.RawStdEncoding.EncodeToString(random)
}

func enter(ctx context.Context) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leave() { <-slots }

// Hash is what is to be stored of a password. It waits for its turn as long as
// ctx lets it, as Matches does.
func Hash(ctx context.Context, password string) (string, error) {
	if err := enter(ctx); err != nil {
		return "", err
	}
	defer leave()
	return argon2id.CreateHash(password, &hashing)
}

// Matches checks a password against a stored hash. An empty hash is that of
// nobody: it takes the same work and never matches. Neither does a password that
// is longer than Longest.
func Matches(ctx context.Context, password, stored string) (bool, error) {
	if len(password) > Longest {
		return false, nil
	}
	if err := enter(ctx); err != nil {
		return false, err
	}
	defer leave()
	known := stored != ""
	if !known {
		stored = decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, stored)
	return match && known, err
}
