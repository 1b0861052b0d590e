// Package httpapi is the gateway's HTTP surface: the merchants' payout calls,
// the end users' wallet calls, the game wallet that providers of games call, the
// operators' calls, health, metrics and the API reference.
//
// A handler decodes a request, makes one call into a feature's service and
// renders the answer. Everything every call needs happens around it, once, in
// serve.go: the request id, the deadline, the body limit, authentication, rate
// limits, panics, the one log line and the metrics. The routes are the table
// in routes.go; no other file registers one.
//
// Each API keeps its own envelope for errors (envelope.go), and writes the codes
// that the APIs share in its own letters. Services answer with fault kinds and
// codes, and the kind alone decides the HTTP status. An
// error that carries no kind becomes a 500 with a fixed text, and its cause
// goes to the log line and nowhere else.
//
// End users come with a token, and what comes with one token is limited before
// it is looked up (userauth.go). What their calls make may be asked for again
// with an Idempotency-Key: this package says which request it is
// (idempotency.go), and the feature keeps the key with what it made.
//
// Virtual cards are end users' calls with an envelope of their own
// (virtualcardsform.go): no codes, and what is wrong with the input as a list of
// issues. Their bodies reach the service member by member as they were written,
// because the words in which each is refused are published. Calls that wait for
// the card provider have more time than others.
//
// Providers of games sign the raw body and the public URL of the call
// (gamewallet.go). They take every 4xx as final, so what may hold the next time
// is a 500 there (gameproblem.go), and no limit stands in their way.
//
// What a connection may cost before its caller is known is bounded: how many
// there are, how long a request may take to arrive, and 64 KiB of body. More is
// for uploads by operators alone, and few at a time (admission.go). A request that
// says in two ways where its body ends is refused, and ends its connection
// (framing.go). A stop does not wait for connections on which nothing has come
// (listener.go).
//
// Bodies are decoded strictly (decode.go): one JSON object, no duplicate
// member, exact types, valid UTF-8, exact member names; members that a call
// does not know are ignored. Amounts and signed values of merchants' calls
// reach the services as the text the caller wrote; end users' amounts are whole
// kopecks, written as JSON integers, and the amounts of games stay the text of
// their JSON numbers until the service knows the currency.
//
// The package promises that no secret, requisite or raw path reaches the log
// or a metric label. It leaves every rule about payouts, merchants, operators
// and money to their packages, and it never talks to PostgreSQL or Redis
// itself.
package httpapi
