package acceptance

import "slices"

// cases is everything that is played, in this order.
var cases = slices.Concat(signatureCases, requestCases, amountCases, repeatCases, rollbackCases, roundCases, sessionCases,
	crowdCases)

func ids(list ...string) []string { return list }
