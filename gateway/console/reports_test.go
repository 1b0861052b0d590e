package console_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"disburse/gateway/fx"
	"disburse/gateway/operator"
	"disburse/ledger"
)

// total adds up a column of a file's rows.
func total(t *testing.T, rows [][]string, column string) decimal.Decimal {
	t.Helper()
	sum, at := decimal.Zero, -1
	for i, name := range rows[0] {
		if name == column {
			at = i
		}
	}
	for _, row := range rows[1:] {
		sum = sum.Add(decimal.RequireFromString(row[at]))
	}
	return sum
}

func TestReports(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	shop := s.merchant("shop", "1000")
	_, err := s.app.Rates.Set(t.Context(), fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234")})
	s.must(err)
	for _, id := range []string{"a", "b", "c"} {
		s.payout(shop, id)
	}
	held := decimal.RequireFromString(s.account(shop.ID, ledger.PurposeHeld).Balance.String())
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/reports"), `value="shop"`, `id="export-payouts"`, `id="export-p2p"`)

	rows, err := csv.NewReader(strings.NewReader(c.read("/reports/file?kind=payouts&format=csv&merchant=shop"))).ReadAll()
	s.must(err)
	book, err := excelize.OpenReader(strings.NewReader(c.read("/reports/file?kind=payouts&format=xlsx&status=expectation")))
	s.must(err)
	sheet, err := book.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	s.must(err)
	for format, rows := range map[string][][]string{"csv": rows, "xlsx": sheet} {
		if got := total(t, rows, "merchant_spent_usdt"); !got.Equal(held) || held.IsZero() || len(rows) != 4 {
			t.Errorf("%s: %d payouts cost %s, the books hold %s", format, len(rows)-1, got, held)
		}
	}

	day := time.Now().UTC().Format(time.DateOnly)
	free := decimal.NewFromInt(1000).Sub(held).StringFixed(6)
	holds(t, c.read("/reports/statement?merchant=shop&from="+day), "The last day is not over", "Opening balance", "0.000000", "Top-ups",
		"1000.000000", "Held for new payouts", "-"+held.StringFixed(6), "Closing balance", free, held.StringFixed(6), "1000.000000")
	rows, err = csv.NewReader(strings.NewReader(c.read("/reports/statement/file?merchant=shop&format=csv&from=" + day))).ReadAll()
	s.must(err)
	if last := rows[len(rows)-1]; last[1] != "closing" || last[4] != free {
		t.Errorf("the file closes with %v, want %s", last, free)
	}

	for path, want := range map[string]string{
		"/reports/file?kind=payouts&format=pdf":             "is not one that can be exported",
		"/reports/file?kind=p2p&format=csv&user=x":          "must be a whole number from 1",
		"/reports/file?kind=p2p&format=csv&merchant=shop":   "is not a filter of this export",
		"/reports/file?kind=payouts&format=csv&from=monday": "must be a day",
		"/reports/statement?merchant=nobody":                "is not a merchant",
		"/reports/statement":                                "is required",
		"/reports/statement/file?merchant=shop&format=pdf":  "must be csv or xlsx",
	} {
		if p := c.get(path); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, want) {
			t.Errorf("%s: %d, without %q", path, p.status, want)
		}
	}
}
