// Package fault is the one error type that services answer with.
//
// A fault carries a kind (which the HTTP layer turns into a status), a stable
// machine code, a message that is safe to show to the caller, the faulty
// fields where the input was wrong, a time after which a retry makes sense,
// and the cause, which is for logs alone.
//
// It promises that Message, Code and Fields never contain the cause. It leaves
// status codes and envelopes to the HTTP layer.
package fault
