// Package audit keeps the trail of who changed what.
//
// A record says who acted (actor), what was done (action), to what (subject
// and its id), what it was before and after as JSON, when, from which address
// and in which request. Records are written in the transaction of the change
// they tell of: through Write, or as the statement that Row returns where the
// ledger runs the transaction. The database refuses to change, delete or
// truncate them.
//
// The HTTP layer and the CLI put the actor and the request id into the
// context; services take them from there. It leaves to the services to keep
// secrets and requisites out of Before and After.
package audit
