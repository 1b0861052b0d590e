package main

import (
	"context"

	"disburse/gateway"
)

type workCommand struct {
	gatewayFlags `embed:""`
	logFlag      `embed:""`
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
	return runGateway(ctx, cfg, c.logger(out.Err), gateway.Workers)
}
