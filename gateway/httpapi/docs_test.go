package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml"

	"disburse/gateway/httpapi"
	"disburse/signing"
)

// The order of members means nothing to JSON, but the reference shows fields in
// it, and readers look for order_id first.
func TestDocumentAsJSONKeepsItsOrder(t *testing.T) {
	t.Parallel()
	got, err := httpapi.OpenAPIJSON()
	must(t, err)
	source, err := os.ReadFile("openapi.yaml")
	must(t, err)
	plain, err := yaml.YAMLToJSON(source)
	must(t, err)
	var want, have any
	must(t, json.Unmarshal(plain, &want))
	must(t, json.Unmarshal(got, &have))
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the two documents differ (-YAML +JSON):\n%s", diff)
	}
	for name, members := range map[string][]string{
		"document":     {`"openapi"`, `"info"`, `"servers"`, `"tags"`, `"paths"`, `"webhooks"`, `"components"`},
		"calls":        {`"/api/merchant/{merchant}/create_pay_out/"`, `"/api/merchant/{merchant}/status/"`, `"/api/operator/payouts"`, `"/healthz"`},
		"CreatePayOut": {`"CreatePayOut"`, `"order_id"`, `"payment_method"`, `"fiat_amount"`, `"fiat_currency"`, `"timeout"`, `"sign"`},
	} {
		at := make([]int, 0, len(members))
		from := max(0, bytes.Index(got, []byte(members[0]+":")))
		for _, member := range members {
			at = append(at, bytes.Index(got[from:], []byte(member+":")))
		}
		if !slices.IsSorted(at) || at[0] < 0 {
			t.Errorf("%s: %v stand at %v", name, members, at)
		}
	}
}

// An integrator who computes a signature by the reference compares it with what
// is printed there.
func TestPrintedSignaturesAreRight(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("openapi.yaml")
	must(t, err)
	text := string(source)
	between := func(before, after string) string {
		t.Helper()
		_, rest, found := strings.Cut(text, before)
		inside, _, ended := strings.Cut(rest, after)
		if !found || !ended {
			t.Fatalf("the reference has nothing between %q and %q", before, after)
		}
		return strings.TrimSpace(inside)
	}
	parts := strings.Split(between("With the key `test_sign_key` the string", "gives"), ":")
	if got, want := signing.PayoutSign(parts[0], parts[1], parts[2], parts[3], parts[4]), between("order123:1500.00:79161234567:rub:test_sign_key\n\n    gives `", "`"); got != want {
		t.Errorf("sign: %s is printed, %s is right", want, got)
	}
	signed := strings.SplitN(between("` the text\n", "gives"), ".", 3)
	seconds, err := strconv.ParseInt(signed[1], 10, 64)
	must(t, err)
	headers, err := signing.Sign([]string{between("With the secret `", "`")}, signed[0], time.Unix(seconds, 0), []byte(signed[2]))
	must(t, err)
	if got := between("gives `v1,", "`"); "v1,"+got != headers.Signature {
		t.Errorf("webhook-signature: v1,%s is printed, %s is right", got, headers.Signature)
	}
}
