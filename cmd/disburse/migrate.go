package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"disburse/migrations"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply every migration that is missing. Safe to run from several machines at once."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and when each was applied."`
}

type migrateUpCommand struct {
	databaseFlag `embed:""`
}

// Run applies what is missing and prints each migration it applied.
func (c migrateUpCommand) Run(ctx context.Context, out output) error {
	url, err := c.database()
	if err != nil {
		return err
	}
	applied, err := migrations.Up(ctx, url)
	for _, m := range applied {
		fmt.Fprintf(out.Out, "applied %s\n", m.Name)
	}
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Fprintln(out.Out, "the schema is up to date")
	}
	return nil
}

type migrateStatusCommand struct {
	databaseFlag `embed:""`
	JSON         bool `name:"json" env:"DISBURSE_JSON" help:"Print JSON."`
}

// Run prints one line for each migration.
func (c migrateStatusCommand) Run(ctx context.Context, out output) error {
	url, err := c.database()
	if err != nil {
		return err
	}
	all, err := migrations.Status(ctx, url)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out.Out).Encode(all)
	}
	for _, m := range all {
		state := "pending"
		if m.AppliedAt != nil {
			state = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(out.Out, "%-20s  %s\n", state, m.Name)
	}
	return nil
}
