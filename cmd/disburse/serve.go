package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"disburse/gateway"
)

type serveCommand struct {
	gatewayFlags `embed:""`
	logFlag      `embed:""`
	Listen       string `name:"listen" env:"DISBURSE_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the API listens. Port 0 takes a free one, which the log names."`
	WithWorkers  bool   `name:"with-workers" env:"DISBURSE_WITH_WORKERS" help:"Run the workers in this process too."`
}

// Help is the long text of `disburse serve --help`.
func (serveCommand) Help() string {
	return `Serves the merchant API, the operator API, the API reference (/docs), /healthz, /readyz and /metrics, in plain HTTP: put a proxy with TLS before it. Run any number of these on the same PostgreSQL and Redis. Callbacks, timeouts and executors need "disburse work", or --with-workers here.

It stops on SIGINT or SIGTERM: requests that run are finished first. Logs are JSON lines on stderr.

The schema must be up to date: run "disburse migrate up" before, with each new version.`
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context, out output) error {
	roles := []gateway.Role{gateway.API}
	if c.WithWorkers {
		roles = append(roles, gateway.Workers)
	}
	cfg, err := c.config(c.Listen, roles...)
	if err != nil {
		return err
	}
	return runGateway(ctx, cfg, c.logger(out.Err), roles...)
}

// runGateway builds the gateway and runs roles of it until ctx ends or one of
// them fails, then stops them in order.
func runGateway(ctx context.Context, cfg gateway.Config, log *slog.Logger, roles ...gateway.Role) error {
	app, err := gateway.New(cfg, log)
	if err != nil {
		return err
	}
	// A start that was told to stop goes on to an orderly end.
	if err := app.Start(ctx, roles...); err != nil && ctx.Err() == nil {
		_ = app.Close(ctx) // the start's error says more
		return err
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-app.Failed():
	}
	log.Info("stopping", "within", app.Config.ShutdownTimeout.String())
	if err := app.Close(ctx); err != nil {
		return errors.Join(failure, fmt.Errorf("stopping: %w", err))
	}
	log.Info("stopped")
	return failure
}
