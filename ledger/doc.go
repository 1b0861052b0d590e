// Package ledger holds the money: double-entry books in PostgreSQL under
// every feature of the product.
//
// # Words
//
// An account has a mode (live or sandbox), an owner, a purpose, a currency, a
// balance and, unless it stands for the world outside or the house, a floor
// of zero. A transfer moves a positive amount from one account to another of
// the same mode and currency. An entry is a set of transfers with one
// reference; they stand or fall together, and the reference posts once, for
// ever. Transfers are append-only: the database refuses to change or remove
// one, and a correction is a new entry. Amounts are int64 minor units.
//
// # How money moves
//
//	flow              from                    to                     when
//	merchant_top_up   house/external          merchant/available     money reached the platform
//	payout_hold       merchant/available      merchant/held          a payout is created: amount and fee
//	payout_settle     merchant/held           house/settlement       it was paid: the amount
//	                  merchant/held           house/fees             it was paid: the fee
//	payout_release    merchant/held           merchant/available     it ended unpaid
//	adjustment        house/adjustment        any account            a correction upwards
//	                  any account             house/adjustment       a correction downwards
//
// The flows are functions in flow.go and nothing else makes entries; fees and
// rounding are in fee.go and nowhere else.
//
// # Post
//
// Post is the only writer. A use case hands it an entry and the rows that
// must stand or fall with it (riders); Post gathers whatever waits in this
// process, and takes the group through one transaction in two or three round
// trips: lock the accounts in id order; decide each posting in order of arrival
// on the balances in memory and write transfers, balances and riders as sets;
// commit. References that were posted before are found by their unique index,
// or looked up ahead where replays occur. So a busy account costs one lock and
// one flush to disk a group. A posting short of funds is refused alone. A
// rider that fails rolls the group back, and the group is halved until the
// spoiler stands alone. Several processes may post at once: correctness rests
// on row locks, constraints and references, never on being alone.
//
// # Proof
//
// Verify replays the books: every balance after every transfer, every stored
// balance, every floor, every currency's sum, what open orders hold, and the
// chain of seals. Each transfer keeps both balances after it, so a statement
// is a read. Seal, run in the background and never inside a write, closes
// ranges of transfers into a SHA-256 chain: whoever edits history must edit
// every seal after it, and an operator who noted a seal's hash sees that.
//
// What the package leaves to others: who may move money and why.
package ledger
