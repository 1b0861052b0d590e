// Package payout is the life of a merchant payout: a signed request becomes a
// row and a hold on the merchant's money, somebody or something pays it, and
// it ends exactly once.
//
//	                    create (money: available -> held)
//	                           |
//	                           v
//	                    +-------------+
//	  claim, renew,     | expectation |   stage: waiting -> sent -> pending
//	  release (lease)   +-------------+                      \--> unknown
//	                                          or: awaiting_approval, below
//	                     |    |    |  \
//	 complete, or        |    |    |   \  timeout: no live lease and
//	 executor: paid      |    |    |    \ stage waiting
//	                     v    |    |     v
//	           successful     |    |      rejected_timeout
//	(held -> settlement,      |    |      (held -> available)
//	         fees)            |    |
//	    reject, or executor:  |    |  merchant's cancel: no live lease
//	    refused               v    v  and stage waiting
//	              rejected_gate    rejected_merchant
//	       (held -> available)    (held -> available)
//
// # What holds
//
// All four ends of a payout are ledger entries with one and the same
// reference, and each carries a guarded update of the row as a rider. So
// exactly one end can ever happen, with one effect on the books and one
// callback, whoever races whom and in however many processes.
//
// A create carries the reference of the merchant's order_id. Post finds a
// repeated order_id under the lock of the merchant's account, so a create reads
// nothing before it writes. A request that was once accepted is answered from
// its row for ever, also when the rate, the limits or the methods of the
// merchant have changed since; the fingerprint that decides whether a request
// is the same covers every field value as it was sent, except sign. An absent
// optional field, null and the empty text are the same value. The fingerprint
// is salted, and the salt rests encrypted with the requisite (secret.go).
//
// The stage says where the execution of an open payout stands. Only a payout
// in stage waiting is handed out, cancelled or timed out. Before an executor is
// called its claim is committed with stage sent; from then on the payout is
// never sent again, it is only looked up, or resolved by a person who claims it
// by id. Nothing is sent either once somebody may ask for its end: a process
// that comes to its call too late does not make it, and lets the payout wait
// again, if nobody has declared its end unknown meanwhile.
//
// # Four eyes
//
// From an amount on that is set by currency (SetApprovalRule), completing a
// payout does not end it. It waits in stage awaiting_approval, in nobody's
// hands: the money stays held, the merchant is told nothing and cannot cancel,
// and it does not time out.
//
//	      complete, by A            approve, by B
//	claimed ---------> awaiting_approval ---------> successful
//	       <---------                    \ reject, by B
//	        recall, by A                  \-------> rejected_gate
//
// B is an operator who may approve, and not A: package approval judges that, in
// the statement that ends the payout, and the row itself refuses one person in
// both places. What B decides about is what A reported, unchanged: nothing can
// be added to the payout while it waits, and a report that is taken back and
// made again is another one. When B has not decided within approval.Life the
// payout is among the exceptions; it can then only be rejected, or recalled by A
// or by any approver, who reports anew.
//
// A payout obeys the strictest rule that was in force since it was made, so no
// change of the rule lets one through. Live payouts that need two people are
// never handed to an executor. One that an executor had before the rule came
// may still be ended by it: that it paid is a fact. While a report waits, an
// executor's answer is a line in the timeline and ends nothing.
//
// The requisite is sealed when it arrives and opened for three readers: the
// merchant who sent it (unless the merchant's setting masks it), the one who
// holds the claim, and the executor. All else has the last four characters.
//
// Requisites are kept as they were sent. The created event of a timeline is
// the payout row itself: storing it twice would double the hottest write.
//
// # What is left to others
//
// Decoding of bodies, signatures and rate limits belong to the HTTP layer;
// delivery of callbacks to package callbacks; the loops that call Expire and
// Dispatch, and their pace, to the worker.
package payout
