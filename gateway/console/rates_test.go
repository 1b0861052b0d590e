package console_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestRateIsSetAndAJumpConfirmed(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	boss.post("/rates/set", "currency", "RUB", "rate", "98", "max_age", "24h", "source", "manual").wants(t, http.StatusSeeOther, "/rates/rub")
	jump := []string{"currency", "RUB", "rate", "150.5", "max_age", "24h", "source", "manual"}
	refused := boss.post("/rates/set", jump...)
	refused.wants(t, http.StatusConflict, "")
	holds(t, refused.text, "The rate in force is 98.0000.", `name="rate" type="text" value="150.5"`, `name="confirm"`)
	lacks(t, boss.read("/rates/set"), `name="confirm"`)
	boss.post("/rates/set", append(jump, "confirm", "yes")...).wants(t, http.StatusSeeOther, "/rates/rub")
	rate, err := s.app.Rates.Current(t.Context(), "rub")
	s.must(err)
	if rate.String() != "150.5000" {
		t.Errorf("in force: %s", rate)
	}
	holds(t, boss.read("/rates/rub"), "150.5000", "98.0000", "97.1234", "rate.set")
	wrong := boss.post("/rates/set", "currency", "zzz", "rate", "1e2", "max_age", "soon", "source", "x")
	wrong.wants(t, http.StatusUnprocessableEntity, "")
	holds(t, wrong.text, "must be a known currency other than USDT", "must be above zero", "must be a span such as 24h")
}

// oldRate is a rate that nobody has renewed.
const oldRate = `insert into rates (currency, value, source, max_age_seconds, set_at) values ('kzt', 4500000, 'feed', 3600, now() - interval '2 days')`

func TestStaleRateIsMarked(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	lacks(t, boss.read("/rates/rub"), "This rate is too old")
	s.exec(oldRate)
	holds(t, boss.read("/rates/kzt"), "This rate is too old", "450.0000")
}

func TestRateChart(t *testing.T) {
	t.Parallel()
	s, boss := standOfParties(t)
	s.exec(oldRate)
	boss.post("/rates/set", "currency", "KZT", "rate", "455", "max_age", "24h", "source", "manual")
	var chart struct {
		XName  string
		X      []int64
		Series []struct{ Values []json.Number }
	}
	s.must(json.Unmarshal([]byte(boss.read("/rates/kzt/chart")), &chart))
	values := chart.Series[0].Values
	if chart.XName != "Time" || len(chart.X) < 2 || len(chart.X) != len(values) || values[0] != "450.0000" || values[len(values)-1] != "455.0000" {
		t.Errorf("got %+v", chart)
	}
	for i := 1; i < len(chart.X); i++ {
		if chart.X[i] <= chart.X[i-1] {
			t.Errorf("times do not rise: %v", chart.X)
		}
	}
}
