package gateway

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exposition is what serves the metrics apart from the API.
type exposition struct {
	server  *http.Server
	address string
}

// MetricsAddress is where /metrics and /healthz are served apart from the API,
// empty unless Config.MetricsListen is set and the App started.
func (a *App) MetricsAddress() string { return a.exposition.address }

func (a *App) startExposition() error {
	listener, err := net.Listen("tcp", a.Config.MetricsListen)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"ok"}`+"\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	a.exposition = exposition{server: server, address: listener.Addr().String()}
	a.running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("metrics are no longer served", "error", err.Error())
		}
	})
	a.log.Info("metrics are served", "address", a.exposition.address)
	return nil
}
