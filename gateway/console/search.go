package console

import (
	"net/url"
	"strings"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/report"
)

var errNoChart = fault.New(fault.NotFound, "not_found", "there is no such page")

func words(text string) string { return strings.ReplaceAll(text, "_", " ") }

// searched is the page of a search.
type searched struct {
	report.Found
	Rows []hitRow
	Most int
}

type hitRow struct {
	report.Hit
	Path string // empty where it has no page of its own
}

// search looks for a text everywhere. What is found by its whole id is shown at
// once.
func (k *desk) search(v *site.Visit) error {
	found, err := k.Figures.Search(v.Ctx, v.Query("q"))
	if err != nil {
		return err
	}
	s := searched{Found: found, Most: report.HitsAtMost}
	for _, h := range found.Hits {
		s.Rows = append(s.Rows, hitRow{h, pageOf(h)})
	}
	if len(s.Rows) == 1 && s.Rows[0].Why == "id" && s.Rows[0].Path != "" {
		return v.Goto(s.Rows[0].Path, "")
	}
	return v.Render("search", s)
}

// pageOf is where a hit is shown in full.
func pageOf(h report.Hit) string {
	id := url.PathEscape(h.ID)
	switch h.Kind {
	case report.OfPayout:
		return "/payouts/" + id
	case report.OfCardOrder:
		return "/card-orders/" + id
	case report.OfDeal:
		if h.State == "disputed" {
			return "/disputes/" + id
		}
	case report.OfUser:
		return "/users/" + id
	case report.OfMerchant:
		return "/merchants/" + url.PathEscape(h.Name)
	case report.OfCallback:
		return "/callbacks/" + id
	case report.OfApproval:
		return "/approvals"
	}
	return ""
}
