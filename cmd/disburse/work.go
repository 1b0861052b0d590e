package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"disburse/gateway"
)

type workCommand struct {
	gatewayFlags  `embed:""`
	logFlag       `embed:""`
	MetricsListen string `name:"metrics-listen" env:"DISBURSE_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Serve /healthz and /metrics there. Off when empty."`
}

// Help is the long text of `disburse work --help`.
func (workCommand) Help() string {
	return `Delivers callbacks, hands payouts to executors, ends payouts whose time is over, and seals the ledger. Run any number of these; they share the work.

It stops on SIGINT or SIGTERM: what runs is finished first, and what is cut off is taken up by another process or the next start. Logs are JSON lines on stderr.`
}

// Run works until ctx ends.
func (c workCommand) Run(ctx context.Context, out output) error {
	cfg, err := c.config("", gateway.Workers)
	if err != nil {
		return err
	}
	log := c.logger(out.Err)
	if c.MetricsListen == "" {
		return runGateway(ctx, cfg, log, gateway.Workers)
	}
	listener, err := net.Listen("tcp", c.MetricsListen)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	defer listener.Close()
	app, err := gateway.New(cfg, log)
	if err != nil {
		return err
	}
	server := serveMetrics(listener, app.Registry, log)
	defer server.Close() //nolint:errcheck // the process ends
	return runApp(ctx, app, log, gateway.Workers)
}

// serveMetrics answers probes and collectors until it is closed.
func serveMetrics(listener net.Listener, registry *prometheus.Registry, log *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"ok"}`+"\n")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "error", err.Error())
		}
	}()
	log.Info("metrics are served", "address", listener.Addr().String())
	return server
}
