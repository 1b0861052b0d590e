// Package gameprovider keeps who provides games and who plays them: providers
// with their keys, the profiles by which they differ, their games, their
// players, and the sessions in which those play.
//
// # Keys
//
// A provider signs its calls with a private key and names the public key that
// belongs to it. Rotating makes a new pair; the one before works until a grace
// ends, and one that was still in an earlier grace ends at once, so at most two
// ever work. A private key is shown once, when it is made, and rests sealed by
// the vault.
//
// # Players and sessions
//
// A player is the provider's name for one of our users in one currency. What
// a name is bound to never changes, because what was bet under it must find its
// way back. A session belongs to a player and has an end:
//
//	OpenSession ──► open ──┬─► closed    CloseSession
//	                       └─► expired   by its time
//
// A player may be under limits: the largest bet, the most that may be lost in
// a day, and the time after which play stops until AcknowledgeSession says
// that the player was told how long it has been going on.
//
// # Reading
//
// A Directory serves the wallet calls. Providers and games come from memory
// until the configuration moves (see package epoch); a player and its session
// come from the database every time, in one query, so that a block or a closed
// session counts from the next bet on. The Directory knows every public key: a
// made-up one costs no query and is answered with a decoy, so that checking a
// signature takes the same work for nobody as for somebody.
//
// A Service changes all of this. Each change is one transaction with its audit
// row, and leaves no trace when it changes nothing.
//
// It promises that no private key reaches an audit row, an error, or the
// printed or JSON form of anything but Pair, and of session ids only the
// beginning reaches an audit row. It leaves bets, wins and every rule about
// them to the feature that serves the wallet.
package gameprovider
