// Package merchant keeps the merchants: who they are, what they may do, what
// it costs them, and the keys they are known by.
//
// A Merchant is read through a Directory, which holds it in memory until the
// configuration moves (see package epoch), so that serving a request reads
// nothing. The Directory knows the names of all merchants at once: asking for
// an unknown name costs no query, takes no memory, and looks from outside like
// asking for a known one. For names that may be made up, Authenticating
// answers with a decoy, so that a signature check does the same work for
// nobody as for somebody.
//
// A Service changes merchants. Each change is one transaction that also holds
// its audit row and counts the configuration's epoch, and each returns the
// state that it left. Changes go one after another; one that waits too long for
// the others fails with unavailable.
//
// Keys are of three kinds: sign keys (requests and callbacks in the legacy
// form), API keys (reading calls) and webhook secrets (v2 signatures). Of an
// API key only a SHA-256 hash is stored; the others are sealed by the vault.
// Every key is shown once, when it is made. Rotating a kind makes a new key
// that never expires and gives the one before it an end (the grace); an older
// one still in its grace ends at once, so at most two are ever active.
//
// People are those who sign in to a merchant's own pages. Each belongs to one
// merchant, and none is let in whose merchant is disabled. A live merchant may
// have a sandbox: a merchant of its own, with its own keys and with play money,
// which the live one's people can go over to.
//
// Some changes need a second person (see package approval): a correction of a
// balance, which is made when it is approved, and new keys of a live merchant when
// anybody but the merchant rotates them, which are made by who asked for them once
// that is approved, so that nobody else sees them. A rotation that was not what
// somebody approved, or is no longer, asks anew. Whoever signs in for a live
// merchant can rotate its keys, so an operator lets nobody in there alone either:
// a new person, a new password, a second factor taken away and letting in again are
// asked for, approved, and done by who asked. Shutting out takes one, and so does
// everything at the command line, where the shell could do more than that.
//
// It promises that no secret reaches an audit row, an error, or the printed or
// JSON form of a Merchant. It leaves limits to be enforced by the HTTP layer,
// and methods, bounds and fees by the payouts. A limit is the limiter's own
// type, so that what can be set here is exactly what can be enforced there;
// nothing else of package ratelimit is used.
package merchant
