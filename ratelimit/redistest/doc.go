// Package redistest gives each test a logical database of its own on a real
// Redis server, empty at the start and emptied at the end, so that tests run
// in parallel and in several packages at once.
//
// The server is the one at DISBURSE_REDIS_URL, which `make test` sets. Without
// it a test fails rather than passing unrun. Database 0 is kept for handing
// out the others: tests must not use it, nor FLUSHALL. More tests at the same
// time than the server has databases wait for each other.
package redistest
