package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"disburse/gateway"
	"disburse/gateway/cardorder"
)

type cardOrderCommand struct {
	List     cardOrderListCommand     `cmd:"" help:"List card orders, newest first."`
	Show     cardOrderShowCommand     `cmd:"" help:"Show one card order with its chat."`
	Claim    cardOrderClaimCommand    `cmd:"" help:"Take a card order to work on, and see its card."`
	Release  cardOrderReleaseCommand  `cmd:"" help:"Give a claimed card order back."`
	Complete cardOrderCompleteCommand `cmd:"" help:"End a card order as paid."`
	Cancel   cardOrderCancelCommand   `cmd:"" help:"End a card order undone, with a reason."`
	Say      cardOrderSayCommand      `cmd:"" help:"Write into the chat of a card order."`
}

// Help is the long text of `disburse card-order --help`.
func (cardOrderCommand) Help() string {
	return `End users withdraw money to a card and pay money in by card; somebody here does the transfer at the bank. A withdrawal is pending until it is completed or cancelled; a deposit may be paid_by_user in between. Claim an order before paying it: its user cannot cancel it from then on, and its card number is shown to you. Everybody else sees the last four digits.

Examples:

    disburse card-order list --open
    disburse card-order claim 58
    disburse card-order say 58 "The transfer is on its way."
    disburse card-order complete 58`
}

type cardOrderListCommand struct {
	dataFlags `embed:""`
	pageFlags `embed:""`
	Status    string `name:"status" env:"DISBURSE_CARD_ORDER_STATUS" placeholder:"STATUS" help:"pending, paid_by_user, completed or cancelled."`
	Type      string `name:"type" env:"DISBURSE_CARD_ORDER_TYPE" placeholder:"TYPE" help:"withdraw or deposit."`
	User      int64  `name:"user" env:"DISBURSE_CARD_ORDER_USER" placeholder:"ID" help:"Of this user."`
	ClaimedBy string `name:"claimed-by" env:"DISBURSE_CARD_ORDER_CLAIMED_BY" placeholder:"WHO" help:"Claimed by operator:ID or cli:USER."`
	Open      bool   `name:"open" env:"DISBURSE_CARD_ORDER_OPEN" help:"Only those that are not ended."`
}

// Run prints a page of orders.
func (c cardOrderListCommand) Run(ctx context.Context, out output) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		shown, err := app.CardOrders.Desk(ctx, cardorder.DeskFilter{
			Status: cardorder.Status(c.Status), Type: cardorder.Type(c.Type), UserID: c.User, ClaimedBy: c.ClaimedBy, Open: c.Open,
			Cursor: c.Cursor, Limit: c.Limit,
		})
		if err != nil {
			return err
		}
		return showPage(c.jsonFlag, out, shown, table[cardorder.DeskView]{
			empty:  "No card order matches.",
			header: "ID\tUSER\tTYPE\tSTATUS\tAMOUNT\tCARD\tCLAIMED BY\tCREATED",
			row: func(v cardorder.DeskView) []string {
				return []string{
					strconv.FormatInt(v.ID, 10), strconv.FormatInt(v.UserID, 10), v.Type, v.Status, roubles(v.AmountKopecks),
					cardText(v.PaymentDetails), orDash(v.ClaimedBy), v.CreatedAt,
				}
			},
		})
	})
}

// cardText is the card of an order, a dash for none.
func cardText(details *cardorder.DetailsView) string {
	if details == nil {
		return "-"
	}
	return orDash(&details.CardNumber)
}

// cardOrderFlags is embedded by commands about one order.
type cardOrderFlags struct {
	dataFlags `embed:""`
	Order     int64 `arg:"" name:"id" help:"The order's number."`
}

type cardOrderShowCommand struct {
	cardOrderFlags `embed:""`
}

// chatShown is how many messages are shown with an order.
const chatShown = 1000

// shownCardOrder is an order with its chat, in JSON.
type shownCardOrder struct {
	cardorder.DeskView
	Messages []cardorder.MessageView `json:"messages"`
}

// Run prints the order and its chat.
func (c cardOrderShowCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		o, err := app.CardOrders.DeskByID(ctx, c.Order)
		if err != nil {
			return err
		}
		messages, status, err := app.CardOrders.DeskMessages(ctx, c.Order, chatShown, 0)
		if err != nil {
			return err
		}
		shown := shownCardOrder{o.DeskView(), cardorder.ViewMessages(messages, status).Messages}
		return c.show(out, shown, func(w io.Writer) { writeCardOrder(w, shown) })
	})
}

func writeCardOrder(w io.Writer, v shownCardOrder) {
	bank, holder := "", ""
	if v.PaymentDetails != nil {
		bank, holder = v.PaymentDetails.BankName, v.PaymentDetails.HolderName
	}
	claim := ""
	if v.ClaimedBy != nil {
		claim = *v.ClaimedBy + " until " + orDash(v.LeaseExpiresAt)
	}
	ended := ""
	if v.EndedAt != nil {
		ended = *v.EndedAt + " by " + orDash(v.EndedBy)
	}
	for _, line := range [][2]string{
		{"id", strconv.FormatInt(v.ID, 10)},
		{"user", strconv.FormatInt(v.UserID, 10)},
		{"type", v.Type},
		{"status", v.Status},
		{"amount", roubles(v.AmountKopecks)},
		{"card", cardText(v.PaymentDetails)},
		{"bank", bank},
		{"holder", holder},
		{"claimed by", claim},
		{"created", v.CreatedAt},
		{"updated", v.UpdatedAt},
		{"ended", ended},
		{"cancel reason", orDash(v.CancelReason)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], orDash(&line[1]))
	}
	if len(v.Messages) > 0 {
		fmt.Fprintln(w, "\nMESSAGE\tAT\tWHO\tTEXT")
		for _, m := range v.Messages {
			fmt.Fprintf(w, "%d\t%s\t%s\t%q\n", m.ID, m.CreatedAt, m.SenderType, m.Message)
		}
	}
}

type cardOrderSayCommand struct {
	cardOrderFlags `embed:""`
	Text           string `arg:"" name:"text" help:"What the user is to read, 1 to 4000 characters."`
}

// postedMessage is a message that was written, in JSON.
type postedMessage struct {
	ID int64 `json:"id"`
}

// Run posts a message.
func (c cardOrderSayCommand) Run(ctx context.Context, out output) error {
	return c.use(ctx, noPublicURL, func(ctx context.Context, app *gateway.App) error {
		id, err := app.CardOrders.SayAsOperator(ctx, c.Order, c.Text)
		if err != nil {
			return err
		}
		return c.show(out, postedMessage{id}, func(w io.Writer) {
			fmt.Fprintf(w, "Message %d is in the chat of card order %d.\n", id, c.Order)
		})
	})
}
