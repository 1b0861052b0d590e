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
// It promises that two requests of one key never make two things, however they
// race: the key is a primary key, and a twin waits for the other's commit. It
// leaves to callers what a request's hash covers, and what they tell a caller
// whose key was reused.
package idempotency
