// Package virtualcard is the life of a virtual card and of the money that goes
// to it and comes back.
package virtualcard
