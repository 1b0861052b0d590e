package site

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"disburse/gateway/fault"
	"disburse/gateway/signin"
)

var (
	errNoFile      = fault.New(fault.InvalidInput, "bad_form", "this is no form with a file")
	errFileTooLong = fault.New(fault.InvalidInput, "too_large", "the file is too large")
)

// mayUpload says, from the head of a request alone, whether its sender may use a
// route that takes a file: the server asks before it makes room for a body.
func (s *Site) mayUpload(r Route) func(ctx context.Context, h *fasthttp.RequestHeader) error {
	return func(ctx context.Context, h *fasthttp.RequestHeader) error {
		token := signin.Token(h.Cookie(s.cookie()))
		session, err := s.Sessions.Find(ctx, s.Realm, token)
		switch {
		case err != nil:
			return err
		case !session.Verified:
			return signin.ErrNoSession
		case !token.OwnsCSRF(string(h.Peek("X-Csrf-Token"))):
			return errForeign
		}
		person, err := s.Person(ctx, session.Subject)
		switch {
		case err != nil:
			return err
		case r.Role != "" && !person.May(r.Role):
			return errForbidden
		default:
			return nil
		}
	}
}

// File is the content of the one file of a form, at most so many bytes. It is
// read from the body that is in memory already.
func (v *Visit) File(name string, most int) ([]byte, error) {
	media, params, err := mime.ParseMediaType(string(v.c.Request().Header.ContentType()))
	if err != nil || media != fiber.MIMEMultipartForm || len(v.c.Request().Header.ContentEncoding()) > 0 {
		return nil, errNoFile
	}
	parts := multipart.NewReader(bytes.NewReader(v.c.Context().PostBody()), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fault.Invalid(fault.Field{Name: name, Why: "is required"})
		case err != nil:
			return nil, errNoFile
		case part.FormName() != name:
			continue
		}
		content, err := io.ReadAll(io.LimitReader(part, int64(most)+1))
		switch {
		case err != nil:
			return nil, errNoFile
		case len(content) > most:
			return nil, errFileTooLong
		default:
			return content, nil
		}
	}
}

// problem is a failure in the terms of our scripts.
type problem struct {
	Error struct {
		Code      string            `json:"code"`
		Message   string            `json:"message"`
		Fields    map[string]string `json:"fields,omitempty"`
		RequestID string            `json:"request_id"`
	} `json:"error"`
}

// Problem tells a script of ours what failed, in the visitor's language. What is
// no fault of the visitor's goes on as it came.
func (v *Visit) Problem(err error) error {
	known := fault.From(err)
	status := statusOf(known)
	if status >= http.StatusInternalServerError {
		return err
	}
	var p problem
	p.Error.Code, p.Error.Message, p.Error.RequestID = known.Code, v.T(known.Message), v.RequestID
	for _, f := range known.Fields {
		if p.Error.Fields == nil {
			p.Error.Fields = make(map[string]string)
		}
		p.Error.Fields[f.Name] = why(v.site.words[v.lang()], f.Why)
	}
	v.c.Status(status)
	return v.c.JSON(p)
}
