// Package ratelimit decides whether a request may go ahead: a rate with a
// burst per key (Limiter), and a block after too many failed authentications
// (FailureGate).
//
// A decision never fails. It is made in Redis, so that all processes share one
// count; while Redis is away each process decides by itself, with the full
// limit each, and Decision.Local says so. So every limit here fails neither
// open nor closed: with n processes and no Redis a caller gets at most n times
// the limit. The first request that meets a dead Redis pays one time limit
// (Options.Budget); then a breaker keeps requests away from it, and a probe in
// the background, off every request's path, finds out when it is back.
//
// The rate is GCRA: one time per key, the theoretical arrival time, says how
// much of the burst is used. Decide is that rule as a pure function; the
// in-process store and the Redis script only keep the time. All of it is in
// whole microseconds: a script that counts in fractions of seconds since the
// epoch loses a request of the burst, and shows one too few as remaining, at
// such ordinary limits as 10/s with a burst of 20.
//
// The failure gate counts in fixed minutes of the clock and blocks for the
// rest of the minute. Asking it costs no round trip: see FailureGate for what
// that means with several processes.
//
// Keys are written "name:subject", as in "status:mer_1". The name is what
// Observation and metrics show; the subject never leaves this package, but
// for Redis.
//
// Memory in the process is bounded (Options.MaxKeys), whatever callers send.
// Redis may be wiped at any time: the counts start anew. Left to others: which
// limit applies to whom, and what the answer to a refusal looks like.
package ratelimit
