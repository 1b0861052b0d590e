// Package acceptance plays cases against a game wallet over HTTP, as a provider
// of games would, and says which of them the wallet gets wrong. It knows nothing
// of the wallet but its address and the documented API, so it tests this one and
// anybody else's alike.
//
// Each case uses transaction, round and campaign ids of its own, so cases and
// runs do not touch each other, and works from the player's balance as it finds
// it: nobody else may play that player meanwhile. After each case the tester
// reads the balance, and where the case left it different it evens it out with a
// bet or a win. What stays is that the bets were played: they count towards the
// player's turnover and the report of rounds. So use a player made for testing.
//
// A case that needs something it was not given (a second player, an expired
// session) is skipped and says what it needs; cases of the list that no outside
// caller can play are named in NotPlayed.
//
// Where providers are known to differ, Profile says which behaviour is right for
// this wallet.
package acceptance
