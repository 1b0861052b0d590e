// Package migrations holds the database schema as numbered SQL files and brings
// a database up to it.
//
// Files are named NNNN_name.sql, only ever added, and only go forward. Each
// starts with a comment that says why it exists. Up may run on several machines
// at once: a lock in the database lets one of them work while the rest wait.
//
// schema.sql is what all of them together make, for readers and reviews; a test
// keeps it true and `make schema` writes it. It is never executed.
package migrations
