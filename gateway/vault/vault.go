package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// The failures of Open, for errors.Is.
var (
	ErrUnknownKey = errors.New("vault: the value names a key that is not configured")
	ErrDamaged    = errors.New("vault: the value does not open")
)

// format is the first byte of every box, so that the construction can change
// while old boxes still open.
const format = 1

// Sealed is an encrypted value as it is stored, in two columns: the name of its
// key and the box, which is a format byte, the nonce and the ciphertext.
type Sealed struct {
	Key string
	Box []byte
}

// Vault seals with its first key and opens with any. It is safe for concurrent
// use.
type Vault struct {
	primary string
	keys    map[string]Key
}

// New makes a vault of keys, the first of which is the primary one. It refuses
// an empty list, a bad name and two keys of one name.
func New(keys ...Key) (*Vault, error) {
	if len(keys) == 0 {
		return nil, errors.New("vault: no encryption key is configured")
	}
	v := &Vault{primary: keys[0].ID, keys: make(map[string]Key, len(keys))}
	for i, k := range keys {
		if !validID(k.ID) {
			return nil, fmt.Errorf("vault: key %d has a bad name", i+1)
		}
		if k.secret == [keyBytes]byte{} {
			return nil, fmt.Errorf("vault: key %d is empty", i+1)
		}
		if _, twice := v.keys[k.ID]; twice {
			return nil, fmt.Errorf("vault: key %d has the name of an earlier one", i+1)
		}
		v.keys[k.ID] = k
	}
	return v, nil
}

// Primary is the name of the key that seals.
func (v *Vault) Primary() string { return v.primary }

// Seal encrypts plain for the row that aad names ("table.column:rowid").
func (v *Vault) Seal(aad string, plain []byte) (Sealed, error) {
	box, err := v.aead(v.primary, aad)
	if err != nil {
		return Sealed{}, err
	}
	out := make([]byte, 1, 1+box.Overhead()+len(plain))
	out[0] = format
	return Sealed{Key: v.primary, Box: box.Seal(out, nil, plain, []byte(aad))}, nil
}

// Open decrypts a value of the row that aad names. It fails with ErrUnknownKey
// when the value names no key of this vault, and with ErrDamaged when the value
// was changed, cut, or sealed for another row or under another key.
func (v *Vault) Open(aad string, s Sealed) ([]byte, error) {
	if _, known := v.keys[s.Key]; !known {
		return nil, fmt.Errorf("%w (row %s)", ErrUnknownKey, aad)
	}
	if len(s.Box) == 0 || s.Box[0] != format {
		return nil, fmt.Errorf("%w (row %s)", ErrDamaged, aad)
	}
	box, err := v.aead(s.Key, aad)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, nil, s.Box[1:], []byte(aad))
	if err != nil {
		return nil, fmt.Errorf("%w (row %s)", ErrDamaged, aad)
	}
	return plain, nil
}

func (v *Vault) aead(key, aad string) (cipher.AEAD, error) {
	k := v.keys[key]
	sub, err := hkdf.Key(sha256.New, k.secret[:], nil, "disburse/vault/1\x00"+aad, keyBytes)
	if err != nil {
		return nil, fmt.Errorf("vault: derive: %w", err)
	}
	block, err := aes.NewCipher(sub)
	if err != nil {
		return nil, fmt.Errorf("vault: cipher: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("vault: cipher: %w", err)
	}
	return box, nil
}

// Row is one stored value on its way to the primary key. ID is the row's
// primary key and AAD the text it was sealed with.
type Row struct {
	ID     string
	AAD    string
	Sealed Sealed
	// Was is the name of the key before, filled in by Reencrypt: the guard of
	// the update that stores Sealed.
	Was string
}

// Columns has a batch as the arrays of one statement that stores it: the IDs,
// what each Was, and the key and the box of each Sealed.
func Columns(rows []Row) (ids, was, keys []string, boxes [][]byte) {
	for _, r := range rows {
		ids, was = append(ids, r.ID), append(was, r.Was)
		keys, boxes = append(keys, r.Sealed.Key), append(boxes, r.Sealed.Box)
	}
	return ids, was, keys, boxes
}

// Reencrypt re-seals one batch. page gives rows whose key is not primary;
// store writes them back, guarded by Was, since a row may have changed between
// the two. It returns how many rows the batch had; zero means that none is
// left. A row that does not open stops the batch before anything is stored.
func (v *Vault) Reencrypt(ctx context.Context,
	page func(ctx context.Context, primary string) ([]Row, error),
	store func(ctx context.Context, rows []Row) error,
) (int, error) {
	rows, err := page(ctx, v.primary)
	if err != nil {
		return 0, fmt.Errorf("vault: page: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	for i := range rows {
		plain, err := v.Open(rows[i].AAD, rows[i].Sealed)
		if err != nil {
			return 0, err
		}
		rows[i].Was = rows[i].Sealed.Key
		if rows[i].Sealed, err = v.Seal(rows[i].AAD, plain); err != nil {
			return 0, err
		}
	}
	if err := store(ctx, rows); err != nil {
		return 0, fmt.Errorf("vault: store: %w", err)
	}
	return len(rows), nil
}
