package httpapi_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"disburse/gateway/operator"
)

func TestExports(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.created("order-1")
	for _, kind := range []string{"payouts", "card-orders", "p2p", "transfers", "callbacks"} {
		for _, format := range []string{"csv", "xlsx"} {
			a := s.as(operator.RoleViewer, http.MethodGet, "/exports/"+kind+"."+format, nil)
			if a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Disposition"), `attachment; filename="`+kind+`-`) {
				t.Errorf("%s.%s: %d, %s", kind, format, a.status, a.header.Get("Content-Disposition"))
			}
		}
	}
	a := s.as(operator.RoleViewer, http.MethodGet, "/exports/payouts.csv?merchant=demo&status=expectation", nil)
	records, err := csv.NewReader(strings.NewReader(string(a.raw))).ReadAll()
	if err != nil || len(records) != 2 || records[1][1] != "order-1" {
		t.Errorf("payouts: %v, %v", records, err)
	}
	for path, code := range map[string]string{
		"/exports/payouts.pdf": "not_found", "/exports/payouts": "not_found", "/exports/merchants.csv": "not_found",
		"/exports/payouts.csv?merchant=nobody": "invalid_request", "/exports/payouts.csv?user=7": "invalid_request",
		"/exports/p2p.csv?user=x": "invalid_request", "/exports/p2p.csv?status=paid": "invalid_request",
		"/exports/p2p.csv?from=yesterday":     "invalid_request",
		"/merchants/demo/statement?from=2026": "invalid_request", "/merchants/nobody/statement": "not_found",
		"/merchants/demo/statement?from=2026-01-01&to=2026-12-31": "invalid_request",
	} {
		status := map[string]int{"not_found": http.StatusNotFound, "invalid_request": http.StatusBadRequest}[code]
		s.wantError(s.as(operator.RoleViewer, http.MethodGet, path, nil), status, code)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	a = s.as(operator.RoleViewer, http.MethodGet, "/merchants/demo/statement?from="+today, nil)
	if a.status != http.StatusOK || !strings.Contains(string(a.raw), `"flow":"payout_hold"`) {
		t.Errorf("the statement: %d %s", a.status, a.raw)
	}
}

// The server closes every file that it has sent: with one that it kept, the
// fourth would find no room.
func TestExportsMakeRoomForOthers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for range 5 {
		if a := s.as(operator.RoleViewer, http.MethodGet, "/exports/payouts.csv", nil); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.raw)
		}
	}
}
