// Package enduser keeps the end users: who they are, the tokens that they come
// with, what they have, and how much of it they may withdraw.
//
// # Money
//
// User 42 owns accounts in the ledger under the name "user:42":
//
//	available   what the user can spend, bet and withdraw
//	order_held  what open card withdrawals reserve
//	escrow      what open P2P sales promise
//	bonus       what can be bet and never withdrawn
//	card_held   what the making and topping up of virtual cards reserve, in dollars
//
// A balance is available and held (order_held and escrow) together. All of it
// is in kopecks; a user may own other currencies besides, which count nowhere.
//
// # Withdrawals
//
// Money that leaves through a card order or a P2P sale is a withdrawal, and one
// set of rules says who may begin one: the function withdrawal_refusal of the
// database. What it judges is summed on the user's row:
//
//	Reserve ──► open ──┬─► completed   counts as withdrawn
//	                   └─► cancelled   the allowance is given back
//
//	deposited          grows with CountDeposit: deposits, card deposits, P2P buys
//	withdrawing        open withdrawals
//	withdrawn          completed ones
//	turnover           grows with bets, and with nothing else
//	wagering_required  the turnover at which a cashback bonus stops mattering
//
// Reserve, End and CountDeposit are statements that an order's feature hands to
// the ledger beside the entry that moves the money. Reserve updates the row on
// condition that the rules allow it, so they are judged under the lock that
// reserves the money: a bet, a deposit or another withdrawal at the same moment
// comes before or after, never between. Refusal tells afterwards why one was
// refused.
//
// # Blocked users
//
// Who is blocked may read, and finish what is open; nothing new may begin.
//
// It promises that no token reaches the database, an audit row or an error, and
// that a deposit or a bonus counts once for its reference. It leaves orders,
// chats and everything about their states to the features.
package enduser
