package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml"

	"disburse/gateway/httpapi"
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
