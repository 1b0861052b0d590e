package console

import (
	"disburse/gateway/console/site"
	"disburse/gateway/payout"
	"disburse/gateway/report"
)

// figureChart is a chart as the script draws it: a moment each step, and a value
// for each or null.
type figureChart struct {
	X      []int64      `json:"x"` // seconds of Unix time
	XName  string       `json:"xname"`
	Series []figureLine `json:"series"`
}

type figureLine struct {
	Name   string     `json:"name"`
	Colour string     `json:"colour"` // of the style's names
	Fill   bool       `json:"fill,omitzero"`
	Values []*float64 `json:"values"`
}

// charts of the dashboard.
var charts = []struct {
	path, name, hint string
	draw             func(*site.Visit, report.Course) []figureLine
}{
	{"ended", "Payouts by how they ended", "in each hour or day, when it ended", drawEnded},
	{"success", "Success rate", "percent of what ended", drawSuccess},
	{"to-pay", "Time to pay", "minutes from the request to the payment", drawToPay},
}

func (k *desk) chart(v *site.Visit) error {
	for _, c := range charts {
		if c.path != v.Param("chart") {
			continue
		}
		course, err := k.Figures.Course(v.Ctx, askedMode(v), report.SpanNamed(v.Query("span")))
		if err != nil {
			return err
		}
		data := figureChart{XName: v.T("From"), Series: c.draw(v, course)}
		for _, s := range course.Steps {
			data.X = append(data.X, s.From.Unix())
		}
		return v.JSON(data)
	}
	return errNoChart
}

// perStep is a value a step; false leaves a gap.
func perStep(c report.Course, value func(report.Step) (float64, bool)) []*float64 {
	values := make([]*float64, len(c.Steps))
	for i, s := range c.Steps {
		if n, known := value(s); known {
			values[i] = &n
		}
	}
	return values
}

func drawEnded(v *site.Visit, c report.Course) (all []figureLine) {
	for _, s := range []struct {
		status payout.Status
		colour string
	}{
		{payout.Successful, "good"}, {payout.RejectedTimeout, "warn"}, {payout.RejectedGate, "bad"}, {payout.RejectedMerchant, "busy"},
	} {
		all = append(all, figureLine{
			Name: v.T(words(string(s.status))), Colour: s.colour, Fill: s.status == payout.Successful,
			Values: perStep(c, func(step report.Step) (float64, bool) { return float64(step.Ended[s.status]), true }),
		})
	}
	return all
}

func drawSuccess(v *site.Visit, c report.Course) []figureLine {
	return []figureLine{{Name: v.T("successful") + ", %", Colour: "good", Values: perStep(c, func(s report.Step) (float64, bool) {
		all := s.All()
		if all == 0 {
			return 0, false
		}
		return float64(s.Ended[payout.Successful]*1000/all) / 10, true
	})}}
}

func drawToPay(v *site.Visit, c report.Course) []figureLine {
	minutes := func(of func(report.Step) float64) []*float64 {
		return perStep(c, func(s report.Step) (float64, bool) { return of(s), s.Ended[payout.Successful] > 0 })
	}
	return []figureLine{
		{Name: v.T("half of them within"), Colour: "busy", Values: minutes(func(s report.Step) float64 { return s.ToPay.Minutes() })},
		{Name: v.T("9 of 10 within"), Colour: "warn", Values: minutes(func(s report.Step) float64 { return s.ToPayMost.Minutes() })},
	}
}
