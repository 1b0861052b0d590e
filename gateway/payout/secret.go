package payout

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"fmt"

	"disburse/gateway/vault"
)

// secret is what a payout keeps encrypted: where the money goes, and the salt
// of its fingerprint. A request holds a card number, of which the row shows the
// last digits: without the salt, whoever had the row could find the others by
// trying.
type secret struct {
	requisite string
	salt      []byte
}

const saltBytes = 16

// newSecret makes the secret of a new payout.
func newSecret(requisite string) secret {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	return secret{requisite, salt}
}

// No requisite holds the byte that ends it.
const endOfRequisite = 0

func requisiteAAD(id string) string { return "payouts.requisite_box:" + id }

func (s *Service) seal(id string, of secret) (vault.Sealed, error) {
	plain := append(append([]byte(of.requisite), endOfRequisite), of.salt...)
	sealed, err := s.d.Vault.Seal(requisiteAAD(id), plain)
	if err != nil {
		return vault.Sealed{}, fmt.Errorf("payout: seal: %w", err)
	}
	return sealed, nil
}

// open is the secret of a payout.
func (s *Service) open(p Payout) (secret, error) {
	plain, err := s.d.Vault.Open(requisiteAAD(p.ID), p.requisite)
	if err != nil {
		return secret{}, fmt.Errorf("payout: requisite of %s: %w", p.ID, err)
	}
	requisite, salt, _ := bytes.Cut(plain, []byte{endOfRequisite})
	return secret{string(requisite), salt}, nil
}

// requisite opens the requisite.
func (s *Service) requisite(p Payout) (string, error) {
	opened, err := s.open(p)
	return opened.requisite, err
}

// asked reports whether a request is the one that made the payout.
func (s *Service) asked(p Payout, req *CreateRequest) (bool, error) {
	opened, err := s.open(p)
	return err == nil && hmac.Equal(p.fingerprint, req.fingerprint(opened.salt)), err
}
