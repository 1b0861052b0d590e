package httpapi

import (
	"bytes"

	"github.com/prometheus/common/expfmt"
)

// serveMetrics prints everything that is registered, in the text format. The
// page is as public as the API: it holds no secrets but tells how busy the
// gateway is. An installation that minds has MetricsElsewhere.
func (a *api) serveMetrics() func(*request) error {
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	return func(r *request) error {
		families, err := a.Registry.Gather()
		if err != nil {
			return err
		}
		var out bytes.Buffer
		encoder := expfmt.NewEncoder(&out, format)
		for _, family := range families {
			if err := encoder.Encode(family); err != nil {
				return err
			}
		}
		r.c.Response().Header.SetContentType(string(format))
		r.c.Response().SetBodyRaw(out.Bytes())
		return nil
	}
}
