// Package simulator is a card provider that moves no real money and can be told
// to misbehave. It keeps the promises of virtualcard.Provider, in process and,
// by its Handler, over HTTP to package httpprovider.
//
// Cards, orders and behaviours are one file, replaced in one synced step before
// anything is answered. So what was answered is never forgotten, and a simulator
// that is killed goes on where it stood, with orders that were pending too.
// Without a file all is in memory.
//
// A behaviour is for an operation (create, topup, withdraw, freeze, unfreeze,
// close, lookup, card) and for a number of times. A close that takes money off
// follows the behaviour of withdraw when close has none. The outcomes:
//
//	approve         as the rules of cards say, answered after delay_ms
//	decline         refused for good, answered after delay_ms; a lookup first
//	                declines for good the order it is for, unless that is done
//	done_no_answer  carried out and never answered
//	no_answer       nothing happens and nothing is answered
//	late            taken at once, carried out and answered after delay_ms
//	                (12 s if zero); until then it is pending
//	twice           carried out and answered two times on one connection
//	garbled         carried out; the answer breaks off in the middle
//	error           nothing happens, HTTP 500
//
// What is never answered is held until the caller goes away, or is cut off after
// delay_ms if that is not zero. Reading operations do nothing, so that only the
// answer differs; one that is declined, where a lookup is not, is an error.
// An order that is known is answered as before and uses up no behaviour.
//
// Card numbers do not exist here, only their last four digits. A card of a BIN
// whose last digit is odd is of the category online, else wallet.
package simulator
