// Package gateway is the payout gateway put together: App builds the services
// over one PostgreSQL and one Redis, and starts the API, the workers, or both.
//
// # Where things are
//
//	ledger        the money: accounts, flows, Post, Verify; ledger/money: exact amounts
//	signing       signatures of requests and callbacks
//	callbacks     staged in the transaction, delivered at least once
//	ratelimit     limits and the failed-authentication gate
//	migrations    the schema
//	gateway/payout      merchant payouts, from the signed request to the end
//	gateway/merchant    merchants, their settings, keys and top-ups
//	gateway/fx          exchange rates
//	gateway/operator    people and bots who execute payouts, roles, tokens
//	gateway/httpapi     routes, decoding, authentication, error envelopes, OpenAPI
//	gateway/worker      background loops
//	gateway/devmode     private servers, demo data, callback inspector
//	gateway/fault, publicid, vault, audit, epoch    leaves that features share
//
// A feature (payout is the first of five) has the same plan inside: doc.go with
// its state diagram, the noun's file with type and states, use cases,
// store.go with all its SQL, events.go with its callbacks. Features never
// import each other; imports_test.go holds the table of who may import whom.
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
// # What a process may lose
//
// Nothing that matters: PostgreSQL holds the truth, Redis only wake-ups and
// counters. Any number of API and worker processes may run on the same two
// stores.
package gateway
