package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"disburse/gateway"
	"disburse/gateway/page"
	"disburse/gateway/virtualcard"
	"disburse/ledger/money"
)

type virtualCardCommand struct {
	Create     virtualCardCreateCommand     `cmd:"" help:"Give a user a card, with money of the platform on it."`
	List       virtualCardListCommand       `cmd:"" help:"List virtual cards, newest first."`
	Exceptions virtualCardExceptionsCommand `cmd:"" help:"List what the card provider has not answered yet, oldest first."`
	Resolve    virtualCardResolveCommand    `cmd:"" help:"End by hand what the card provider does not answer."`
}

// Help is the long text of `disburse virtual-card --help`.
func (virtualCardCommand) Help() string {
	return `End users hold virtual cards at a card provider, put money on them from their USD wallets and take it off again. What the provider was asked for and has not answered stands among the exceptions until the workers have looked it up, or people end it.

Examples:

    disburse virtual-card create 42 --balance 100.00
    disburse virtual-card list --user 42
    disburse virtual-card exceptions
    disburse virtual-card resolve 7f0c6a5e-2d1b-4c8e-9a57-1f5f5a3c9d10 --as failed --reason "told by their support"`
}

// virtualCardView is a card in JSON; amounts are dollars.
type virtualCardView struct {
	ID         string  `json:"id"`
	UserID     int64   `json:"user_id"`
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Balance    string  `json:"balance"`
	CardNumber string  `json:"card_number"`
	Category   string  `json:"category"`
	PlanID     int64   `json:"card_plan"`
	CooldownTo *string `json:"cooldown_until"`
	CreatedAt  string  `json:"created_at"`
}

func viewVirtualCard(c virtualcard.Card) virtualCardView {
	v := virtualCardView{
		ID: c.ID, UserID: c.UserID, Name: c.Name, Status: string(c.Status), Balance: c.Balance.String(),
		CardNumber: "************" + c.LastFour, Category: c.Category, PlanID: c.PlanID, CreatedAt: stamp(c.CreatedAt),
	}
	if !c.CooldownEnd.IsZero() {
		until := stamp(c.CooldownEnd)
		v.CooldownTo = &until
	}
	return v
}

type virtualCardCreateCommand struct {
	userFlags         `embed:""`
	dryRunFlag        `embed:""`
	cardProviderFlags `embed:""`
	Balance           string `name:"balance" env:"DISBURSE_VIRTUAL_CARD_BALANCE" default:"0.00" placeholder:"AMOUNT" help:"What is on it from the start, in dollars; the platform gives it."`
}

// cardProviderFlags is embedded by commands that ask the card provider.
type cardProviderFlags struct {
	ProviderURL string `name:"card-provider-url" env:"DISBURSE_CARD_PROVIDER_URL" placeholder:"URL" group:"Connection:" help:"Where virtual cards are issued."`
	ProviderKey secret `name:"card-provider-key" env:"DISBURSE_CARD_PROVIDER_KEY" placeholder:"KEY" group:"Connection:" help:"The key to the card provider. Better given in the environment."`
}

func (f cardProviderFlags) provider() (virtualcard.Provider, error) {
	key, err := given(f.ProviderKey, "--card-provider-key", "DISBURSE_CARD_PROVIDER_KEY")
	if err != nil {
		return nil, err
	}
	if f.ProviderURL == "" {
		return nil, fmt.Errorf("--card-provider-url is needed: set DISBURSE_CARD_PROVIDER_URL or give the flag")
	}
	return gateway.Config{CardProviderURL: f.ProviderURL, CardProviderKey: key}.CardProvider()
}

// cardsAt is the service of cards at a provider.
func cardsAt(app *gateway.App, provider virtualcard.Provider) (*virtualcard.Service, error) {
	return virtualcard.NewService(virtualcard.Deps{DB: app.DB, Ledger: app.Ledger, Users: app.Users, Provider: provider, Now: time.Now})
}

// virtualCardDone is a card that was given, or would be, in JSON.
type virtualCardDone struct {
	virtualCardView
	DryRun bool `json:"dry_run"`
}

// Run makes the card, or says that it would.
func (c virtualCardCreateCommand) Run(ctx context.Context, out output) error {
	balance, err := money.Parse(c.Balance, virtualcard.USD)
	if err != nil {
		return usagef("--balance must be dollars such as 100.00")
	}
	provider, err := c.provider()
	if err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		cards, err := cardsAt(app, provider)
		if err != nil {
			return err
		}
		if c.DryRun {
			u, err := app.Users.ByID(ctx, c.User)
			if err != nil {
				return err
			}
			would := virtualCardDone{virtualCardView{UserID: u.ID, Balance: balance.String()}, true}
			return c.show(out, would, func(w io.Writer) {
				fmt.Fprintf(w, "Would give %s a card with %s USD. Nothing was done.\n", userText(u), balance)
			})
		}
		made, err := cards.Issue(ctx, c.User, balance)
		if err != nil {
			return err
		}
		return c.show(out, virtualCardDone{virtualCardView: viewVirtualCard(made)}, func(w io.Writer) {
			fmt.Fprintf(w, "Gave user %d the card %s, ending in %s, with %s USD.\n", made.UserID, made.ID, made.LastFour, made.Balance)
		})
	})
}

type virtualCardListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	User      int64 `name:"user" env:"DISBURSE_VIRTUAL_CARD_USER" placeholder:"ID" help:"Of this user."`
}

// Run prints a page of cards.
func (c virtualCardListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		found, err := app.VirtualCards.Desk(ctx, c.User, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		shown := page.Of(found.Items, "", viewVirtualCard)
		shown.NextCursor = found.NextCursor
		return showPage(c.jsonFlag, out, shown, table[virtualCardView]{
			empty:  "There are no virtual cards.",
			header: "ID\tUSER\tNAME\tSTATUS\tBALANCE\tCARD\tCREATED",
			row: func(v virtualCardView) []string {
				return []string{v.ID, strconv.FormatInt(v.UserID, 10), v.Name, v.Status, v.Balance + " USD", v.CardNumber, v.CreatedAt}
			},
		})
	})
}

type virtualCardExceptionsCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
}

// Run prints a page of exceptions.
func (c virtualCardExceptionsCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		shown, err := app.VirtualCards.Exceptions(ctx, c.Cursor, c.Limit)
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, shown, table[virtualcard.Exception]{
			empty:  "The card provider has answered everything.",
			header: "ID\tKIND\tSTATE\tUSER\tCARD\tAMOUNT\tAGE\tAPPROVAL\tNOTE",
			row: func(e virtualcard.Exception) []string {
				return []string{
					e.ID, string(e.Kind), e.State, strconv.FormatInt(e.UserID, 10), e.CardID, e.Amount + " USD",
					span(time.Duration(e.AgeSeconds) * time.Second), orDash(&e.ApprovalID), orDash(&e.Note),
				}
			},
		})
	})
}
