package httpapi

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the collectors of the HTTP surface. Every route label is a
// template of the route table, so their number is bounded. What the limiter
// decides is observed by package ratelimit itself.
type metrics struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
}

func newMetrics(into prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "disburse_http_requests_total",
			Help: "HTTP requests answered, by method, route template and status.",
		}, []string{"method", "route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "disburse_http_request_duration_seconds",
			Help:    "Time from the first handler to the written answer, by method, route template and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "disburse_http_requests_in_flight",
			Help: "HTTP requests being handled now.",
		}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.requests, m.durations, m.inFlight} {
		errs = append(errs, into.Register(c))
	}
	return m, errors.Join(errs...)
}

func (m *metrics) answered(method, route string, status int, took time.Duration) {
	code := strconv.Itoa(status)
	m.requests.WithLabelValues(method, route, code).Inc()
	m.durations.WithLabelValues(method, route, code).Observe(took.Seconds())
}
