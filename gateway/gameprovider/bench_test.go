package gameprovider_test

import (
	"testing"

	"disburse/signing"
)

// BenchmarkVerify is what a call costs before its body is looked at.
func BenchmarkVerify(b *testing.B) {
	p := setup(b)
	_, pair := p.create(b, "demo")
	signature := signing.WalletSignature("POST", uri, body, pair.PrivateKey)
	for b.Loop() {
		found, err := p.dir.ByPublicKey(b.Context(), pair.PublicKey)
		if err != nil || !found.Verify("POST", uri, body, signature, p.now()) {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeat is the one query that a bet needs besides its own.
func BenchmarkSeat(b *testing.B) {
	p := setup(b)
	demo, _ := p.create(b, "demo")
	p.bind(b, "demo", "p-7")
	p.open(b, "demo", "p-7", "s")
	for b.Loop() {
		if seat := p.seat(b, demo.ID, "p-7", "s"); seat.Session == nil {
			b.Fatal("no session")
		}
	}
}
