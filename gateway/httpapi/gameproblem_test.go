package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/fault"
)

// TestEveryKindOfFaultForAGame wants the published form: 400, 401 or 500, and
// never a 4xx for what may hold the next time.
func TestEveryKindOfFaultForAGame(t *testing.T) {
	t.Parallel()
	statuses := map[fault.Kind]string{
		fault.InvalidInput: "400 ERROR_BAD_REQUEST", fault.Rule: "400 ERROR_BAD_REQUEST", fault.Unauthenticated: "401 ERROR_BAD_REQUEST",
		fault.InsufficientFunds: "400 ERROR_BAD_REQUEST", fault.Forbidden: "400 ERROR_BAD_REQUEST", fault.NotFound: "400 ERROR_BAD_REQUEST",
		fault.Conflict: "400 ERROR_BAD_REQUEST", fault.RateLimited: "500 ERROR_TIMEOUT", fault.Unavailable: "500 ERROR_TIMEOUT",
		fault.Upstream: "500 ERROR_TIMEOUT", fault.Internal: "500 ERROR_UNKNOWN_ERROR",
		kindNoRoute: "404 ERROR_BAD_REQUEST", kindMethod: "405 ERROR_BAD_REQUEST", kindSlowRequest: "500 ERROR_TIMEOUT",
		kindTooLarge: "413 ERROR_BAD_REQUEST", kindMediaType: "415 ERROR_BAD_REQUEST", kindHeaders: "400 ERROR_BAD_REQUEST", kindMalformed: "400 ERROR_BAD_REQUEST",
	}
	for _, kind := range fault.Kinds() {
		if statuses[kind] == "" {
			t.Errorf("the kind %s has no row here", kind)
		}
	}
	for kind, want := range statuses {
		for _, code := range []string{"some_code", "ERROR_SESSION_EXPIRED"} {
			t.Run(string(kind)+"/"+code, func(t *testing.T) {
				t.Parallel()
				err := fault.New(kind, code, "some text").With(errors.New(secret))
				app, log := served(t, gameEnvelope, func(*request) error { return fmt.Errorf("while doing: %w", err) })
				res, body := answerOf(t, app)
				status, wanted, _ := strings.Cut(want, " ")
				text := "some text"
				if wanted == gameBadRequest && code != "some_code" {
					wanted = code
				}
				if wanted == gameUnknownError {
					text = "internal error"
				}
				form := fmt.Sprintf(`{"code":%q,"description":%q,"traceId":%q}`, wanted, text, res.Header.Get("X-Request-Id"))
				if fmt.Sprint(res.StatusCode) != status || body != form || res.Header.Get("WWW-Authenticate") != "" {
					t.Errorf("got %d %s, want %s %s", res.StatusCode, body, status, form)
				}
				if !strings.Contains(log.String(), secret) {
					t.Errorf("the cause is not in the log: %s", log)
				}
			})
		}
	}
}

func TestUnknownErrorsOfAGameShowNothing(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(*request) error{
		gameUnknownError: func(*request) error { return errors.New(secret) },
		gameTimeout: func(r *request) error {
			<-r.ctx.Done()
			return fmt.Errorf("%s: %w", secret, r.ctx.Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app, log := served(t, gameEnvelope, handle)
			res, body := answerOf(t, app)
			if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, secret) || !strings.Contains(body, `{"code":"`+name+`",`) {
				t.Errorf("got %d %s", res.StatusCode, body)
			}
			if !strings.Contains(log.String(), secret) {
				t.Errorf("the log does not tell the cause: %s", log)
			}
		})
	}
}
