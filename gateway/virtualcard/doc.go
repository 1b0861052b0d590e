// Package virtualcard is the life of virtual cards and of the money that goes on
// them and comes back. The cards are at a provider, and so is what is on them;
// users pay from and into their USD wallets. See Provider for what a card
// provider promises.
//
// A card:
//
//	create           the provider has issued it
//	  |                 |
//	  v                 v        freeze         +--------+
//	+------------+   +--------+ --------------> | frozen |
//	| processing |-->| active |                 |        |
//	+------------+   +--------+ <-------------- +--------+
//	  |                 |         unfreeze          |
//	  | declined        | close                     | close
//	  v                 v                           v
//	failed            closed                      closed
//
// Everything that is asked of the provider is an operation, with a key of its
// own:
//
//	  written down: what it costs is reserved (available -> card_held),
//	  a withdrawal's cooldown begins
//	                     |
//	                     v                 the provider is asked, once,
//	              +------------+           outside of any transaction
//	              | processing | <-------- unknown: Recover looks it up by its key
//	              +------------+
//	               |          |
//	       done    |          |   declined, never sent, or not begun in its time
//	               v          v
//	            +------+  +----------+
//	            | done |  | declined |
//	            +------+  +----------+
//	topup, create:  card_held -> cards and fees    card_held -> available
//	withdraw:       cards -> available             nothing moves
//	close:          cards -> available, what the provider took off
//	issue:          external -> cards (the platform's gift)
//
// # What holds
//
// An operation is written down before the provider is asked, and is given to it
// once. So a process may die at any moment: what it began is looked up by its
// key, in whatever process, until the provider tells how it ended, and never
// sent again.
//
// Both ends of an operation are ledger entries with one and the same reference,
// or none, and every end carries a guarded update of the operation's row in the
// same transaction. So money moves once or not at all, whoever races whom: the
// call's own answer, recovery here and recovery elsewhere.
//
// "Not found" ends an operation only when the provider, by its own clock, will
// not begin it any more. Until the provider tells, what is reserved stays
// reserved, and the operation stands among the exceptions with its age. So does
// what the provider contradicts later: that is for people, and nothing moves by
// itself.
//
// People may end such an operation by what they found out (Resolve, and
// AskToResolve where a second person must agree). It is the same end, under the
// same reference and guard, so of a hand and an answer one ends it. The provider
// is asked on until it agrees; if it says otherwise, that is an exception again,
// and nothing moves.
//
// A withdrawal's attempt and its cooldown are one change of the card's row, so of
// two at once one passes. A cooldown is given back when the provider was never
// asked. Unique indexes allow one withdrawal of a card at a time, and one change
// of its status; a card may be frozen while a withdrawal is unknown.
//
// A repeated request with the same key finds the operation that it began and
// waits for its end; what was declined has moved nothing, and may be tried again.
//
// The number of a card never reaches this package: it has the last four digits.
//
// # What is left to others
//
// The HTTP layer decodes objects into their members, renders and limits rates.
// Coupons are known to nobody yet, so every one is refused. A provider tells no
// payments made with a card: the transactions are those between the card and the
// wallet, and a balance is as fresh as what the provider said last.
package virtualcard
