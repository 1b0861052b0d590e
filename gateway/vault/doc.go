// Package vault encrypts the secrets and the requisites that rest in the
// database.
//
// A vault holds several named keys. The first is the primary one and seals;
// all of them open. Each sealed value names its key, so a key is rotated by
// putting a new one in front, re-encrypting what names another one, and then
// dropping the old one.
//
// Every row gets its own AES-256-GCM key: HKDF-SHA256 derives it from the named
// key and the additional data, which is the text "table.column:rowid". So a
// value moved to another row does not open, and the random nonces of one
// subkey never grow numerous enough to repeat.
//
// It promises that its errors and its printed forms hold neither plaintext nor
// keys. It leaves to its callers where sealed values are stored and where the
// keys come from.
package vault
