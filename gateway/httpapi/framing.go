package httpapi

import (
	"bytes"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

var (
	nameOfLength  = []byte(fiber.HeaderContentLength)
	nameOfCoding  = []byte(fiber.HeaderTransferEncoding)
	codingChunks  = []byte("chunked")
	codingNothing = []byte("identity")
)

// onlyOneEnd refuses requests that do not say in one way where their body ends,
// and closes their connection. The server would take the last length, and chunks
// before any length; a proxy in front that goes by another of them would let a
// part of somebody's body through as the next request of the connection.
func onlyOneEnd(app *fiber.App, next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if oneEnd(ctx.Request.Header.RawHeaders()) {
			next(ctx)
			return
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		_ = app.ErrorHandler(c, errMalformed) // it answers, and returns nil
		ctx.SetConnectionClose()
	}
}

// oneEnd reports that header lines name one length, or chunks, or neither: then
// there is no body.
func oneEnd(lines []byte) bool {
	lengths, codings, chunked := 0, 0, false
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte{'\n'})
		name, value, _ := bytes.Cut(line, []byte{':'})
		switch {
		case bytes.EqualFold(name, nameOfLength):
			lengths++
		case bytes.EqualFold(name, nameOfCoding):
			codings++
			value = bytes.TrimSpace(value)
			chunked = bytes.EqualFold(value, codingChunks)
			if !chunked && !bytes.Equal(value, codingNothing) {
				return false
			}
		}
	}
	return lengths <= 1 && codings <= 1 && (lengths == 0 || !chunked)
}
