// Package gamewallet answers the calls of game providers: what a player has,
// bets, wins, and rollbacks of bets.
//
// # Transactions
//
// Each id that a provider gives to a call has one row, whatever the call: a
// withdraw, a deposit, a rollback, or the tombstone that stands in the place of
// a withdraw whose rollback came before it. So a bet and its tombstone can never
// both stand, however late one of them comes.
//
//	withdraw  ──► open ──┬─► settled       a deposit names it; rollbacks are refused
//	                     └─► rolled_back   deposits are refused
//	deposit   ──► done
//	rollback  ──► done         the stake went back
//	              repeated     it had gone back before
//	              not_found    there was nothing to undo
//	tombstone ──► barred       this withdraw never happens
//
// An id that comes again with the same content is answered with the present
// balance and moves nothing, before anything else is asked; with other content
// it is refused. A refused withdraw leaves nothing behind. Where providers are
// known to differ, the profile of the provider decides (gateway/gameprovider).
//
// # Money
//
// A stake is the player's own money first, then bonus money; the transaction
// keeps how much was which, and its rollback gives that back. A bet is one entry
// of the ledger with two riders: the transaction with its round and day, and the
// user's turnover. Amounts of zero are recorded without an entry.
//
// A call reads who plays and all that is stored about it in one query, and posts.
// What was read is judged again by the statements that write: an id by its key, a
// withdraw by its state, a round by its end, a day by its loss, the user by the
// block. When one of them misses, somebody else was first: everything is read
// anew and what then stands in the way is told, in the order of the checks.
//
// # Rounds and days
//
// A round is a player's, by game and round id. It ends when a call says so, and
// then takes no bets, and no wins but those of free spins; rollbacks it takes. A
// day is one of UTC, and its loss is bets minus wins; what is rolled back is
// given back on the day of its bet.
//
// It promises that nothing moves twice and nothing half, also between processes
// and after a crash, and that what may be over in a moment is never told as
// final. It leaves signatures, JSON and HTTP to the API, and who provides and who
// plays to package gameprovider.
package gamewallet
