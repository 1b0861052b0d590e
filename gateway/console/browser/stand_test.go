package browser_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"disburse/gateway"
	"disburse/gateway/devmode"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

// stand is a gateway to be looked at: its address, its services, and what the
// demo has.
type stand struct {
	base string
	app  *gateway.App
	demo devmode.Instance
}

// theGateway is the whole gateway with servers of its own, the demo's parties,
// workers and the inspector that callbacks are sent to.
var theGateway = sync.OnceValues(func() (stand, error) {
	dir, err := os.MkdirTemp("", "disburse-pages")
	if err != nil {
		return stand{}, err
	}
	dev, err := devmode.Start(context.Background(), devmode.Options{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return stand{}, err
	}
	atTheEnd.add(func() error {
		defer os.RemoveAll(dir)
		return dev.Close(context.Background())
	})
	return stand{base: dev.Instance.BaseURL, app: dev.App, demo: dev.Instance}, nil
})

func shared(t *testing.T) stand {
	t.Helper()
	s, err := theGateway()
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var count atomic.Int64

// unique is a name that no other test uses.
func unique(prefix string) string { return fmt.Sprintf("%s%d", prefix, count.Add(1)) }

// hire makes an operator.
func (s stand) hire(t *testing.T, role operator.Role) operator.Created {
	t.Helper()
	made, err := s.app.Operators.Create(t.Context(), operator.NewOperator{Email: unique(string(role)) + "@desk.example", Role: role})
	must(t, err)
	return made
}

// admit opens a session as signing in with both factors does.
func (s stand) admit(t *testing.T, realm signin.Realm, name, subject string) signin.Token {
	t.Helper()
	token, session, err := s.app.Sessions.Enter(t.Context(), realm, name, signin.Visitor{Address: "127.0.0.1", Agent: "test"},
		func(context.Context) (string, error) { return subject, nil })
	must(t, err)
	if !session.Verified {
		t.Fatalf("%s needs a second factor on this stand", name)
	}
	return token
}

// seat is somebody of a merchant with the cookie of a session at its pages.
func (s stand) seat(t *testing.T, merchantName string) (person merchant.Person, token string) {
	t.Helper()
	person, _, err := s.app.People.Add(t.Context(), merchantName, unique("person")+"@shop.example")
	must(t, err)
	return person, string(s.admit(t, signin.Merchants, person.Email, person.ID))
}

// across opens a browser where somebody of a merchant is signed in already.
func (s stand) across(t *testing.T, merchantName string) *tab {
	t.Helper()
	person, token := s.seat(t, merchantName)
	p := s.visit(t)
	p.who = person.Email
	p.setCookie("disburse_merchant", token)
	return p
}

// at opens a browser where an operator of that role is signed in already.
func (s stand) at(t *testing.T, role operator.Role) *tab {
	t.Helper()
	o := s.hire(t, role).Operator
	p := s.visit(t)
	p.who = o.Email
	p.setCookie("disburse_console", string(s.admit(t, signin.Operators, o.Email, o.ID)))
	return p
}
