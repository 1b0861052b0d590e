// Package epoch tells every process that the configuration moved.
//
// Merchants, keys, rates, operators and capacity are read on every request and
// change rarely. One number in the database counts their changes: whoever
// changes any of them calls Bump in the same transaction, every process polls
// the number once a second, and a Cache drops all it holds when the number
// moved. So nothing is read per request, and a change made by any process, the
// command line among them, is seen by all within about a second.
//
// It promises that a value whose load began before a change was noticed is
// never kept past that moment, and that no value is served from a cache once
// the number could not be read for StaleAfter: then every Get loads. A Watcher
// that is not running has never read the number, so its caches keep nothing,
// which is right for commands that live shorter than a poll.
//
// Bump takes the row lock of the number until the transaction ends, so changes
// of configuration go one after another. Call it as the first statement of the
// transaction: then two changes cannot wait for each other in a circle, and
// what is read after it is read under the lock.
package epoch
