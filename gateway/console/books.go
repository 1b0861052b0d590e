package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"disburse/gateway/console/site"
	"disburse/gateway/fault"
	"disburse/gateway/page"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger"
	"disburse/ledger/money"
)

func (k *desk) bookRoutes() []site.Route {
	const get = http.MethodGet
	return []site.Route{
		{Method: get, Path: "/books", Role: viewer, Handle: k.accounts},
		{Method: get, Path: "/books/accounts/:id", Role: viewer, Handle: k.statement},
		{Method: get, Path: "/books/transfers", Role: viewer, Handle: k.transfers},
		{Method: get, Path: "/books/transfers/:id", Role: viewer, Handle: k.transfer},
		{Method: get, Path: "/books/verify", Role: viewer, Handle: k.proofPage},
		{Method: get, Path: "/books/verify/now", Role: viewer, Handle: k.proofNow},
		{Method: http.MethodPost, Path: "/books/verify", Role: viewer, Handle: k.beginProof},
	}
}

var (
	errNoAccount  = fault.New(fault.NotFound, "not_found", "account not found")
	errNoTransfer = fault.New(fault.NotFound, "not_found", "transfer not found")
)

// purposes are the purposes of accounts, in the order in which people look for
// them.
var purposes = []string{
	ledger.PurposeAvailable, ledger.PurposeHeld, ledger.PurposeOrderHeld, ledger.PurposeEscrow, ledger.PurposeCardHeld, ledger.PurposeBonus,
	ledger.PurposeExternal, ledger.PurposeSettlement, ledger.PurposeFees, ledger.PurposeAdjustment, ledger.PurposeBonuses,
	ledger.PurposeGames, ledger.PurposeCards,
}

// bookParty is the owner of an account as people know it.
type bookParty struct {
	Name string
	Path string // of its page, empty when it has none
}

// Owners of accounts that have pages of their own.
const (
	merchantOwner = "mer_"
	userOwner     = "user:"
)

func (k *desk) bookParty(v *site.Visit, owner string) bookParty {
	if strings.HasPrefix(owner, merchantOwner) {
		return bookParty{k.nameOf(v, owner), "/merchants/" + owner}
	}
	if id, is := strings.CutPrefix(owner, userOwner); is {
		return bookParty{v.T("user %s", id), "/users/" + id}
	}
	if owner == ledger.House {
		return bookParty{Name: v.T("the house")}
	}
	return bookParty{Name: owner}
}

// bookAccount is an account as a list shows it.
type bookAccount struct {
	ledger.AccountView
	Holder bookParty
}

func (k *desk) bookAccount(v *site.Visit, a ledger.AccountRow) bookAccount {
	return bookAccount{AccountView: a.View(), Holder: k.bookParty(v, a.Owner)}
}

type accountsPage struct {
	*listing
	Purposes []string
	Items    []bookAccount
	Proof    proofView
}

// accounts lists the accounts of the books.
func (k *desk) accounts(v *site.Visit) error {
	l := listed(v, "/books")
	f := ledger.AccountFilter{
		Owner: l.text("owner"), Purpose: l.choice("purpose", purposes...),
		Mode: ledger.Mode(l.choice("mode", string(ledger.Live), string(ledger.Sandbox))),
	}
	if m, err := k.merchantBy(v, f.Owner); f.Owner != "" && err == nil {
		f.Owner = m.ID
	}
	data := accountsPage{listing: l, Purposes: purposes, Proof: k.proof.view(k.Now())}
	after := l.idCursor()
	if err := l.err(); err != nil {
		return l.show("books", data, err)
	}
	rows, err := k.Ledger.Accounts(v.Ctx, f, after, listLength+1)
	if err != nil {
		return err
	}
	found := page.ByID(rows, listLength, func(a ledger.AccountRow) int64 { return a.ID },
		func(a ledger.AccountRow) bookAccount { return k.bookAccount(v, a) })
	data.Items = found.Items
	l.turnTo(found.NextCursor)
	return v.Render("books", data)
}

// statementLine is a line of a statement.
type statementLine struct {
	ledger.StatementLineView
	Out          bool // the money leaves the account
	Counterparty bookParty
	Purpose      string // the counterparty's
}

type statementPage struct {
	*listing
	Account          bookAccount
	Items            []statementLine
	Opening, Closing string // of the period, when there is one
}

// statement lists what moved on an account, newest first.
func (k *desk) statement(v *site.Visit) error {
	account, err := k.account(v)
	if err != nil {
		return err
	}
	l := listed(v, "/books/accounts/"+strconv.FormatInt(account.ID, 10))
	p := ledger.Period{From: l.from("from"), To: l.until("to")}
	data := statementPage{listing: l, Account: k.bookAccount(v, account)}
	before := l.idCursor()
	if err := l.err(); err != nil {
		return l.show("statement", data, err)
	}
	rows, err := k.Ledger.Statement(v.Ctx, account.ID, p, before, listLength+1)
	if err != nil {
		return err
	}
	found := page.ByID(rows, listLength, func(s ledger.StatementLine) int64 { return s.TransferID },
		func(s ledger.StatementLine) statementLine {
			return statementLine{
				StatementLineView: s.View(), Out: s.Amount.Minor() < 0, Purpose: s.Counterparty.Purpose,
				Counterparty: k.bookParty(v, s.Counterparty.Owner),
			}
		})
	data.Items = found.Items
	l.turnTo(found.NextCursor)
	if !p.From.IsZero() || !p.To.IsZero() {
		if data.Opening, err = k.balanceAt(v, account, p.From); err != nil {
			return err
		}
		if data.Closing, err = k.balanceAt(v, account, p.To); err != nil {
			return err
		}
	}
	return v.Render("statement", data)
}

// balanceAt is what an account held just before a moment; for the zero time
// empty.
func (k *desk) balanceAt(v *site.Visit, a ledger.AccountRow, at time.Time) (string, error) {
	if at.IsZero() {
		return "", nil
	}
	last, err := k.Ledger.Statement(v.Ctx, a.ID, ledger.Period{To: at}, 0, 1)
	if err != nil {
		return "", err
	}
	if len(last) == 0 {
		return money.New(0, a.Currency).String(), nil
	}
	return last[0].Balance.String(), nil
}

func (k *desk) account(v *site.Visit) (ledger.AccountRow, error) {
	id, ok := rowID(v)
	if !ok {
		return ledger.AccountRow{}, errNoAccount
	}
	account, err := k.Ledger.AccountByID(v.Ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = errNoAccount
	}
	return account, err
}

// rowID is the path's id where it is a row number.
func rowID(v *site.Visit) (int64, bool) {
	id, err := strconv.ParseInt(v.Param("id"), 10, 64)
	return id, err == nil && id > 0
}

// bookTransfer is a transfer as pages show it.
type bookTransfer struct {
	ledger.TransferView
	FromHolder, ToHolder   bookParty
	FromPurpose, ToPurpose string
	FromBalance, ToBalance string // after it
	Mode                   string
}

func (k *desk) bookTransfer(v *site.Visit, t ledger.TransferRow) bookTransfer {
	return bookTransfer{
		TransferView: t.View(), FromHolder: k.bookParty(v, t.From.Owner), ToHolder: k.bookParty(v, t.To.Owner),
		FromPurpose: t.From.Purpose, ToPurpose: t.To.Purpose, Mode: string(t.From.Mode),
		FromBalance: money.New(t.FromBalance, t.From.Currency).String(), ToBalance: money.New(t.ToBalance, t.To.Currency).String(),
	}
}

func (k *desk) bookTransfers(v *site.Visit, rows []ledger.TransferRow) []bookTransfer {
	out := make([]bookTransfer, len(rows))
	for i, t := range rows {
		out[i] = k.bookTransfer(v, t)
	}
	return out
}

type transfersPage struct {
	Of    string
	Items []bookTransfer
}

// transfers finds transfers by their reference, their payout or their number.
func (k *desk) transfers(v *site.Visit) error {
	of := v.Query("of")
	if id, err := strconv.ParseInt(of, 10, 64); err == nil && id > 0 {
		return v.Goto("/books/transfers/"+strconv.FormatInt(id, 10), "")
	}
	rows, err := k.transfersOf(v, of)
	if err != nil {
		return err
	}
	return v.Render("transfers", transfersPage{Of: of, Items: k.bookTransfers(v, rows)})
}

func (k *desk) transfersOf(v *site.Visit, of string) ([]ledger.TransferRow, error) {
	switch {
	case of == "":
		return nil, nil
	case publicid.Valid(payout.IDPrefix, of):
		d, err := k.Payouts.Detail(v.Ctx, of)
		if errors.Is(err, payout.ErrNotFound) {
			return nil, nil
		}
		return d.Transfers, err
	default:
		return k.Ledger.TransfersByReference(v.Ctx, of)
	}
}

type transferPage struct {
	bookTransfer
	Leg    int
	About  bookParty      // what it was for
	Others []bookTransfer // the other transfers of its reference
}

// transfer shows one transfer and those it stands or falls with.
func (k *desk) transfer(v *site.Visit) error {
	id, ok := rowID(v)
	if !ok {
		return errNoTransfer
	}
	t, err := k.Ledger.Transfer(v.Ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return errNoTransfer
	}
	if err != nil {
		return err
	}
	same, err := k.Ledger.TransfersByReference(v.Ctx, t.Reference)
	if err != nil {
		return err
	}
	data := transferPage{bookTransfer: k.bookTransfer(v, t), Leg: t.Leg, About: aboutReference(t.Reference)}
	for _, other := range same {
		if other.ID != t.ID {
			data.Others = append(data.Others, k.bookTransfer(v, other))
		}
	}
	return v.Render("transfer", data)
}

// aboutReference is the page of what a reference says that money moved for.
func aboutReference(reference string) bookParty {
	sort, rest, _ := strings.Cut(reference, ":")
	id, _, _ := strings.Cut(rest, ":")
	switch {
	case sort == "payout" && publicid.Valid(payout.IDPrefix, id):
		return bookParty{id, "/payouts/" + id}
	case sort == "payout":
		if order, held := strings.CutSuffix(strings.TrimPrefix(rest, id+":"), ":hold"); held {
			return bookParty{order, "/payouts?q=" + url.QueryEscape(order)}
		}
	case sort == "card_order":
		return bookParty{id, "/card-orders/" + url.PathEscape(id)}
	case sort == "user_deposit":
		return bookParty{id, "/users/" + url.PathEscape(id)}
	}
	return bookParty{}
}
