package httpapi

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// The reference page is Scalar's standalone bundle (npm @scalar/api-reference
// 1.46.4, MIT, dist/browser/standalone.js unchanged): one file of 3.5 MB, 1 MB
// on the wire, that reads OpenAPI 3.1 with its webhooks. Redoc's is a third of
// that but shows no request samples for the signed calls.
var (
	//go:embed openapi.yaml
	openAPIYAML []byte
	//go:embed docs/page.html
	docsPage []byte
	//go:embed docs/page.js
	docsScript []byte
	//go:embed docs/page.css
	docsStyle []byte
	//go:embed docs/scalar.js
	docsBundle []byte
	//go:embed docs/scalar.LICENSE
	docsLicence []byte
)

// docsPolicy lets the page load from this origin and nowhere else. The bundle
// injects its style sheet as a style element, hence the one exception.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// openAPIJSON is the same document for tools that read no YAML.
var openAPIJSON = sync.OnceValues(func() ([]byte, error) {
	out, err := orderedJSON(openAPIYAML)
	if err != nil {
		return nil, fmt.Errorf("httpapi: openapi.yaml: %w", err)
	}
	return out, nil
})

// asset is one static answer; the packed form is made at its first use.
type asset struct {
	media  string
	plain  []byte
	packed func() []byte
}

func newAsset(media string, plain []byte) asset {
	return asset{media: media, plain: plain, packed: sync.OnceValue(func() []byte { return gzipped(plain) })}
}

// gzipped returns nil when packing fails, and the plain form is sent.
func gzipped(plain []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(plain); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return out.Bytes()
}

// serveAsset answers with a static file of the reference.
func serveAsset(media string, plain []byte) func(*request) error {
	a := newAsset(media, plain)
	return func(r *request) error { return r.send(a) }
}

func serveOpenAPIJSON(r *request) error {
	out, err := openAPIJSON()
	if err != nil {
		return err
	}
	return r.send(asset{media: "application/json", plain: out, packed: func() []byte { return nil }})
}

func (r *request) send(a asset) error {
	header := &r.c.Response().Header
	header.Set("Content-Security-Policy", docsPolicy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	header.SetContentType(a.media)
	out := a.plain
	if strings.Contains(r.c.Get("Accept-Encoding"), "gzip") {
		if packed := a.packed(); packed != nil {
			header.Set("Content-Encoding", "gzip")
			out = packed
		}
	}
	r.c.Response().SetBodyRaw(out)
	return nil
}
