package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"disburse/gateway"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

type providerCommand struct {
	Create  providerCreateCommand  `cmd:"" help:"Take on a provider of games and print its key pair, this once."`
	List    providerListCommand    `cmd:"" help:"List the providers by name."`
	Show    providerShowCommand    `cmd:"" help:"Show one provider: profile, state, keys without secrets."`
	Set     providerSetCommand     `cmd:"" help:"Give a provider another profile, shut it out or let it in."`
	Rotate  providerRotateCommand  `cmd:"" help:"Make a new key pair; the old one works until a grace ends."`
	Test    providerTestCommand    `cmd:"" help:"Play every case against a wallet that speaks this API, ours or your own."`
	Profile providerProfileCommand `cmd:"" help:"Profiles: how providers behave where they are known to differ."`
}

// Help is the long text of `disburse provider --help`.
func (providerCommand) Help() string {
	return `A provider of games calls the wallet (/wallet/balance, withdraw, deposit, rollback) and signs every call with its private key. A running gateway sees every change within 5 seconds.

A first provider, ready to take bets:

    disburse provider create acme-games
    disburse game set acme-games roulette
    disburse player bind acme-games p-7 --user 1 --currency RUB
    disburse session open acme-games p-7`
}

// providerFlags is embedded by commands about one provider.
type providerFlags struct {
	dataFlags `embed:""`
	Name      string `arg:"" name:"name" help:"The provider's name."`
}

// providerWithPair shows a new key pair beside the provider, this once.
type providerWithPair struct {
	gameprovider.View
	gameprovider.Pair
}

type providerCreateCommand struct {
	dataFlags `embed:""`
	Name      string `arg:"" name:"name" help:"1 to 64 of a-z, 0-9, _ and -."`
	Profile   string `name:"profile" env:"DISBURSE_PROVIDER_PROFILE" placeholder:"NAME" help:"How it behaves; default when it is left out. \"disburse provider profile list\" shows them."`
	Rotate    bool   `name:"rotate" env:"DISBURSE_PROVIDER_ROTATE" help:"If the provider is there already, make it a new key pair; the old one works for 24h more."`
}

// Help is the long text of `disburse provider create --help`.
func (providerCreateCommand) Help() string {
	return `Prints public_key, which the provider sends with every call, and private_key, with which it signs them. The private key cannot be shown again; "disburse provider rotate" makes a new pair.

Choose the profile now if it counts transaction ids per player (id scope): that cannot change once the provider has players.

Example:

    disburse provider create acme-games --profile lenient-rollback`
}

// Run makes the provider, or a new pair of one that is there.
func (c providerCreateCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, pair, err := app.GameProviders.Create(ctx, gameprovider.Spec{Name: c.Name, Profile: c.Profile})
		if errors.Is(err, gameprovider.ErrNameTaken) && c.Rotate {
			if p, pair, err = app.GameProviders.Rotate(ctx, c.Name, gameprovider.DefaultGrace); err != nil {
				return err
			}
			return c.showRotated(out, p, pair, gameprovider.DefaultGrace)
		}
		if err != nil {
			return err
		}
		return c.show(out, providerWithPair{p.View(), pair}, func(w io.Writer) {
			fmt.Fprintf(w, "Took on the provider %s, profile %s.\n", p.Name, p.Profile.Name)
			writePair(w, pair)
		})
	})
}

// writePair prints what was made; it cannot be printed again.
func writePair(w io.Writer, pair gameprovider.Pair) {
	fmt.Fprintf(w, "Its keys are shown this once, keep them now:\n  public_key\t%s\n  private_key\t%s\n", pair.PublicKey, pair.PrivateKey)
}

type providerListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints a page of providers.
func (c providerListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.GameProviders.List(ctx, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, found.Next, gameprovider.Provider.View)
		return showPage(c.jsonFlag, out, shown, table[gameprovider.View]{
			empty:  "There are no providers yet. \"disburse provider create NAME\" takes one on.",
			header: "NAME\tSTATE\tPROFILE\tKEYS\tCREATED",
			row: func(v gameprovider.View) []string {
				return []string{v.Name, activeState(v.Active), v.Profile, fmt.Sprint(len(v.Keys)), stamp(v.CreatedAt)}
			},
		})
	})
}

type providerShowCommand struct {
	providerFlags `embed:""`
}

// Run prints the provider.
func (c providerShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, err := app.GameProviders.ByName(ctx, c.Name)
		if err != nil {
			return err
		}
		return c.show(out, p.View(), func(w io.Writer) { writeProvider(w, p) })
	})
}

func writeProvider(w io.Writer, p gameprovider.Provider) {
	fmt.Fprintf(w, "name\t%s\nstate\t%s\nprofile\t%s\ncreated\t%s\n", p.Name, activeState(p.Active), p.Profile.Name, stamp(p.CreatedAt))
	for _, line := range profileLines(p.Profile) {
		fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
	}
	fmt.Fprintln(w, "\nPUBLIC KEY\tCREATED\tWORKS UNTIL")
	for _, key := range p.Keys {
		until := "rotated"
		if key.ExpiresAt != nil {
			until = stamp(*key.ExpiresAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", key.PublicKey, stamp(key.CreatedAt), until)
	}
}

type providerSetCommand struct {
	providerFlags `embed:""`
	Profile       string `name:"profile" env:"DISBURSE_PROVIDER_PROFILE" placeholder:"NAME" help:"The profile it has from now on."`
	Active        *bool  `name:"active" env:"DISBURSE_PROVIDER_ACTIVE" help:"--active=false refuses every call of it, --active=true lets it in again."`
}

// Help is the long text of `disburse provider set --help`.
func (providerSetCommand) Help() string {
	return `A provider that is shut out gets 401 for every call, also for wins and rollbacks of bets that it took; it may send them once it is let in again.

Examples:

    disburse provider set acme-games --profile promo-wins
    disburse provider set acme-games --active=false`
}

// Run changes what is named.
func (c providerSetCommand) Run(ctx context.Context, out output) error {
	if c.Profile == "" && c.Active == nil {
		return usagef("nothing to change: give --profile or --active")
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		before, err := app.GameProviders.ByName(ctx, c.Name)
		if err != nil {
			return err
		}
		after := before
		if c.Profile != "" {
			if after, err = app.GameProviders.SetProfile(ctx, c.Name, c.Profile); err != nil {
				return err
			}
		}
		if c.Active != nil {
			if after, err = app.GameProviders.SetActive(ctx, c.Name, *c.Active); err != nil {
				return err
			}
		}
		return c.show(out, after.View(), func(w io.Writer) {
			writeChanges(w, after.Name, [][3]string{
				{"profile", before.Profile.Name, after.Profile.Name},
				{"state", activeState(before.Active), activeState(after.Active)},
			})
		})
	})
}

// writeChanges prints what differs: a name, the value before and after.
func writeChanges(w io.Writer, subject string, values [][3]string) {
	var changed []string
	for _, v := range values {
		if v[1] != v[2] {
			changed = append(changed, fmt.Sprintf("  %s %s -> %s\n", v[0], v[1], v[2]))
		}
	}
	if len(changed) == 0 {
		fmt.Fprintf(w, "%s had these settings already.\n", subject)
		return
	}
	fmt.Fprintf(w, "Changed %s:\n%s", subject, strings.Join(changed, ""))
}

type providerRotateCommand struct {
	providerFlags `embed:""`
	Grace         time.Duration `name:"grace" env:"DISBURSE_PROVIDER_GRACE" default:"24h" help:"How long the present pair goes on working, 0s to 720h. 0s ends it at once."`
}

// Help is the long text of `disburse provider rotate --help`.
func (providerRotateCommand) Help() string {
	return `Prints the new pair. At most two pairs ever work: one that is still in a grace from an earlier rotation ends at once.

Example: the private key leaked, so end it now.

    disburse provider rotate acme-games --grace 0s`
}

// Run rotates the keys.
func (c providerRotateCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, pair, err := app.GameProviders.Rotate(ctx, c.Name, c.Grace)
		if err != nil {
			return err
		}
		return c.showRotated(out, p, pair, c.Grace)
	})
}

// showRotated prints a new pair and what becomes of the old one.
func (f jsonFlag) showRotated(out output, p gameprovider.Provider, pair gameprovider.Pair, grace time.Duration) error {
	return f.show(out, providerWithPair{p.View(), pair}, func(w io.Writer) {
		until := "ended now"
		if grace > 0 {
			until = "goes on working for " + span(grace)
		}
		fmt.Fprintf(w, "Made a new key pair of %s; the old one %s.\n", p.Name, until)
		writePair(w, pair)
	})
}

func activeState(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}
