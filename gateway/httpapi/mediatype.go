package httpapi

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// isJSON reports whether the body is said to be plain JSON in UTF-8. A body
// under a Content-Encoding is not.
func isJSON(c *fiber.Ctx) bool {
	header := &c.Request().Header
	if encoding := header.ContentEncoding(); len(encoding) > 0 && !strings.EqualFold(string(encoding), "identity") {
		return false
	}
	given := string(header.ContentType())
	if given == fiber.MIMEApplicationJSON {
		return true
	}
	media, params, err := mime.ParseMediaType(given)
	if err != nil || media != fiber.MIMEApplicationJSON {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}
