package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"disburse/gateway"
	"disburse/gateway/audit"
	"disburse/gateway/vault"
)

type configReencryptCommand struct {
	storeFlags `embed:""`
	jsonFlag   `embed:""`
	Batch      int  `name:"batch" env:"DISBURSE_REENCRYPT_BATCH" default:"500" placeholder:"N" help:"Rows at a time, 1 to 10000."`
	DryRun     bool `name:"dry-run" env:"DISBURSE_DRY_RUN" help:"Count what would be sealed anew and do nothing."`
}

// Help is the long text of `disburse config reencrypt --help`.
func (configReencryptCommand) Help() string {
	return `Seals merchant keys, payout requisites and callbacks anew that are sealed with another key than the first of DISBURSE_ENCRYPTION_KEYS. It may run while the gateway runs, several times, and be interrupted.

Run it once every process has that key first; a process that does not goes on sealing with the old one. When --dry-run then counts nothing, only backups taken before still need the old keys.`
}

type reencrypted struct {
	Key          string `json:"key"` // the primary one
	MerchantKeys int    `json:"merchant_keys"`
	Requisites   int    `json:"requisites"`
	Callbacks    int    `json:"callbacks"`
	DryRun       bool   `json:"dry_run"`
}

func (r reencrypted) String() string {
	return fmt.Sprintf("%d merchant keys, %d payout requisites, %d callbacks", r.MerchantKeys, r.Requisites, r.Callbacks)
}

// Run brings everything onto the primary key and says how much that was.
func (c configReencryptCommand) Run(ctx context.Context, out output) error {
	if c.Batch < 1 || c.Batch > 10_000 {
		return usagef("--batch must be 1 to 10000")
	}
	primary, err := c.primary()
	if err != nil {
		return err
	}
	done := reencrypted{Key: primary, DryRun: c.DryRun}
	progress := func() {}
	if onTerminal(out.Err) {
		progress = func() { fmt.Fprintf(out.Err, "\r%s", done) }
	}
	err = c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if c.DryRun {
			return countOtherwise(ctx, app, &done)
		}
		if err := reencryptAll(ctx, app, c.Batch, &done, progress); err != nil {
			return err
		}
		record := audit.Of(ctx, time.Now(), "config.reencrypt", "encryption_key", primary)
		record.After = done
		return audit.Write(ctx, app.DB, record)
	})
	if onTerminal(out.Err) && !c.DryRun {
		fmt.Fprintln(out.Err)
	}
	if err != nil {
		return err
	}
	return c.show(out, done, func(w io.Writer) {
		if c.DryRun {
			fmt.Fprintf(w, "would be sealed anew with key %s: %s. Nothing was done.\n", primary, done)
			return
		}
		fmt.Fprintf(w, "sealed anew with key %s: %s\n", primary, done)
	})
}

// primary is the name of the key that everything is to be sealed with.
func (c configReencryptCommand) primary() (string, error) {
	text, err := c.keys()
	if err != nil {
		return "", err
	}
	keys, err := vault.Parse(text)
	if err != nil {
		return "", fmt.Errorf("DISBURSE_ENCRYPTION_KEYS: %w", err)
	}
	return keys[0].ID, nil
}

func reencryptAll(ctx context.Context, app *gateway.App, batch int, done *reencrypted, progress func()) error {
	for {
		n, err := app.Merchants.Reencrypt(ctx, batch)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		done.MerchantKeys += n
		progress()
	}
	for _, part := range []struct {
		page  func(ctx context.Context, after string, batch int) (next string, changed int, err error)
		count *int
	}{
		{app.Payouts.Reencrypt, &done.Requisites},
		{app.Payouts.ReencryptCallbacks, &done.Callbacks},
	} {
		for after, more := "", true; more; more = after != "" {
			next, n, err := part.page(ctx, after, batch)
			if err != nil {
				return err
			}
			*part.count += n
			after = next
			progress()
		}
	}
	return nil
}

// countOtherwise counts what reencryptAll would change.
func countOtherwise(ctx context.Context, app *gateway.App, would *reencrypted) (err error) {
	if would.MerchantKeys, err = app.Merchants.SealedOtherwise(ctx); err != nil {
		return err
	}
	would.Requisites, would.Callbacks, err = app.Payouts.SealedOtherwise(ctx)
	return err
}
