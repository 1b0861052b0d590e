// Package gamewallet answers the calls of game providers: what a player has,
// bets, wins, and rollbacks of bets.
//
// It leaves signatures, JSON and HTTP to the API, and who provides and who
// plays to package gameprovider.
package gamewallet
