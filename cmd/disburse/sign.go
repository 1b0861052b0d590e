package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"disburse/signing"
)

type signCommand struct {
	Payout   signPayoutCommand   `cmd:"" help:"The sign of create_pay_out."`
	Standard signStandardCommand `cmd:"" help:"The standart_sign of callbacks and of rejected_pay_out."`
	Webhook  signWebhookCommand  `cmd:"" help:"The headers of a version 2 signature, for requests and callbacks."`
	Wallet   signWalletCommand   `cmd:"" help:"The Signature header of a game wallet call."`
}

// Help is the long text of `disburse sign --help`.
func (signCommand) Help() string {
	return `Computes a signature from its parts, to compare with what your own program makes. The signature goes to standard output alone; the exact text that was signed goes to standard error with the key hidden, because a mismatch is nearly always found by comparing that.

Nothing is sent and no gateway is needed. Keys may be given by environment variable, so that they need not stand on the command line.

Example:

    disburse sign payout --order-id order123 --amount 1500.00 --requisite 79161234567 --currency rub --key test_sign_key`
}

// hiddenKey stands for the key in the signed text.
const hiddenKey = "[key]"

// signature is what the commands print as JSON.
type signature struct {
	Sign    string            `json:"sign"`
	String  string            `json:"string"` // the signed text, the key hidden
	Headers map[string]string `json:"headers,omitempty"`
}

// print writes the signature, and for people the signed text beside it.
func (s signature) print(f jsonFlag, out output, lines ...string) error {
	if !f.JSON {
		fmt.Fprintf(out.Err, "signed text: %s\n", s.String)
	}
	return f.show(out, s, func(w io.Writer) { fmt.Fprintln(w, strings.Join(lines, "\n")) })
}

// signKeyFlag is the key of the hash signatures.
type signKeyFlag struct {
	Key secret `name:"key" env:"DISBURSE_SIGN_KEY" placeholder:"KEY" help:"The key; never printed."`
}

func (f signKeyFlag) key() (string, error) {
	if f.Key == "" {
		return "", usagef("--key is needed: set DISBURSE_SIGN_KEY or give the flag")
	}
	return string(f.Key), nil
}

type signPayoutCommand struct {
	jsonFlag    `embed:""`
	signKeyFlag `embed:""`
	OrderID     string `name:"order-id" required:"" env:"DISBURSE_SIGN_ORDER_ID" placeholder:"ID" help:"order_id of the request."`
	Amount      string `name:"amount" required:"" env:"DISBURSE_SIGN_AMOUNT" placeholder:"X" help:"fiat_amount, letter by letter as it is sent: 1500.00 and 1500 differ."`
	Requisite   string `name:"requisite" env:"DISBURSE_SIGN_REQUISITE" placeholder:"TEXT" help:"The field that the payment method names: number_card, phone_number, number_score or iban_number."`
	Currency    string `name:"currency" required:"" env:"DISBURSE_SIGN_CURRENCY" placeholder:"CUR" help:"fiat_currency as it is sent: rub and RUB differ."`
}

// Help is the long text of `disburse sign payout --help`.
func (signPayoutCommand) Help() string {
	return `SHA-256 over order_id:fiat_amount:requisite:fiat_currency:sign_key, in hex.

Example:

    disburse sign payout --order-id order123 --amount 1500.00 --requisite 79161234567 --currency rub --key test_sign_key`
}

// Run prints the sign.
func (c signPayoutCommand) Run(out output) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	s := signature{
		Sign:   signing.PayoutSign(c.OrderID, c.Amount, c.Requisite, c.Currency, key),
		String: signing.PayoutString(c.OrderID, c.Amount, c.Requisite, c.Currency, hiddenKey),
	}
	return s.print(c.jsonFlag, out, s.Sign)
}

type signStandardCommand struct {
	jsonFlag    `embed:""`
	signKeyFlag `embed:""`
	OrderID     string `name:"order-id" required:"" env:"DISBURSE_SIGN_ORDER_ID" placeholder:"ID" help:"order_id of the payout."`
	Form        string `name:"form" env:"DISBURSE_SIGN_FORM" default:"order_id:sign_key" enum:"order_id:sign_key,merchant:order_id:sign_key,order_id:merchant:sign_key" placeholder:"FORM" help:"The merchant's setting: order_id:sign_key (when it is left out), merchant:order_id:sign_key or order_id:merchant:sign_key."`
	Merchant    string `name:"merchant" env:"DISBURSE_SIGN_MERCHANT" placeholder:"NAME" help:"The merchant's name, where the form has it."`
}

// Help is the long text of `disburse sign standard --help`.
func (signStandardCommand) Help() string {
	return `SHA-256 over the parts that the form names, joined by colons, in hex.

Example:

    disburse sign standard --order-id order123 --key test_sign_key`
}

// Run prints the sign.
func (c signStandardCommand) Run(out output) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	form := signing.Form(c.Form)
	if form != signing.OrderKey && c.Merchant == "" {
		return usagef("--merchant is needed: the form %s has it", c.Form)
	}
	s := signature{
		Sign:   signing.StandartSign(form, c.Merchant, c.OrderID, key),
		String: signing.StandartString(form, c.Merchant, c.OrderID, hiddenKey),
	}
	return s.print(c.jsonFlag, out, s.Sign)
}

type signWebhookCommand struct {
	jsonFlag  `embed:""`
	Secret    []secret `name:"secret" env:"DISBURSE_SIGN_SECRET" placeholder:"whsec_..." help:"The webhook secret; never printed. Several, the newest first, make one signature each."`
	ID        string   `name:"id" required:"" env:"DISBURSE_SIGN_ID" placeholder:"ID" help:"webhook-id: names the message, equal when it is sent again."`
	Timestamp string   `name:"timestamp" env:"DISBURSE_SIGN_TIMESTAMP" placeholder:"T" help:"webhook-timestamp in Unix seconds; now when it is left out."`
	Body      string   `name:"body" env:"DISBURSE_SIGN_BODY" placeholder:"TEXT|@FILE" help:"The body byte for byte: a text, @FILE for what a file holds, or @- for standard input."`
}

// Help is the long text of `disburse sign webhook --help`.
func (signWebhookCommand) Help() string {
	return `The Standard Webhooks scheme: HMAC-SHA256 over id.timestamp.body, in base64. Prints the three headers to send.

Example:

    disburse sign webhook --secret whsec_... --id msg_1 --timestamp 1763700000 --body @request.json`
}

// Run prints the headers.
func (c signWebhookCommand) Run(out output) error {
	if len(c.Secret) == 0 {
		return usagef("--secret is needed: set DISBURSE_SIGN_SECRET or give the flag")
	}
	at := time.Now()
	if c.Timestamp != "" {
		unix, err := strconv.ParseInt(c.Timestamp, 10, 64)
		if err != nil {
			return usagef("--timestamp must be whole Unix seconds, such as 1763700000")
		}
		at = time.Unix(unix, 0)
	}
	body, err := readBody(c.Body)
	if err != nil {
		return err
	}
	secrets := make([]string, len(c.Secret))
	for i, s := range c.Secret {
		secrets[i] = string(s)
	}
	headers, err := signing.Sign(secrets, c.ID, at, body)
	if err != nil {
		return usageError{err: err}
	}
	s := signature{Sign: headers.Signature, String: signing.WebhookString(c.ID, at, body), Headers: map[string]string{}}
	var lines []string
	headers.Apply(func(name, value string) {
		s.Headers[name] = value
		lines = append(lines, name+": "+value)
	})
	return s.print(c.jsonFlag, out, lines...)
}

type signWalletCommand struct {
	jsonFlag    `embed:""`
	signKeyFlag `embed:""`
	Method      string `name:"method" env:"DISBURSE_SIGN_METHOD" default:"POST" placeholder:"METHOD" help:"HTTP method; POST when it is left out."`
	URL         string `name:"url" required:"" env:"DISBURSE_SIGN_URL" placeholder:"URL" help:"The full URL that is called; a trailing slash counts."`
	Body        string `name:"body" env:"DISBURSE_SIGN_BODY" placeholder:"TEXT|@FILE" help:"The body byte for byte: a text, @FILE for what a file holds, or @- for standard input."`
}

// Help is the long text of `disburse sign wallet --help`.
func (signWalletCommand) Help() string {
	return `HMAC-SHA256 over the method, the URL and the upper-case hex MD5 of the body, each on a line of its own, in hex.

Example:

    disburse sign wallet --key KEY --method POST --url https://wallet.example/wallet/balance --body @request.json`
}

// Run prints the signature.
func (c signWalletCommand) Run(out output) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	body, err := readBody(c.Body)
	if err != nil {
		return err
	}
	s := signature{Sign: signing.WalletSignature(c.Method, c.URL, body, key), String: signing.WalletString(c.Method, c.URL, body)}
	return s.print(c.jsonFlag, out, s.Sign)
}

// readBody takes the text itself or what it points at.
func readBody(text string) ([]byte, error) {
	file, points := strings.CutPrefix(text, "@")
	switch {
	case !points:
		return []byte(text), nil
	case file == "-":
		return io.ReadAll(os.Stdin)
	default:
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--body: %w", err)
		}
		return content, nil
	}
}
