// Package exchange is P2P trade between end users: ads, the orders that answer
// them, the escrow that keeps a seller's money for a buyer, ratings and
// disputes.
//
// A buy ad is answered by a seller, a sell ad by a buyer. Whoever sells has the
// money locked in escrow by the entry that makes the order.
//
//	     create (money: seller's available -> seller's escrow;
//	         |   the ad's remaining amount goes down)
//	         v
//	    +---------+  cancel by either side, or window over   +-----------+
//	    | pending |----------------------------------------> | cancelled |
//	    +---------+                                          +-----------+
//	         | confirm-paid (buyer)                     (escrow back, and the
//	         v                                           ad's amount with it)
//	+---------------+  call-operator, or window over            ^
//	| paid_by_buyer |----------------------------+              |
//	+---------------+                            v              |
//	         |                             +----------+         |
//	         | confirm-received (seller)   | disputed |---------+
//	         |                             +----------+  operator for the seller,
//	         v                                   |       or both sides cancel
//	   +-----------+                             |
//	   | completed | <---------------------------+
//	   +-----------+   operator for the buyer, or confirm-received
//	(escrow -> buyer)
//
// # What holds
//
// Both ends of an order are ledger entries with one and the same reference, and
// each carries a guarded update of the order's row. So exactly one end can ever
// happen, whoever races whom and in however many processes; the loser is told
// the state that won. Nothing is ever released or cancelled by time alone once
// the buyer has said that he paid.
//
// An order copies the terms of its ad, and is made only while the ad still has
// the terms that were judged: an edit in between makes the order be judged
// again. The ad's remaining amount is taken by the same statement that inserts
// the orders, summed over all takers whose orders the ledger writes together,
// so that a busy ad is locked once for all of them.
//
// What makes an ad listed, and what it is sorted by, are columns of the ad, so
// that the list is read from an index in its order. The author's average and
// count are copied there in the transaction that changes them.
//
// Payment details are sealed. The two participants see those of their order;
// an operator does while he holds the claim of its dispute. Everybody else, and
// every list and record, has the last four digits at most.
//
// # What is left to others
//
// Decoding and authentication belong to the HTTP layer, the rules about who may
// withdraw to package enduser, messages to package chat, and the pace of Sweep
// to the worker.
package exchange
