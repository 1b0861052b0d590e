// Package publicid makes the identifiers and the bearer tokens that leave the
// gateway.
//
// An id is a prefix that names what it identifies, an underscore, and 26
// lower-case Crockford base32 characters: 48 bits of milliseconds, so that ids
// sort by age and land next to each other in an index, and 80 random bits, so
// that nobody can guess the next one. A token has the same look and 200 random
// bits and no time.
//
// It promises nothing about uniqueness beyond those random bits: the primary
// key of the table decides.
package publicid
