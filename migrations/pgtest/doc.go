// Package pgtest gives each test a PostgreSQL database of its own with the
// present schema.
//
// The first caller on a server migrates a template database, named after the
// migrations' content; every test then gets a copy of it, which takes some tens
// of milliseconds, and which is dropped when the test ends. Tests in one process
// and in several may run in parallel.
//
// The server comes from DISBURSE_DATABASE_URL, which `make test` and
// `disburse services -- go test ...` set. Without it a test fails rather than
// being skipped: a green run must mean that it ran.
package pgtest
