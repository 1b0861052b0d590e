// Package signin lets people in to the web pages: a password, a second factor,
// a session.
//
//	password right ──► session, to be verified ──code──► session, verified
//	       │                   └── no factor yet: set one up, then its first code
//	       └── factors are optional here, and none is set up ──► session, verified
//
// Who the people are and whether their password is right is told by others: an
// operator and a merchant's person sign in the same way, in realms of their own.
//
// A session is 200 random bits in a cookie and their SHA-256 hash in the
// database. It ends after 12 hours, or one without a call that somebody has made;
// it gets new bits when it is verified, so that one known before is of no use
// after. Second factors
// are RFC 6238 codes of six digits and 30 seconds; a code works once, and one
// step of clock difference either way is allowed. Their secrets rest encrypted.
//
// It promises that after ten failures in a row of one name, password and code
// alike, nothing is checked for that name for 15 minutes, whether the name
// exists or not, and that all of this holds over any number of processes. A
// browser in which the name came in during the last 90 days is counted by itself
// (browser.go), so strangers' guesses do not lock its owner out of it. The package
// leaves to the pages the limit of failures by address, cookies and CSRF.
package signin
