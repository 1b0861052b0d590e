package httpapi

import (
	"net/http"
	"time"
)

// The published texts of the virtual cards' envelope.
const (
	cardUnauthorized = `{"success":false,"message":"Unauthorized","error":"Invalid or missing API token"}`
	cardInvalidInput = "Invalid input data"
)

// cardMoment is how the calls of virtual cards write times.
const cardMoment = "2006-01-02T15:04:05.000Z"

func cardStamp(t time.Time) string { return t.UTC().Format(cardMoment) }

// appendCardProblem writes no code, since the published form has none: callers
// go by the status and, where that leaves them in doubt, by the message.
func appendCardProblem(dst []byte, p problem) []byte {
	if p.Status == http.StatusUnauthorized {
		return append(dst, cardUnauthorized...)
	}
	issues := issuesOf(p)
	if len(issues) > 0 {
		p.Message = cardInvalidInput
	}
	dst = append(dst, `{"success":false,"message":`...)
	dst = appendQuoted(dst, p.Message)
	if len(issues) > 0 {
		dst = append(dst, `,"error":`...)
		dst = appendIssues(dst, issues)
	}
	dst = append(dst, `,"timestamp":"`...)
	dst = append(dst, cardStamp(p.At)...)
	return append(dst, `"}`...)
}
