package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"disburse/gateway/httpapi"
)

var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := document()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

func init() {
	for _, media := range []string{
		"text/html", "text/javascript", "text/css", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.RegisteredBodyDecoder("text/plain"))
	}
}

func document() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromFile("openapi.yaml")
}

// holdToContract validates a response, and the request that led to it if it
// was taken, against the published document. What matches no documented path
// is left to the tests of 404 and 405.
func holdToContract(t testing.TB, req *http.Request, body []byte, a answer) {
	t.Helper()
	router, err := contract()
	must(t, err)
	asDocumented := req.Clone(req.Context())
	asDocumented.URL.Scheme, asDocumented.URL.Host = "", ""
	asDocumented.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(asDocumented)
	if err != nil {
		if a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not documented: %v", req.Method, req.URL.Path, err)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: asDocumented, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s %s: the request was taken, but is not as documented: %v", req.Method, req.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Options: in.Options}
	out.SetBodyBytes(a.raw)
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s %s: answered %d, not as documented: %v", req.Method, req.URL.Path, a.status, err)
	}
}

// TestDocumentNamesEveryRouteAndNoOther walks both ways between the routes that
// the application serves and those that the document describes.
func TestDocumentNamesEveryRouteAndNoOther(t *testing.T) {
	t.Parallel()
	doc, err := document()
	must(t, err)
	var documented []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+strings.TrimSuffix(path, "/"))
		}
	}
	var served []string
	parameter := regexp.MustCompile(`:([a-z_]+)`)
	for _, r := range httpapi.ServedRoutes() {
		if r.Method == http.MethodHead { // fiber adds one to every GET
			continue
		}
		served = append(served, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
	}
	slices.Sort(documented)
	slices.Sort(served)
	if diff := cmp.Diff(served, documented); diff != "" {
		t.Errorf("served (-) and documented (+) routes differ:\n%s", diff)
	}
}
