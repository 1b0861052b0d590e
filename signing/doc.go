// Package signing makes and checks the signatures that travel with requests
// and callbacks. It needs the standard library alone, so that an integrator
// can take this folder into their own program as it is.
//
// There are three schemes:
//
//   - The payout signs: plain SHA-256 over colon-joined parts that end in the
//     merchant's sign key (PayoutSign for create_pay_out, StandartSign for
//     callbacks and rejected_pay_out). They cover only the parts they join and
//     carry no time. The parts are joined as they came, so a caller must have
//     refused an order_id with a colon in it, or two requests could share one
//     sign.
//   - The webhook signature (version 2), by the Standard Webhooks scheme:
//     HMAC-SHA256 over id, time and the whole body (Sign, Verify). Prefer it:
//     it covers everything and grows stale after Tolerance.
//   - The game wallet signature: HMAC-SHA256 over method, URI and a digest of
//     the raw body (WalletSignature).
//
// Promises: every comparison takes the same time wherever two signatures
// differ and whichever of several keys matches; hexadecimal is read in either
// letter case; no error text holds a key or a signature; nothing here reads a
// clock. For each scheme the exact text that is signed can be had as well
// (PayoutString, StandartString, WebhookString, WalletString), because a
// mismatch is nearly always found by comparing those. The first two end in the
// key itself: show them to the owner of the key and never log them.
//
// Left to others: which keys are active, remembering webhook ids against
// replay within the tolerance, and giving an unknown party the same work as a
// wrong signature (verify against a made-up key).
//
// testdata/vectors.json holds inputs and results for every scheme.
package signing
