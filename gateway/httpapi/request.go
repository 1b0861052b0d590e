package httpapi

import (
	"context"
	stdjson "encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"disburse/gateway/enduser"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
)

const (
	headerRequestID = "X-Request-Id"
	headerReplayed  = "Idempotent-Replayed"
)

// request is one call on its way through a handler. It lives on the goroutine
// of the call: nothing may keep it, or the fiber context in it, any longer.
type request struct {
	c     *fiber.Ctx
	api   *api
	route *route
	ctx   context.Context // ends with the deadline of the call
	id    string
	start time.Time

	user     enduser.User // of an end user's call, once authorised
	answered bool         // the handler has told the caller of its failure, if there is one

	// For the log line.
	merchant string
	operator string
	provider string // of games
	decision string // of the rate limiter: "", allowed, refused, or either with "_local"
	address  netip.Addr
}

// requestID is the caller's X-Request-Id when it is 1 to 64 of
// [A-Za-z0-9._-], else a new one.
func requestID(c *fiber.Ctx) string {
	given := c.Request().Header.Peek(headerRequestID)
	if len(given) == 0 || len(given) > 64 {
		return publicid.New("req")
	}
	for _, b := range given {
		if !isRequestIDByte(b) {
			return publicid.New("req")
		}
	}
	return string(given)
}

func isRequestIDByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '.' || b == '_' || b == '-'
}

// param is a path parameter with its percent escapes undone; fiber routes on
// the path as it was sent, so an escaped slash stays inside its parameter. Text
// that is not UTF-8, or that PostgreSQL cannot hold, names nothing.
func (r *request) param(name string) string {
	text, err := url.PathUnescape(r.c.Params(name))
	if err != nil || !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return ""
	}
	return text
}

// rawBody is the body as it arrived. It is valid until the handler returns.
// fiber's own Body undoes Content-Encoding, which would let 64 KiB unpack to
// anything, so it is not used.
func (r *request) rawBody() []byte { return r.c.Context().PostBody() }

// decode checks the media type and fills into from the body.
func (r *request) decode(into body) error {
	raw := r.rawBody()
	if len(raw) > 0 && !isJSON(r.c) {
		return errMediaType
	}
	return decodeBody(raw, into)
}

// decodeOptional is decode for calls that may come without any body.
func (r *request) decodeOptional(into body) error {
	if len(r.rawBody()) == 0 {
		return nil
	}
	return r.decode(into)
}

// exactNumbers writes a number that is kept as its text as a number, and not as
// the text that it is to the json package.
var exactNumbers = json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
	return enc.WriteValue(jsontext.Value(n))
}))

// json answers 200 with v.
func (r *request) json(v any) error { return r.jsonStatus(http.StatusOK, v) }

func (r *request) jsonStatus(status int, v any) error {
	out, err := json.Marshal(v, exactNumbers)
	if err != nil {
		return fault.From(err)
	}
	writeJSON(r.c, status, out)
	return nil
}

func (r *request) noContent() error {
	r.c.Status(http.StatusNoContent)
	return nil
}
