// Package gateway is the payout gateway and the end users' wallet put together:
// App builds the services over one PostgreSQL and one Redis, and starts the API,
// the workers, or both.
//
// # Where things are
//
//	ledger        the money: accounts, flows, Post, Verify; ledger/money: exact amounts
//	signing       signatures of requests and callbacks
//	callbacks     staged in the transaction, delivered at least once
//	ratelimit     limits and the failed-authentication gate
//	migrations    the schema
//	gateway/payout      merchant payouts, from the signed request to the end
//	gateway/cardorder   end users' withdrawals and deposits by card
//	gateway/exchange    end users' P2P trade: ads, orders, escrow, disputes
//	gateway/gamewallet  bets, wins and rollbacks of game providers
//	gateway/virtualcard end users' cards at a card provider
//	gateway/merchant    merchants, their settings, keys and top-ups
//	gateway/enduser     end users, tokens, balances, who may withdraw how much
//	gateway/gameprovider providers of games, their keys and profiles, players, sessions
//	gateway/chat        what users and operators say about orders
//	gateway/fx          exchange rates
//	gateway/operator    people and bots who execute orders, roles, tokens
//	gateway/approval    what waits for a second person
//	gateway/signin      how people get into the web pages; password: how theirs are kept
//	gateway/console     the operators' pages, console/portal the merchants',
//	                    console/site what all pages have in common
//	gateway/report      figures, search and alerts over all features; read only
//	gateway/export      CSV and XLSX, and a merchant's daily statement
//	gateway/httpapi     routes, decoding, authentication, error envelopes, OpenAPI
//	gateway/worker      background loops
//	gateway/transact    transactions of more than one statement, and set-based rows
//	gateway/devmode     private servers, demo data, callback inspector
//	gateway/fault, publicid, vault, audit, epoch, page, idempotency
//	                    leaves that features share
//
// A feature (payout, cardorder, exchange, gamewallet, virtualcard) has the same
// plan inside: doc.go with its state diagram, the noun's file with type and
// states, service.go with what it needs, a file for each use case, all SQL in
// files named store (a large feature has several, such as queuestore.go), and
// events.go where it sends callbacks. Features never import each other;
// imports_test.go holds the table of who may import whom.
//
// # The life of a payout
//
//  1. httpapi decodes create_pay_out strictly, verifies the signature and asks
//     payout.Service.Create.
//  2. Create judges the fields, prices the amount at the rate in force, seals
//     the requisite, and hands ledger.Post one entry (available to held) with
//     the payout's row as a rider. The entry's reference is the merchant's
//     order_id, so a repeated request is found under the lock.
//  3. An operator claims and completes it, or an executor is handed it by the
//     worker. Its end is one entry too, with a guarded update of the row, the
//     staged callback and the audit record as riders. All ends of a payout
//     share one reference: exactly one can be.
//  4. The callback relay sees the staged row and delivers it, signed, until
//     the merchant's endpoint accepts it or the schedule ends.
//
// # The life of a card withdrawal
//
//  1. httpapi finds the user by the token, takes one call off its limit, and asks
//     cardorder.Service.Create with the request's Idempotency-Key.
//  2. Create takes the order's id and hands ledger.Post one entry (available to
//     order_held) with these riders: the withdrawal's reservation on the user's
//     row, whose update is where the rules are judged; the order's row, whose
//     index allows one active order of a type; and the key. What refuses is found
//     out afterwards and told in the published order.
//  3. An operator claims and completes it, or it is cancelled: one entry again,
//     with the reference that all its ends share, and a guarded update of the
//     row. Completed, it counts as withdrawn; cancelled, the allowance is back.
//
// A P2P order goes the same way: its money waits in the seller's escrow, the ad's
// remaining amount is one more rider, and the worker sweeps what ran out of time.
//
// # What a process may lose
//
// Nothing that matters: PostgreSQL holds the truth, Redis only wake-ups and
// counters. Any number of API and worker processes may run on the same two
// stores.
package gateway
