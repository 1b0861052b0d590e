// Package sandbox is the executor of sandbox merchants. It moves no money: the
// last four characters of the requisite say how a payout ends, so that an
// integration can be driven into each state.
//
//	0001             refused, so the payout ends as rejected_gate
//	0002             never taken, so the payout times out
//	0003             paid after 10 seconds
//	anything else    paid at once, with one receipt address
//
// An answer follows from the instruction alone. So it needs no memory, any
// process may be asked, and a payout whose process died is still resolved.
package sandbox
