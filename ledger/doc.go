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
//	user_deposit      house/external          user/available         a user's money reached the platform
//	bonus_grant       house/bonuses           user/bonus             the platform gives a bonus
//	card_order_hold   user/available          user/order_held        a card withdrawal is created
//	card_order_settle user/order_held         house/settlement       the user's card was paid
//	card_order_return user/order_held         user/available         it ended unpaid
//	card_order_credit house/external          user/available         a card deposit was paid
//	escrow_lock       seller/available        seller/escrow          a P2P order is created
//	escrow_release    seller/escrow           buyer/available        the seller was paid, or an operator says so
//	escrow_return     seller/escrow           seller/available       it ended unpaid
//	bet               player/available        provider/games         a bet: the player's own money first
//	                  player/bonus            provider/games         a bet: then bonus money
//	win               provider/games          player/available       a round paid
//	bet_rollback      provider/games          player/available       the bet is undone: what was the player's own
//	                  provider/games          player/bonus           the bet is undone: what was bonus
//	card_load         user/available          user/card_held         a card is made or topped up: amount and fees
//	card_load_settle  user/card_held          house/cards            it reached the card provider: the amount
//	                  user/card_held          house/fees             it reached the card provider: the fees
//	card_load_return  user/card_held          user/available         it did not
//	card_unload       house/cards             user/available         the card provider took it off a card
//	card_gift         house/external          house/cards            a card is made with the platform's money
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
// process into a group and decides each posting, in order of arrival, on
// balances in memory. A busy account costs one lock and one flush to disk a
// group, whichever of two ways the group then goes (writer.go):
//
// The line is one connection down which groups are sent behind each other
// without waiting for answers. A group there is decided on the balances the
// writer remembers, and the database compares them in the statement that
// writes (line.go, memory.go): one round trip for all, none of it awaited.
//
// A group whose accounts are not remembered, or that failed on the line, goes
// alone through a transaction of two or three round trips: lock the accounts in
// id order; write transfers, balances and riders as sets; commit. References
// that were posted before are found by their unique index, or looked up ahead
// where replays occur. A posting short of funds is refused alone. A rider that
// fails rolls the group back, and the group is halved until the spoiler stands
// alone.
//
// Several processes may post at once: correctness rests on row locks,
// constraints and references, never on being alone or on having guessed right.
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
