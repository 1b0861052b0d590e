// Package callbacks brings signed callbacks to merchants, whatever fails in
// between.
//
// # Life of a callback
//
//	Stage ──commit──▶ pending ──2xx──▶ delivered
//	                  │  ▲  │
//	                  │  │  └─410, or the schedule has ended──▶ dead
//	                  └──┘ anything else: next_attempt_at by the schedule
//
//	Resend: any state ──▶ pending, with a new schedule and the same webhook-id
//
// PostgreSQL holds all of it. Stage returns a row for the transaction of the
// state change that is reported, so the callback exists exactly if the change
// does. A relay takes due deliveries (a lease on the row) and enqueues asynq
// tasks; a worker that gets a task claims the attempt, posts, and records the
// outcome. A task is a hint to look at rows: losing, doubling or delaying one
// costs time, never a callback, and Redis may be wiped at any moment.
//
// # Promises
//
//   - At least once, under one webhook-id, the same bytes every time, signed
//     anew at each attempt with all active secrets.
//   - One attempt of a delivery at a time. A task for attempt N claims by
//     raising the row's count from N-1 to N, which one of any number of tasks
//     can do. A claim holds for Lease; a worker that dies leaves it to run
//     out, and the relay takes the row again: asynq's own recovery, which is
//     slower, then finds nothing to do.
//   - A merchant's endpoint (scheme, host, port) has at most its window of
//     deliveries in hand, over all processes. The window adapts (see
//     window.go), so that one that hangs delays nobody else and one that is
//     quick goes at thousands a second; one that failed for long gets single
//     probes (see circuit.go).
//   - Merchants share neither window nor circuit, even on one server: a
//     merchant may name any URL, so what fails there may be another's doing.
//     What is not known to answer yet may hold a quarter of the workers of first
//     attempts per server and per merchant; the workers of retries send the
//     rest (see bundle.go).
//   - Nothing staged is dropped: a delivery ends delivered or dead, and a dead
//     one can be sent again. None is dead that did not fail since its schedule
//     began, nor, but for a 410, before the third day is over.
//   - Addresses that are not public are not dialled (package dial), redirects
//     are not followed, at most 64 KiB of an answer are read and 1 KiB is kept,
//     masked. No log line holds a body or the query of a URL.
//
// What is left to others: the bodies, and whether they are sealed (BodyKey,
// Config.OpenBody, and Resealer to change the key); the secrets; authorising and auditing a resend.
//
// # What asynq is trusted with
//
// Waking a worker, and nothing else. The id of a task holds event, attempt and
// the count of takes: with event and attempt alone, what a killed worker left
// in Redis would keep the id, and the next wake-up would pass for "already
// queued" for ever. Handlers always succeed, and a task may be retried three
// times: asynq re-runs a dead worker's task as a no-op then, where without
// retries it would put it into its archive for good. At most a window's worth
// of tasks per endpoint is ever in Redis.
//
// # Why it is fast
//
// An attempt costs three writes: take, claim, record. Each is one statement
// for as many deliveries as there are at that moment. The rows they rewrite
// are narrow and stay on their page, because a take and a claim touch no
// indexed column. Takes and claims do not wait for the disk: what a crash of
// the database forgets of them is done again.
//
// Below, in the code and in the tables, an endpoint is the merchant's:
// "mer_1|https://shop.example:443". The log line of an attempt names the two
// apart.
//
// The relay reads one index, (endpoint, next_attempt_at) of what is pending,
// and of it at most a window's worth of rows per endpoint: the 100,000 rows
// behind an endpoint that may not be sent cost nothing. Deliveries in hand are
// the oldest due ones, so counting the leased rows there is counting what is
// in flight, for whichever process; relays count and take one after another,
// under an advisory lock that lasts for the statement.
//
// A task carries up to eight deliveries of one endpoint, when there are as
// many due. One task per delivery spends more on the queue than on all of the
// database: measured on two cores with everything on them, 0.38 CPU ms per
// delivery against 0.26, where a bare asynq task that posts and records
// nothing takes 0.20 to 0.25. More than eight gains little.
package callbacks
