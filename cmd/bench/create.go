package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"disburse/gateway/merchant"
	"disburse/signing"
)

// runCreate measures create_pay_out over HTTP, complete: signature,
// validation, idempotency, encryption, the payout's row and the hold.
func runCreate(ctx context.Context, b *bench) error {
	if err := b.needReference(ctx); err != nil {
		return err
	}
	merchants, err := b.needMerchants(ctx)
	if err != nil {
		return err
	}
	c := b.options.Clients
	return b.alternate(ctx,
		b.reference("sql-naive hot", c, 1, "one transaction a transfer", b.naive(1)),
		b.load("create hot", b.create(merchants[:1])),
		b.load("create spread", b.create(merchants[1:])),
	)
}

type body struct {
	OrderID            string `json:"order_id"`
	PaymentMethod      string `json:"payment_method"`
	FiatAmount         string `json:"fiat_amount"`
	FiatCurrency       string `json:"fiat_currency"`
	NumberCard         string `json:"number_card"`
	FullName           string `json:"full_name"`
	BankName           string `json:"bank_name"`
	SuccessCallbackURL string `json:"success_callback_url"`
	ErrorCallbackURL   string `json:"error_callback_url"`
	Customer           string `json:"customer"`
	OrderDescription   string `json:"order_description"`
	Sign               string `json:"sign"`
}

func (b *bench) create(merchants []merchant.Created) call {
	return func(_ context.Context, client, n int) error {
		return b.createOne(merchants[(client+n*b.options.Clients)%len(merchants)], fmt.Sprintf("%s-%d", b.runID, b.serial.Add(1)))
	}
}

func (b *bench) createOne(m merchant.Created, order string) error {
	request := body{
		OrderID: order, PaymentMethod: "card", FiatAmount: "1500.00", FiatCurrency: "rub",
		NumberCard: "4276345439581234", FullName: "Petrov Petr Petrovich", BankName: "Example Bank",
		SuccessCallbackURL: b.receiver.url + "/success", ErrorCallbackURL: b.receiver.url + "/error",
		Customer: "CUST12345", OrderDescription: "Reward payout for completed work",
	}
	request.Sign = signing.PayoutSign(request.OrderID, request.FiatAmount, request.NumberCard, request.FiatCurrency,
		m.Secrets.SignKey)
	content, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return b.send(ask{method: http.MethodPost, path: "/api/merchant/" + m.Merchant.Name + "/create_pay_out/", content: content}, nil)
}

// runStatus measures status_pay_out of payouts made before.
func runStatus(ctx context.Context, b *bench) error {
	merchants, err := b.needMerchants(ctx)
	if err != nil {
		return err
	}
	m := merchants[0]
	orders := make([]string, 500)
	for i := range orders {
		orders[i] = fmt.Sprintf("%s-status-%d", b.runID, i)
		if err := b.createOne(m, orders[i]); err != nil {
			return err
		}
	}
	return b.alternate(ctx, b.load("status", func(_ context.Context, client, n int) error {
		order := orders[(client+n)%len(orders)]
		return b.send(ask{
			method: http.MethodGet, path: "/api/merchant/" + m.Merchant.Name + "/status_pay_out/" + order + "/",
			header: "X-Api-Key", secret: m.Secrets.APIKey,
		}, nil)
	}))
}

// ask is a request, with the header that says whose it is.
type ask struct {
	method, path   string
	header, secret string
	signature      string // of a provider of games
	content        []byte
}

// refusedError is an answer that is not 200.
type refusedError struct {
	method string
	status int
	body   string
}

func (e refusedError) Error() string {
	return fmt.Sprintf("%s answered %d: %.300s", e.method, e.status, e.body)
}

// send makes one call, wants a 200, and reads its JSON into what is given.
func (b *bench) send(a ask, into any) error {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(b.url + a.path)
	request.Header.SetMethod(a.method)
	if a.content != nil {
		request.Header.SetContentType("application/json")
		request.SetBodyRaw(a.content)
	}
	if a.header != "" {
		request.Header.Set(a.header, a.secret)
	}
	if a.signature != "" {
		request.Header.Set("Signature", a.signature)
	}
	if err := b.client.DoTimeout(request, response, 10*time.Second); err != nil {
		return err
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return refusedError{a.method, response.StatusCode(), string(response.Body())}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(response.Body(), into)
}
