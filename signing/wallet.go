package signing

import (
	"crypto/md5" //nolint:gosec // the scheme's own digest of the body; HMAC-SHA256 over it is what authenticates
	"encoding/hex"
	"strings"
)

// WalletString is the text that WalletSignature signs: the method in upper
// case, the URI, and the upper-case hex MD5 of the raw body, each on its own
// line, without a final line break.
func WalletString(method, uri string, body []byte) string {
	digest := md5.Sum(body) //nolint:gosec // see the import
	return strings.ToUpper(method) + "\n" + uri + "\n" + strings.ToUpper(hex.EncodeToString(digest[:]))
}

// WalletSignature is the Signature header of a game wallet call in lower-case
// hex. uri is the full public URL with scheme, host and path; body is the raw
// body, before any parsing. Compare with VerifyHex.
func WalletSignature(method, uri string, body []byte, key string) string {
	return hex.EncodeToString(hmacSHA256([]byte(key), []byte(WalletString(method, uri, body))))
}
