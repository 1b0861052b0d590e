// Package approval keeps what waits for a second person: a payout that is
// reported as paid, a correction of a merchant's balance, new keys of a live
// merchant, a change of who signs in for one, a rule of approval that is to become
// weaker, the end of an order that the card provider does not tell.
//
//	           another person         who asked takes it back, or what it
//	           approves               was about has changed
//	approved <------------- waiting -------------------------------------> void
//	                          |  \
//	     another person       |   \ nobody for Life: it can no longer be granted
//	     refuses              v    v
//	                      refused  (expired)
//
// # What holds
//
// Who asked never decides, and who decides is an operator who is let in and
// whose role is approver or above at that moment, and admin where a rule for
// everybody is to become weaker: the statement that stores the decision reads
// the operator's row, so neither a cached role nor a parameter counts. The schema
// refuses a decision by who asked as well. The command line
// cannot decide, since it does not know which operator sits at it. Nobody
// decides either whose account was made or changed by who asked, after it was
// asked, nor whose password or token was given out by who asked, ever: one person
// could be both. Nor does an account in between help, nor the account itself: what
// is given out by one of these is given out by who asked. That somebody else gives
// out a new password, and such tokens are revoked, makes the account another
// person's.
//
// That goes from who asks to who decides, and not back: who asked may have an
// account of the decider's making. Refusing that would leave no second person
// where one admin made everybody.
//
// A decision is one guarded statement, meant to run in the transaction of what
// it allows: of two decisions one wins, and nothing is allowed without its
// effect. What is approved is exactly what was asked for under that id; who
// wants something else asks anew.
//
// Where keys are rotated, or somebody gets a password, the effect comes after the
// approval, so that only who asked sees the secret: an approval is used once, by
// who asked for it, before it expires.
//
// # What is left to others
//
// The features say what needs a second person, ask, and bring the effect about:
// they are the Deciders. Which routes lead here is the web layers' matter.
package approval
