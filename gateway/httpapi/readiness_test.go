package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// readyBench serves /readyz alone, over one check that is counted, with a clock
// of its own.
type readyBench struct {
	app    *fiber.App
	since  atomic.Int64 // nanoseconds
	asked  atomic.Int64
	broken atomic.Bool
}

func newReadyBench(t *testing.T) *readyBench {
	t.Helper()
	b := new(readyBench)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	probe := func(context.Context) error {
		b.asked.Add(1)
		if b.broken.Load() {
			return errors.New("away")
		}
		return nil
	}
	a := &api{metrics: m, Deps: Deps{
		Log: slog.New(slog.DiscardHandler), Timeout: time.Minute,
		Now:    func() time.Time { return time.Unix(0, b.since.Load()) },
		Checks: []Check{{Name: "counted", Probe: probe}},
	}}
	b.app = newApp(a)
	b.app.Get("/readyz", a.serve(&route{method: http.MethodGet, path: "/readyz", envelope: operatorEnvelope, handle: readyz}))
	return b
}

func (b *readyBench) wants(t *testing.T, status int) {
	t.Helper()
	res, err := b.app.Test(httptest.NewRequest(http.MethodGet, "/readyz", nil), -1)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	if res.StatusCode != status {
		t.Errorf("got %d, want %d", res.StatusCode, status)
	}
}

func TestReadinessIsAskedOnceASecond(t *testing.T) {
	t.Parallel()
	b := newReadyBench(t)
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() { b.wants(t, http.StatusOK) })
	}
	callers.Wait()
	if got := b.asked.Load(); got != 1 {
		t.Errorf("50 at once: asked %d times, want 1", got)
	}
	b.broken.Store(true)
	b.since.Add(int64(time.Second - 1))
	b.wants(t, http.StatusOK)
	b.since.Add(1)
	b.wants(t, http.StatusServiceUnavailable)
	b.broken.Store(false)
	b.wants(t, http.StatusServiceUnavailable)
	b.since.Add(int64(time.Second))
	b.wants(t, http.StatusOK)
	if got := b.asked.Load(); got != 3 {
		t.Errorf("asked %d times, want 3", got)
	}
}
