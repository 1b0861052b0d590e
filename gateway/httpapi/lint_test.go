package httpapi_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// TestDocument holds the published document against its specification, its
// examples against their schemas, and all of it against the rules of lint.
func TestDocument(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("openapi.yaml")
	must(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	must(t, err)
	err = doc.Validate(t.Context(), openapi3.EnableMultiError(), openapi3.EnableExamplesValidation(),
		openapi3.EnableSchemaDefaultsValidation(), openapi3.EnableSchemaFormatValidation(), openapi3.ProhibitExtensionsWithRef())
	if err != nil {
		t.Error(err)
	}
	for _, fault := range lint(doc, string(raw)) {
		t.Error(fault)
	}
	if doc.Webhooks == nil || doc.Webhooks["payoutEnded"] == nil {
		t.Error("the callback is not documented as a webhook")
	}
}

// TestDocumentRulesBite lints a document that breaks every rule once.
func TestDocumentRulesBite(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/broken.yaml")
	must(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	must(t, err)
	want := []string{
		"GET /a/: a path ends in a slash if and only if it is a merchant's call",
		"GET /a/: operationId \"Get_it\" is not in lower camel case",
		"GET /a/: summary \"Reads it.\" is empty, longer than 60 characters or a sentence",
		"GET /a/: 500 is not documented",
		"GET /a/: 404 is not one of the shared errors",
		"GET /a/: parameter page has no description",
		"GET /a/: security is not stated",
		"GET /b: has 2 tags, want 1",
		"GET /b: answer 200 does not tell X-Request-Id",
		"GET /b: application/json of 200 has no schema",
		"POST /b: no success is documented",
		"operationId getIt is used 2 times",
		"tag Spare is used by no operation",
		"tag Spare has no description",
		"tag Unknown is not declared",
		"components.schemas.Spare is not used",
		"components.schemas.Spare requires b, which is not among its properties",
	}
	got := lint(doc, string(raw))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

var camel = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// linter gathers what is wrong with a document that its specification allows.
type linter struct {
	faults []string
	ids    map[string]int
	tags   map[string]bool
}

func (l *linter) add(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// lint tells where the document is not as its readers may expect.
func lint(doc *openapi3.T, raw string) []string {
	l := &linter{ids: map[string]int{}, tags: map[string]bool{}}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			l.operation(method+" "+path, operation, item)
			if strings.HasPrefix(path, "/api/merchant/") != strings.HasSuffix(path, "/") {
				l.add("%s %s: a path ends in a slash if and only if it is a merchant's call", method, path)
			}
		}
	}
	for id, n := range l.ids {
		if n > 1 {
			l.add("operationId %s is used %d times", id, n)
		}
	}
	for _, item := range doc.Webhooks {
		for _, operation := range item.Operations() {
			for _, tag := range operation.Tags {
				l.tags[tag] = true
			}
		}
	}
	for _, tag := range doc.Tags {
		if !l.tags[tag.Name] {
			l.add("tag %s is used by no operation", tag.Name)
		}
		delete(l.tags, tag.Name)
		if tag.Description == "" {
			l.add("tag %s has no description", tag.Name)
		}
	}
	for tag := range l.tags {
		l.add("tag %s is not declared", tag)
	}
	l.components(doc.Components, raw)
	return l.faults
}

func (l *linter) operation(name string, o *openapi3.Operation, item *openapi3.PathItem) {
	l.ids[o.OperationID]++
	if !camel.MatchString(o.OperationID) {
		l.add("%s: operationId %q is not in lower camel case", name, o.OperationID)
	}
	if o.Summary == "" || len(o.Summary) > 60 || strings.HasSuffix(o.Summary, ".") {
		l.add("%s: summary %q is empty, longer than 60 characters or a sentence", name, o.Summary)
	}
	if len(o.Tags) != 1 {
		l.add("%s: has %d tags, want 1", name, len(o.Tags))
	}
	for _, tag := range o.Tags {
		l.tags[tag] = true
	}
	if o.Security == nil {
		l.add("%s: security is not stated", name)
	}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		if p.Value.Description == "" {
			l.add("%s: parameter %s has no description", name, p.Value.Name)
		}
	}
	if o.Responses.Value("500") == nil {
		l.add("%s: 500 is not documented", name)
	}
	success := false
	for status, response := range o.Responses.Map() {
		success = success || status[0] == '2'
		l.response(name, status, response)
	}
	if !success {
		l.add("%s: no success is documented", name)
	}
}

func (l *linter) response(name, status string, response *openapi3.ResponseRef) {
	if response.Value.Headers["X-Request-Id"] == nil {
		l.add("%s: answer %s does not tell X-Request-Id", name, status)
	}
	for media, content := range response.Value.Content {
		if content.Schema == nil {
			l.add("%s: %s of %s has no schema", name, media, status)
		}
	}
	// What a load balancer asks for has no error in the usual sense.
	if status[0] >= '4' && response.Ref == "" && !strings.HasSuffix(name, " /readyz") {
		l.add("%s: %s is not one of the shared errors", name, status)
	}
}

func (l *linter) components(c *openapi3.Components, raw string) {
	for kind, names := range map[string][]string{
		"schemas":    slices.Collect(maps.Keys(c.Schemas)),
		"responses":  slices.Collect(maps.Keys(c.Responses)),
		"parameters": slices.Collect(maps.Keys(c.Parameters)),
		"headers":    slices.Collect(maps.Keys(c.Headers)),
		"examples":   slices.Collect(maps.Keys(c.Examples)),
	} {
		for _, name := range names {
			if !regexp.MustCompile(`#/components/` + kind + `/` + name + `\b`).MatchString(raw) {
				l.add("components.%s.%s is not used", kind, name)
			}
		}
	}
	for name := range c.SecuritySchemes {
		if strings.Count(raw, name) < 2 {
			l.add("components.securitySchemes.%s is not used", name)
		}
	}
	for name, schema := range c.Schemas {
		if len(schema.Value.AllOf) > 0 { // what it requires may stand in a part
			continue
		}
		for _, required := range schema.Value.Required {
			if schema.Value.Properties[required] == nil {
				l.add("components.schemas.%s requires %s, which is not among its properties", name, required)
			}
		}
	}
}

// TestDocumentListsEveryCode compares the codes of faults in the source with
// those that the envelopes may hold, each in the letters of its API. Virtual
// cards are left out: their envelope holds none. What signs people in to pages
// is answered by the pages.
func TestDocumentListsEveryCode(t *testing.T) {
	t.Parallel()
	doc, err := document()
	must(t, err)
	documented := map[string]bool{}
	merchants := doc.Components.Schemas["MerchantError"].Value.Properties["code"].Value
	operators := doc.Components.Schemas["OperatorError"].Value.Properties["error"].Value.Properties["code"].Value
	users := doc.Components.Schemas["WalletError"].Value.Properties["error"].Value.Properties["code"].Value
	games := doc.Components.Schemas["GameError"].Value.Properties["code"].Value
	for _, code := range slices.Concat(merchants.Enum, operators.Enum, users.Enum, games.Enum) {
		documented[strings.ToLower(code.(string))] = true
	}
	for _, code := range []string{"under_way", "already_ended", "provider_unavailable"} {
		delete(documented, code) // what virtual cards tell operators
	}
	delete(documented, "internal_error")      // what end users read for internal
	delete(documented, "error_unknown_error") // what providers of games read for it
	// invalid_credentials is the answer to a password, which no call takes yet; an
	// unknown public key is answered as a wrong signature.
	unanswered := []string{"invalid_credentials", "unknown_public_key"}
	// These are said by pages and commands alone.
	unanswered = append(unanswered, "has_sandbox", "not_live", "not_sandbox", "queues_unavailable", "second_person_needed", "not_approved", "already_done")
	inSource := map[string]bool{}
	made := regexp.MustCompile(`fault\.New\([\w.]+, "(\w+)"|Code: "(\w+)"`)
	err = fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if slices.Contains([]string{"virtualcard", "signin", "console"}, path) {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(filepath.Join("..", path))
		for _, match := range made.FindAllStringSubmatch(string(source), -1) {
			if code := match[1] + match[2]; !slices.Contains(unanswered, code) {
				inSource[strings.ToLower(code)] = true
			}
		}
		return err
	})
	must(t, err)
	if diff := cmp.Diff(inSource, documented); diff != "" {
		t.Errorf("codes in the source (-) and in the document (+) differ:\n%s", diff)
	}
}
