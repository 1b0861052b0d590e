package callbacks

// State is where the sending of an event stands.
type State string

// The states. Pending ends in Delivered or Dead; a resend makes either
// Pending again.
const (
	Pending   State = "pending"
	Delivered State = "delivered"
	Dead      State = "dead"
)

// Why a callback is dead.
const (
	ReasonExhausted = "exhausted" // the schedule has ended
	ReasonGone      = "gone"      // the receiver answered 410
)

// Class is the reason an attempt is made; each class has its own queue and
// its own workers, so that no class waits behind another.
type Class string

// The classes.
const (
	First Class = "first" // the first attempt, or a resend by hand
	Retry Class = "retry" // after a failure
	Bulk  Class = "bulk"  // resends of many
)

// Outcome says how an attempt went. The attempt log holds it.
type Outcome string

// The outcomes. NotAttempted was not sent, or could not be, for reasons of our
// own, and counts for nothing.
const (
	Accepted     Outcome = "accepted"      // any 2xx
	Refused      Outcome = "refused"       // any other status
	TimedOut     Outcome = "timeout"       // connect or the whole attempt took too long
	Unreachable  Outcome = "unreachable"   // name, connect, TLS or the connection failed
	Forbidden    Outcome = "forbidden"     // the address is not public, or the URL cannot be used
	NotAttempted Outcome = "not_attempted" // we were stopping, or could not read what is needed
)
