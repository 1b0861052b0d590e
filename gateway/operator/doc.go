// Package operator keeps the people and the bots that run the platform.
//
// An operator has an email address, a role, a password for the console and any
// number of named tokens for the API. Roles are cumulative: viewer, operator,
// approver, admin. A token is 200 random bits and is stored as its SHA-256 hash
// with an expiry; a password is stored as argon2id (19 MiB, two passes). Both
// are shown once, when they are made.
//
// Tokens are answered from memory as long as the configuration has not moved
// (package epoch), so a disabled operator or a revoked token is refused by
// every process within 5 seconds. Each change is one transaction with its audit
// row and the epoch's count, and fails with unavailable when it waits too long
// for the others.
//
// It promises that an unknown, an expired, a revoked token and one of a disabled
// operator give the same answer, and that checking the password of an unknown
// address does the work of checking a real one. It promises too that once there
// is an admin, one is always let in: the last one can be neither disabled nor
// given another role. It leaves sessions to package signin, and limits on
// failures to the HTTP layer.
package operator
