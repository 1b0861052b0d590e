package httpapi

import (
	"net/http"
	"strings"

	"disburse/gateway/fault"
)

// Codes of the game wallet that no service returns: each stands for a whole
// kind of failure.
const (
	gameBadRequest   = "ERROR_BAD_REQUEST"
	gameTimeout      = "ERROR_TIMEOUT"
	gameUnknownError = "ERROR_UNKNOWN_ERROR"
)

// adaptGameProblem gives a failure the status and the code that are published
// for the game wallet. What may hold the next time is a 500, because providers
// of games take every 4xx as final: a win that is refused so is never sent
// again. A code that is not one of the published ones becomes the one of its
// kind.
func adaptGameProblem(p *problem, kind fault.Kind) {
	switch kind {
	case fault.Unavailable, fault.Upstream, fault.RateLimited, kindSlowRequest:
		p.Status, p.Code = http.StatusInternalServerError, gameTimeout
		return
	case fault.InvalidInput, fault.Rule, fault.InsufficientFunds, fault.Forbidden, fault.NotFound, fault.Conflict, kindMalformed, kindHeaders:
		p.Status = http.StatusBadRequest
	}
	if !strings.HasPrefix(p.Code, "ERROR_") {
		p.Code = gameBadRequest
	}
}

// appendGameProblem writes the form that providers of games know. The
// description names the first faulty field; there is no room for the others.
func appendGameProblem(dst []byte, p problem) []byte {
	dst = append(dst, `{"code":`...)
	dst = appendQuoted(dst, p.Code)
	dst = append(dst, `,"description":`...)
	dst = appendQuoted(dst, p.Message)
	dst = append(dst, `,"traceId":`...)
	dst = appendQuoted(dst, p.RequestID)
	return append(dst, '}')
}
