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
	Batch      int `name:"batch" env:"DISBURSE_REENCRYPT_BATCH" default:"500" placeholder:"N" help:"Rows at a time, 1 to 10000."`
}

// Help is the long text of `disburse config reencrypt --help`.
func (configReencryptCommand) Help() string {
	return `Seals merchant keys and payout requisites anew that are sealed with another key than the first of DISBURSE_ENCRYPTION_KEYS. It may run while the gateway runs, several times, and be interrupted.

Callbacks keep the key they were staged with. Keep an old key configured until its callbacks are delivered and you no longer want to resend them.`
}

type reencrypted struct {
	Key          string `json:"key"` // the primary one
	MerchantKeys int    `json:"merchant_keys"`
	Requisites   int    `json:"requisites"`
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
	done := reencrypted{Key: primary}
	progress := func() {}
	if onTerminal(out.Err) {
		progress = func() {
			fmt.Fprintf(out.Err, "\r%d merchant keys, %d payout requisites", done.MerchantKeys, done.Requisites)
		}
	}
	err = c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		if err := reencryptAll(ctx, app, c.Batch, &done, progress); err != nil {
			return err
		}
		record := audit.Of(ctx, time.Now(), "config.reencrypt", "encryption_key", primary)
		record.After = done
		return audit.Write(ctx, app.DB, record)
	})
	if onTerminal(out.Err) {
		fmt.Fprintln(out.Err)
	}
	if err != nil {
		return err
	}
	return c.show(out, done, func(w io.Writer) {
		fmt.Fprintf(w, "sealed anew with key %s: %d merchant keys, %d payout requisites\n", primary, done.MerchantKeys, done.Requisites)
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
	for after := ""; ; {
		next, n, err := app.Payouts.Reencrypt(ctx, after, batch)
		if err != nil {
			return err
		}
		done.Requisites += n
		progress()
		if after = next; after == "" {
			return nil
		}
	}
}
