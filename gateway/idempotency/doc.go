// Package idempotency remembers what a repeated request made the first time.
//
// A caller who wants to be able to repeat a request gives it a key. The feature
// that serves it claims the key in the transaction that makes the thing, with
// the id of what was made, so the key stands exactly when the thing does. A
// repetition finds the claim and answers with the same id:
//
//	Find ──► found ──────────────────────────────► answer with the result
//	  │ └──► ErrReused: the request was another ──► refuse
//	  └────► nothing: do it, with Claim among the statements
//	           └► Taken(err): a twin was faster, and it has committed ──► Find
//
// A key belongs to one user and one route and is kept for ever. Refusals leave
// no claim, so a refused request may be repeated with the same key.
//
// Requests hold card numbers, and those are few enough to be tried one by one
// against a plain hash. So what is kept of a key is its SHA-256, and of the
// request its HMAC-SHA256 under the key itself: who reads the database and does
// not know the key can try neither. That is worth as much as the key is hard to
// guess, and callers are told to make random ones.
//
// It promises that two requests of one key never make two things, however they
// race: the key is a primary key, and a twin waits for the other's commit. It
// leaves to callers what of a request is compared, and what they tell a caller
// whose key was reused.
package idempotency
