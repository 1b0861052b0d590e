package signing

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"
)

// Form says which parts a standart_sign joins, and in which order. Its text is
// what the merchant's setting shows.
type Form string

const (
	// OrderKey is the default form.
	OrderKey Form = "order_id:sign_key"
	// MerchantOrderKey puts the merchant's name first.
	MerchantOrderKey Form = "merchant:order_id:sign_key"
	// OrderMerchantKey puts the merchant's name before the key.
	OrderMerchantKey Form = "order_id:merchant:sign_key"
)

// ErrUnknownForm means that a text names none of the three forms.
var ErrUnknownForm = errors.New("signing: standart_sign form must be order_id:sign_key, merchant:order_id:sign_key or order_id:merchant:sign_key")

// ParseForm reads a form as the setting writes it; an empty text is the
// default. It returns ErrUnknownForm for anything else.
func ParseForm(text string) (Form, error) {
	switch f := Form(text); f {
	case "":
		return OrderKey, nil
	case OrderKey, MerchantOrderKey, OrderMerchantKey:
		return f, nil
	default:
		return "", ErrUnknownForm
	}
}

// PayoutString is the text that PayoutSign hashes. It ends in the key.
func PayoutString(orderID, fiatAmount, requisite, fiatCurrency, key string) string {
	return strings.Join([]string{orderID, fiatAmount, requisite, fiatCurrency, key}, ":")
}

// PayoutSign is the sign of create_pay_out in lower-case hex. Every part is
// taken literally as it was sent; requisite is the value of the field that the
// payment method names.
func PayoutSign(orderID, fiatAmount, requisite, fiatCurrency, key string) string {
	return hexSHA256(PayoutString(orderID, fiatAmount, requisite, fiatCurrency, key))
}

// StandartString is the text that StandartSign hashes. It ends in the key. The
// empty form is the default; an unknown form gives "".
func StandartString(form Form, merchant, orderID, key string) string {
	switch form {
	case "", OrderKey:
		return orderID + ":" + key
	case MerchantOrderKey:
		return merchant + ":" + orderID + ":" + key
	case OrderMerchantKey:
		return orderID + ":" + merchant + ":" + key
	default:
		return ""
	}
}

// StandartSign is the standart_sign of callbacks and rejected_pay_out in
// lower-case hex. An unknown form gives "", which VerifyHex never accepts;
// ParseForm keeps such a form out at the edge.
func StandartSign(form Form, merchant, orderID, key string) string {
	text := StandartString(form, merchant, orderID, key)
	if text == "" {
		return ""
	}
	return hexSHA256(text)
}

// VerifyHex reports whether got is one of the wanted SHA-256 values (or
// HMAC-SHA256 values), in hex of either letter case. All of them are always
// compared, so the time tells neither where two values differ nor which one
// matched. With nothing wanted, or for a wanted text that is no such value, it
// is false.
func VerifyHex(got string, want ...string) bool {
	g, ok := decodeHex(got)
	match := 0
	for _, w := range want {
		b, known := decodeHex(w)
		match |= subtle.ConstantTimeCompare(g[:], b[:]) & asBit(known)
	}
	return match&asBit(ok) == 1
}

func decodeHex(text string) (sum [sha256.Size]byte, ok bool) {
	if len(text) != hex.EncodedLen(sha256.Size) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(text))
	return sum, err == nil
}

func asBit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
