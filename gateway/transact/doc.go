// Package transact runs transactions of several round trips so that none of
// them can hold up the others for long.
//
// A process that freezes in the middle of a transaction, or whose machine is
// gone, keeps its row locks until the database notices. So the database ends
// every transaction begun here that does nothing for a while, and with it its
// locks; and who waits for a row that somebody else has locked gives up after
// a few seconds. Both bounds belong to the one transaction and are set in the
// message that begins it: they cost no round trip, and hold behind a pooler
// that hands out connections by the transaction.
//
// Either bound answers with the fault unavailable: nothing was changed, and
// trying again is right.
//
// Single statements need none of this. The ledger sets bounds of its own.
package transact
