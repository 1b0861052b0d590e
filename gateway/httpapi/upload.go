package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/fault"
	"disburse/gateway/payout"
)

// file is the content of the one file that a multipart body holds under name.
// It is read from the body that is in memory already; fiber's own form parser
// would undo a Content-Encoding and write temporary files.
func (r *request) file(name string) ([]byte, error) {
	media, params, err := mime.ParseMediaType(string(r.c.Request().Header.ContentType()))
	if err != nil || media != fiber.MIMEMultipartForm || len(r.c.Request().Header.ContentEncoding()) > 0 {
		return nil, errMultipart
	}
	parts := multipart.NewReader(bytes.NewReader(r.rawBody()), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, fault.Invalid(fault.Field{Name: name, Why: "is required"})
		}
		if err != nil {
			return nil, fault.Invalid(fault.Field{Name: bodyName, Why: "is not a multipart form"})
		}
		if part.FormName() != name {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(part, payout.MaxReceipt+1))
		switch {
		case err != nil:
			return nil, fault.Invalid(fault.Field{Name: name, Why: "ends in the middle"})
		case len(content) > payout.MaxReceipt:
			return nil, errTooLarge
		default:
			return content, nil
		}
	}
}
