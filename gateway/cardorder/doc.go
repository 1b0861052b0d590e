// Package cardorder is the life of a card order: an end user draws money out to
// a card or pays money in from one, an operator does the transfer at the bank,
// and the order ends exactly once.
//
//	withdraw                                 deposit
//
//	  create (available -> order_held)         create (nothing moves)
//	     |                                        |
//	     v                                        v        confirm-paid
//	+---------+  claim, release              +---------+   (the user)    +--------------+
//	| pending |  (operator)                  | pending | --------------> | paid_by_user |
//	+---------+                              +---------+                 +--------------+
//	  |     |                                  |     |                     |        |
//	  |     | cancel: the user while nobody    |     | cancel: the user    |        | cancel:
//	  |     | works on it, or the operator     |     | or the operator     |        | the operator
//	  |     v                                  |     v                     |        v
//	  |   cancelled                            |   cancelled               |      cancelled
//	  |   (order_held -> available)            |   (nothing moves)         |      (nothing moves)
//	  |                                        |                           |
//	  v complete (operator)                    v complete (operator)       v complete (operator)
//	completed                                completed                   completed
//	(order_held -> settlement)               (external -> available)     (external -> available)
//
// # What holds
//
// The ends of an order that move money are ledger entries with one and the same
// reference, and every end carries a guarded update of the row in the same
// transaction. So exactly one end can ever happen, whoever races whom and in
// however many processes; the loser is told INVALID_STATE.
//
// A user has one active order of a type: a partial unique index says so, not a
// read. Who may withdraw how much is the rule of package enduser, judged in the
// statement that reserves the money.
//
// An operator who works on an order claims it, and the user cannot cancel it
// from then on, however long it takes: the bank may have been told already. A
// claim keeps other operators away for the length of a lease; after that one
// of them may take the order over, so that none is stuck with somebody who left.
//
// Card numbers rest sealed. The user sees the number in the detail view of the
// order, the operator who holds the claim sees it there too, and all else has
// the last four digits: lists, audit records, logs and errors.
//
// # What is left to others
//
// Decoding, tokens, rate limits and bounds of pages belong to the HTTP layer,
// the words of a chat to package chat, users and their rules to package enduser.
package cardorder
