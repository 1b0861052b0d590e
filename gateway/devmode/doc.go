// Package devmode is the whole gateway on one machine, for trying it and for
// working on it: private PostgreSQL and Redis, the schema, demo data, API,
// workers, a callback inspector to send callbacks to, and a simulated card
// provider.
//
// Everything that must survive a restart is in one data directory: the
// databases, the encryption keys, the keys and tokens of the demo parties (which
// the gateway itself shows only once), and the inspector's port, because
// callbacks that wait name it. Files with secrets are readable by their owner
// alone.
//
// Each start makes the demo usable, whatever happened to it: what is missing is
// made, a demo party that was disabled is let in again, and a key, password or
// token that no longer works is replaced. Settings and balances are left as they
// are; the demo's money is given once. A rate is set anew when the demo made it
// or when it has become too old to be used.
//
// A private server that dies while dev mode runs is started again on its data.
//
// The Inspector verifies both signatures of what it receives, against the keys
// of the merchant whom the callback is from. It keeps the last thousand in
// memory, lists them as JSON in full and on a page with requisites masked, and
// can be told to misbehave.
//
// The card provider is package virtualcard/simulator on an address of its own.
// What it knows is in the data directory, so that it answers for what it did
// whatever was killed, and it can be told to misbehave, too.
//
// It leaves to others: the servers' processes (package services), and anything
// that should be safe on a network. Every address here is this machine's own
// unless the API is told to listen elsewhere.
package devmode
