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
	return `Seals keys of merchants and game providers, payout requisites, callbacks, cards, payment details and chat messages anew that are sealed with another key than the first of DISBURSE_ENCRYPTION_KEYS. It may run while the gateway runs, several times, and be interrupted.

Run it once every process has that key first; a process that does not goes on sealing with the old one. When --dry-run then counts nothing, only backups taken before still need the old keys.`
}

type reencrypted struct {
	Key            string `json:"key"` // the primary one
	MerchantKeys   int    `json:"merchant_keys"`
	ProviderKeys   int    `json:"provider_keys"`  // of providers of games
	SecondFactors  int    `json:"second_factors"` // of people on the web pages
	Requisites     int    `json:"requisites"`
	Callbacks      int    `json:"callbacks"`
	Cards          int    `json:"cards"`           // of card orders, and the platform's
	PaymentDetails int    `json:"payment_details"` // of P2P ads and orders
	Messages       int    `json:"messages"`
	DryRun         bool   `json:"dry_run"`
}

func (r reencrypted) String() string {
	return fmt.Sprintf("%d merchant keys, %d provider keys, %d second factors, %d payout requisites, %d callbacks, %d cards, %d payment details, %d messages",
		r.MerchantKeys, r.ProviderKeys, r.SecondFactors, r.Requisites, r.Callbacks, r.Cards, r.PaymentDetails, r.Messages)
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
	for _, part := range []func() error{
		func() error { return untilNone(ctx, app.Merchants.Reencrypt, batch, &done.MerchantKeys, progress) },
		func() error { return untilNone(ctx, app.GameProviders.Reencrypt, batch, &done.ProviderKeys, progress) },
		func() error { return untilNone(ctx, app.Sessions.Reencrypt, batch, &done.SecondFactors, progress) },
		func() error { return everyPage(ctx, app.Payouts.Reencrypt, batch, &done.Requisites, progress) },
		func() error { return everyPage(ctx, app.Payouts.ReencryptCallbacks, batch, &done.Callbacks, progress) },
		func() error { return everyPage(ctx, app.CardOrders.Reencrypt, batch, &done.Cards, progress) },
		func() error { return untilNone(ctx, app.Exchange.Reencrypt, batch, &done.PaymentDetails, progress) },
		func() error { return everyPage(ctx, app.Chat.Reencrypt, batch, &done.Messages, progress) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// untilNone repeats what finds by itself what is left.
func untilNone(ctx context.Context, do func(ctx context.Context, batch int) (int, error), batch int, count *int, progress func()) error {
	for {
		n, err := do(ctx, batch)
		if err != nil || n == 0 {
			return err
		}
		*count += n
		progress()
	}
}

// everyPage goes through all pages of something; the zero key is before the
// first of them and after the last.
func everyPage[K comparable](
	ctx context.Context, page func(ctx context.Context, after K, batch int) (next K, changed int, err error),
	batch int, count *int, progress func(),
) error {
	var start K
	for after := start; ; {
		next, n, err := page(ctx, after, batch)
		if err != nil {
			return err
		}
		*count += n
		progress()
		if next == start {
			return nil
		}
		after = next
	}
}

// countOtherwise counts what reencryptAll would change.
func countOtherwise(ctx context.Context, app *gateway.App, would *reencrypted) (err error) {
	if would.MerchantKeys, err = app.Merchants.SealedOtherwise(ctx); err != nil {
		return err
	}
	if would.Requisites, would.Callbacks, err = app.Payouts.SealedOtherwise(ctx); err != nil {
		return err
	}
	for _, of := range []struct {
		count func(context.Context) (int, error)
		into  *int
	}{
		{app.GameProviders.SealedOtherwise, &would.ProviderKeys}, {app.Sessions.SealedOtherwise, &would.SecondFactors},
		{app.CardOrders.SealedOtherwise, &would.Cards}, {app.Exchange.SealedOtherwise, &would.PaymentDetails}, {app.Chat.SealedOtherwise, &would.Messages},
	} {
		if *of.into, err = of.count(ctx); err != nil {
			return err
		}
	}
	return nil
}
