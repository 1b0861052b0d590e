package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"disburse/gateway"
	"disburse/gateway/gameprovider"
	"disburse/gateway/page"
)

type providerProfileCommand struct {
	List providerProfileListCommand `cmd:"" help:"List the profiles by name."`
	Show providerProfileShowCommand `cmd:"" help:"Show one profile and what it means."`
	Set  providerProfileSetCommand  `cmd:"" help:"Make a profile, or change one for every provider that has it."`
}

// Help is the long text of `disburse provider profile --help`.
func (providerProfileCommand) Help() string {
	return `Providers differ in what they expect for a repeated transaction, a rollback of a bet that never came, and the like. A profile holds those answers; whatever it says, no bet or refund is ever made twice.

    disburse provider profile list
    disburse provider profile set ours --duplicate refuse --win-without-bet accept
    disburse provider set acme-games --profile ours`
}

type providerProfileListCommand struct {
	dataFlags `embed:""`
}

// Run prints the profiles.
func (c providerProfileListCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.GameProviders.Profiles(ctx)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, page.Of(found, "", page.As), table[gameprovider.Profile]{
			empty:  "There are no profiles.",
			header: "NAME\tDUPLICATE\tUNKNOWN ROLLBACK\tREPEATED ROLLBACK\tID SCOPE\tWIN WITHOUT BET\tLATE BET",
			row: func(p gameprovider.Profile) []string {
				return []string{
					p.Name, string(p.Duplicate), string(p.UnknownRollback), string(p.RepeatedRollback),
					string(p.IDScope), string(p.WinWithoutBet), string(p.LateBet),
				}
			},
		})
	})
}

type providerProfileShowCommand struct {
	dataFlags `embed:""`
	Name      string `arg:"" name:"name" help:"The profile's name."`
}

// Run prints the profile.
func (c providerProfileShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		p, err := app.GameProviders.ProfileByName(ctx, c.Name)
		if err != nil {
			return err
		}
		return c.show(out, p, func(w io.Writer) {
			fmt.Fprintf(w, "name\t%s\n", p.Name)
			for _, line := range profileLines(p) {
				fmt.Fprintf(w, "%s\t%s\t%s\n", line[0], line[1], line[2])
			}
		})
	})
}

// profileLines are the rules of a profile: name, value and what that means.
func profileLines(p gameprovider.Profile) [][3]string {
	answer := func(rule gameprovider.Rule, accepted, refused string) string {
		if rule == gameprovider.Accept {
			return accepted
		}
		return refused
	}
	duplicate := "a repeated transaction is answered 200, and nothing moves"
	if p.Duplicate == gameprovider.RefuseDuplicate {
		duplicate = "a repeated transaction is refused as a duplicate"
	}
	scope := "no two transactions of the provider have one id"
	if p.IDScope == gameprovider.PerPlayer {
		scope = "two players may have transactions of one id"
	}
	return [][3]string{
		{"duplicate", string(p.Duplicate), duplicate},
		{"unknown-rollback", string(p.UnknownRollback), answer(p.UnknownRollback,
			"the rollback of a bet that never came is answered 200", "the rollback of a bet that never came is refused") +
			"; the bet is kept out for ever"},
		{"repeated-rollback", string(p.RepeatedRollback), answer(p.RepeatedRollback,
			"a second rollback of a bet is answered 200, and nothing moves", "a second rollback of a bet is refused")},
		{"id-scope", string(p.IDScope), scope},
		{"win-without-bet", string(p.WinWithoutBet), answer(p.WinWithoutBet,
			"a win that names no bet is paid", "a win that names no bet is refused, but for free spins")},
		{"late-bet", string(p.LateBet), answer(p.LateBet,
			"a bet after its rollback is answered 200, and nothing moves", "a bet after its rollback is refused")},
	}
}

type providerProfileSetCommand struct {
	dataFlags        `embed:""`
	Name             string `arg:"" name:"name" help:"The profile's name, 1 to 64 of a-z, 0-9, _ and -."`
	Duplicate        string `name:"duplicate" env:"DISBURSE_PROFILE_DUPLICATE" enum:"replay,refuse," default:"" placeholder:"RULE" help:"A transaction that is repeated: replay answers 200, refuse says it is a duplicate."`
	UnknownRollback  string `name:"unknown-rollback" env:"DISBURSE_PROFILE_UNKNOWN_ROLLBACK" enum:"accept,refuse," default:"" placeholder:"RULE" help:"The rollback of a bet that never came: accept or refuse."`
	RepeatedRollback string `name:"repeated-rollback" env:"DISBURSE_PROFILE_REPEATED_ROLLBACK" enum:"accept,refuse," default:"" placeholder:"RULE" help:"A second rollback of a bet: accept or refuse."`
	IDScope          string `name:"id-scope" env:"DISBURSE_PROFILE_ID_SCOPE" enum:"provider,player," default:"" placeholder:"SCOPE" help:"Among what transaction ids are unique: provider or player."`
	WinWithoutBet    string `name:"win-without-bet" env:"DISBURSE_PROFILE_WIN_WITHOUT_BET" enum:"accept,refuse," default:"" placeholder:"RULE" help:"A win that names no bet: accept or refuse."`
	LateBet          string `name:"late-bet" env:"DISBURSE_PROFILE_LATE_BET" enum:"accept,refuse," default:"" placeholder:"RULE" help:"A bet after its rollback: accept answers 200 and takes nothing, refuse says no."`
}

// Help is the long text of `disburse provider profile set --help`.
func (providerProfileSetCommand) Help() string {
	return `Changes what is named and leaves the rest; a new profile begins as the default one.

Example:

    disburse provider profile set ours --duplicate refuse --win-without-bet accept`
}

// Run makes or changes the profile.
func (c providerProfileSetCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		before, err := app.GameProviders.ProfileByName(ctx, c.Name)
		made := errors.Is(err, gameprovider.ErrUnknownProfile)
		if made {
			before, err = gameprovider.Default(), nil
			before.Name = c.Name
		}
		if err != nil {
			return err
		}
		after, err := app.GameProviders.PutProfile(ctx, c.of(before))
		if err != nil {
			return err
		}
		return c.show(out, after, func(w io.Writer) {
			if made {
				fmt.Fprintf(w, "Made the profile %s:\n", after.Name)
				for _, line := range profileLines(after) {
					fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
				}
				return
			}
			lines := profileLines(after)
			changes := make([][3]string, len(lines))
			for i, was := range profileLines(before) {
				changes[i] = [3]string{was[0], was[1], lines[i][1]}
			}
			writeChanges(w, after.Name, changes)
		})
	})
}

// of is the profile with the flags' values.
func (c providerProfileSetCommand) of(p gameprovider.Profile) gameprovider.Profile {
	for _, flag := range []struct {
		value string
		into  *string
	}{
		{c.Duplicate, (*string)(&p.Duplicate)},
		{c.UnknownRollback, (*string)(&p.UnknownRollback)},
		{c.RepeatedRollback, (*string)(&p.RepeatedRollback)},
		{c.IDScope, (*string)(&p.IDScope)},
		{c.WinWithoutBet, (*string)(&p.WinWithoutBet)},
		{c.LateBet, (*string)(&p.LateBet)},
	} {
		if flag.value != "" {
			*flag.into = flag.value
		}
	}
	return p
}
