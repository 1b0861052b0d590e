package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"disburse/gateway"
	"disburse/gateway/enduser"
	"disburse/gateway/operator"
	"disburse/ledger/money"
)

// person is an end user of this run.
type person struct {
	id     int64
	tokens []string
}

// tokensEach is how many tokens a user has: the rate limit is each token's, and
// it is not what is measured.
const tokensEach = 4

// as is a request of the user. Calls take the tokens in turn.
func (p person) as(n int, method, path string, body any) (ask, error) {
	content, err := json.Marshal(body)
	return ask{
		method: method, path: "/api/v1" + path, header: "Authorization", secret: "Bearer " + p.tokens[n%len(p.tokens)], content: content,
	}, err
}

// post makes a creating or changing call of the user.
func (b *bench) post(p person, n int, path string, body, into any) error {
	a, err := p.as(n, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	if err := b.send(a, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// needPeople makes end users with money, one for each client and as many again
// for them to trade with, one more who owns what all of them want, and an
// operator.
func (b *bench) needPeople(ctx context.Context) error {
	if err := b.needGateway(ctx); err != nil || b.people != nil {
		return err
	}
	app, err := b.openApp()
	if err != nil {
		return err
	}
	defer app.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing waits any more
	desk, err := app.Operators.Create(ctx, operator.NewOperator{
		Email: "bench-" + b.runID + "@bench.example", Role: operator.RoleOperator,
	})
	if err != nil {
		return err
	}
	b.desk = string(desk.Token)
	people := make([]person, 2*b.options.Clients+1)
	for i := range people {
		tokens := tokensEach
		if i == 0 {
			tokens *= b.options.Clients
		}
		if people[i], err = b.newPerson(ctx, app, i, tokens); err != nil {
			return err
		}
	}
	b.people = people
	return nil
}

func (b *bench) newPerson(ctx context.Context, app *gateway.App, n, tokens int) (person, error) {
	made, err := app.Users.Create(ctx, enduser.Spec{Name: fmt.Sprintf("bench-%s-%d", b.runID, n)})
	if err != nil {
		return person{}, err
	}
	p := person{id: made.ID}
	amount := money.New(1_000_000_000_000, "RUB")
	if err := app.Users.Deposit(ctx, p.id, amount, fmt.Sprintf("bench-%s", b.runID)); err != nil {
		return person{}, err
	}
	for range tokens {
		token, _, err := app.Users.IssueToken(ctx, p.id, 24*time.Hour)
		if err != nil {
			return person{}, err
		}
		p.tokens = append(p.tokens, token)
	}
	return p, nil
}

// runCardOrder measures withdrawals to a card over HTTP, from the user's create
// (money held, card number sealed) to the operator's complete (money settled).
func runCardOrder(ctx context.Context, b *bench) error {
	if err := b.needReference(ctx); err != nil {
		return err
	}
	if err := b.needPeople(ctx); err != nil {
		return err
	}
	return b.alternate(ctx,
		b.reference("sql-naive spread", b.options.Clients, 1, "one transaction a transfer", b.naive(b.options.Merchants)),
		b.load("card-order", b.cardOrder),
	)
}

func (b *bench) cardOrder(_ context.Context, client, n int) error {
	var made struct {
		ID int64 `json:"id"`
	}
	err := b.post(b.people[1+client], n, "/card/orders", map[string]any{
		"type": "withdraw", "amount_kopecks": 10000,
		"payment_details": map[string]string{"card_number": "4276345439581234", "bank_name": "Example Bank"},
	}, &made)
	if err != nil {
		return err
	}
	return b.send(ask{
		method: http.MethodPost, path: fmt.Sprintf("/api/operator/card/orders/%d/complete", made.ID),
		header: "Authorization", secret: "Bearer " + b.desk, content: []byte("{}"),
	}, nil)
}
