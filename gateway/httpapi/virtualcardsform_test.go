package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"disburse/gateway/fault"
	"disburse/gateway/virtualcard"
)

// TestVirtualCardsTellEveryKindOfFault wants the published form of failures and
// nothing of their causes.
func TestVirtualCardsTellEveryKindOfFault(t *testing.T) {
	t.Parallel()
	for _, kind := range append(fault.Kinds(), kindNoRoute, kindMethod, kindSlowRequest, kindTooLarge, kindMediaType, kindHeaders, kindMalformed) {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			err := fault.New(kind, "some_code", "some text").After(1500 * time.Millisecond).With(errors.New(secret))
			app, log := served(t, cardEnvelope, func(*request) error { return fmt.Errorf("while doing: %w", err) })
			res, body := answerOf(t, app)
			want := `^\{"success":false,"message":"some text","timestamp":"[0-9T:.-]{23}Z"\}$`
			switch kind {
			case fault.Unauthenticated:
				want = `^\{"success":false,"message":"Unauthorized","error":"Invalid or missing API token"\}$`
			case fault.Internal:
				want = `^\{"success":false,"message":"internal error","timestamp":"[0-9T:.-]{23}Z"\}$`
			}
			if res.StatusCode != statusOf(kind) || !regexp.MustCompile(want).MatchString(body) {
				t.Errorf("got %d %s, want %d %s", res.StatusCode, body, statusOf(kind), want)
			}
			if got := res.Header.Get("Retry-After"); got != "2" {
				t.Errorf("Retry-After: got %q, want 2", got)
			}
			if !strings.Contains(log.String(), secret) || strings.Contains(body, secret) {
				t.Errorf("the cause is not in the log alone: %s", log)
			}
		})
	}
}

// TestIssuesReachTheAnswerHoweverWrapped also holds the order of members.
func TestIssuesReachTheAnswerHoweverWrapped(t *testing.T) {
	t.Parallel()
	small := virtualcard.Issue{
		Code: "too_small", Minimum: "1", Type: "number", Inclusive: true, Message: "Minimum withdrawal amount is 1.00", Path: []string{"amount"},
	}
	app, log := served(t, cardEnvelope, func(*request) error {
		return fmt.Errorf("withdraw: %w", &virtualcard.InvalidError{Issues: []virtualcard.Issue{small}})
	})
	res, body := answerOf(t, app)
	want := `{"success":false,"message":"Invalid input data","error":[{"code":"too_small","minimum":1,"type":"number","inclusive":true,` +
		`"exact":false,"message":"Minimum withdrawal amount is 1.00","path":["amount"]}],"timestamp":`
	if res.StatusCode != http.StatusBadRequest || !strings.HasPrefix(body, want) || !strings.Contains(log.String(), `"code":"invalid_request"`) {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}
