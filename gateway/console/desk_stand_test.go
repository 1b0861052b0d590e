package console_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/fx"
	"disburse/gateway/idempotency"
	"disburse/gateway/merchant"
	"disburse/ledger/money"
)

// userCard is the number of the cards of the desk's users.
const userCard = "2200123456789012"

// workStand is a gateway with work to do.
type workStand struct {
	*bookStand
	shop  merchant.Merchant
	users int
}

func standOfWork(t *testing.T) *workStand {
	t.Helper()
	s := &workStand{bookStand: standOfBooks(t)}
	_, err := s.app.Rates.Set(t.Context(), fx.Change{Currency: "rub", Value: decimal.RequireFromString("97.1234")})
	s.must(err)
	s.shop = s.merchant("shop", "50000")
	return s
}

// waiting makes a payout that waits and returns its id.
func (s *workStand) waiting(orderID string) string {
	s.t.Helper()
	return s.payout(s.shop, orderID).ID
}

// user makes a user who may withdraw.
func (s *workStand) user() enduser.User {
	s.t.Helper()
	s.users++
	u, err := s.app.Users.Create(s.t.Context(), enduser.Spec{Name: fmt.Sprintf("user%d", s.users), Nickname: fmt.Sprintf("nick%d", s.users)})
	s.must(err)
	s.must(s.app.Users.Deposit(s.t.Context(), u.ID, money.New(500_000, enduser.RUB), "first"))
	u, err = s.app.Users.ByID(s.t.Context(), u.ID)
	s.must(err)
	return u
}

// withdrawal makes a card order of a new user.
func (s *workStand) withdrawal() (enduser.User, int64) {
	s.t.Helper()
	u := s.user()
	id, err := s.app.CardOrders.Create(s.t.Context(), u, cardorder.Request{
		Type: cardorder.Withdraw, Amount: 150_000, Details: cardorder.Details{CardNumber: userCard, BankName: "Sber", HolderName: "IVAN PETROV"},
	}, idempotency.Key{})
	s.must(err)
	return u, id
}

// deal is a P2P order in dispute.
type deal struct {
	id            int64
	buyer, seller enduser.User
}

func (s *workStand) dispute() deal {
	s.t.Helper()
	ctx := s.t.Context()
	d := deal{seller: s.user(), buyer: s.user()}
	ad, err := s.app.Exchange.CreateAd(ctx, d.seller, exchange.AdRequest{
		Type: "sell", FiatCurrency: "RUB", MinAmount: 10_000, MaxAmount: 100_000, PaymentMethods: []string{"Sber"},
		PaymentDetails: map[string]string{"card_number": userCard, "bank_name": "Sber"},
	}, idempotency.Key{})
	s.must(err)
	d.id, err = s.app.Exchange.CreateOrder(ctx, d.buyer, exchange.OrderRequest{AdID: ad, USDTAmount: 20_000, PaymentMethod: "Sber"}, idempotency.Key{})
	s.must(err)
	s.must(s.app.Exchange.ConfirmPaid(ctx, d.buyer, d.id))
	s.must(s.app.Exchange.CallOperator(ctx, d.buyer, d.id))
	return d
}

// deeds counts the records of an action on a thing.
func (s *workStand) deeds(action, id string) int {
	s.t.Helper()
	found, err := audit.List(s.t.Context(), s.app.DB, audit.Filter{Action: action, SubjectID: id})
	s.must(err)
	return len(found.Items)
}

// upload sends a file as the page's script does.
func (c *clerk) upload(path string, content []byte, csrf string) paper {
	c.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "receipt.pdf")
	c.s.must(err)
	_, err = part.Write(content)
	c.s.must(err)
	c.s.must(form.Close())
	r, err := http.NewRequestWithContext(c.s.t.Context(), http.MethodPost, c.s.base+"/console"+path, &body)
	c.s.must(err)
	r.AddCookie(&http.Cookie{Name: "disburse_console", Value: string(c.token)})
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("X-Csrf-Token", csrf)
	answer, err := c.http.Do(r)
	c.s.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	c.s.must(err)
	return paper{status: answer.StatusCode, text: string(text)}
}

// pdf is a receipt of so many bytes.
func pdf(size int) []byte { return append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("x"), size)...) }

func (p paper) wants(t *testing.T, status int, where string) {
	t.Helper()
	if p.status != status || p.where != where {
		t.Errorf("%d to %q, want %d to %q\n%.500s", p.status, p.where, status, where, p.text)
	}
}

func textOf(id int64) string { return strconv.FormatInt(id, 10) }

// inOrder wants texts one after the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	at := 0
	for _, part := range parts {
		next := strings.Index(text[at:], part)
		if next < 0 {
			t.Fatalf("%q does not follow", part)
		}
		at += next + len(part)
	}
}
