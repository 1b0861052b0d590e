package console

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/console/site"
	"disburse/gateway/enduser"
	"disburse/gateway/exchange"
	"disburse/gateway/export"
	"disburse/gateway/fx"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/gateway/report"
	"disburse/gateway/signin"
	"disburse/gateway/virtualcard"
	"disburse/ledger"
)

//go:embed pages/*.html
var pages embed.FS

// Deps is what the console stands on; nothing may be missing.
type Deps struct {
	Sessions  *signin.Service
	Operators *operator.Service
	Figures   *report.Reader
	Gate      site.Gate // failed sign-ins by address

	Approvals     *approval.Service
	Merchants     *merchant.Service
	People        *merchant.People
	EndUsers      *enduser.Service
	CardOrders    *cardorder.Service
	Exchange      *exchange.Service
	Chat          *chat.Store
	Rates         *fx.Rates
	GameProviders *gameprovider.Service
	Games         *gamewallet.Service
	Audit         func(context.Context, audit.Filter) (audit.Page, error)
	// TestCallback sends a merchant a callback that reports nothing.
	TestCallback func(ctx context.Context, merchant, url string) (id string, err error)

	Payouts      *payout.Service
	VirtualCards *virtualcard.Service
	Directory    *merchant.Directory
	Ledger       *ledger.Ledger
	Callbacks    Callbacks
	Exports      *export.Service
	Queues       Queues
	// ProveLedger replays the books and tells how far it is.
	ProveLedger func(ctx context.Context, progress func(done, all int64)) (ledger.Report, error)
	// Background runs what outlasts its request, until the process stops.
	Background func(work func(context.Context))
	Log        *slog.Logger
	Now        func() time.Time
	PublicURL  string
}

// desk is the console: every page is a method of it.
type desk struct {
	Deps
	proof proof
}

// New builds the console, and refuses a missing dependency by name.
func New(d Deps) (*site.Site, error) {
	fields := reflect.ValueOf(d)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			return nil, fmt.Errorf("console: %s is missing", fields.Type().Field(i).Name)
		}
	}
	own, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	k := &desk{Deps: d}
	return site.New(site.Config{
		Base: base, Title: "Console", Realm: signin.Operators, Sessions: d.Sessions, Gate: d.Gate,
		Check: k.check, Replace: d.Operators.ChangePassword, Person: k.person, Pages: own, Routes: k.routes(), Menu: menu(), Log: d.Log, Now: d.Now, PublicURL: d.PublicURL,
		Russian: russian(), Live: site.ForAll(d.Figures.Pulse),
	})
}

// Roles as routes name them.
const (
	viewer   = string(operator.RoleViewer)
	executor = string(operator.RoleOperator)
	approver = string(operator.RoleApprover)
	admin    = string(operator.RoleAdmin)
)

// routes is every page of the console.
func (k *desk) routes() []site.Route {
	return slices.Concat(k.homeRoutes(), k.payoutRoutes(), k.approvalRoutes(), k.cardOrderRoutes(), k.disputeRoutes(),
		k.queueRoutes(), k.auditRoutes(), k.exceptionRoutes(), k.cardExceptionRoutes(), k.callbackRoutes(), k.bookRoutes(), k.merchantRoutes(), k.peopleRoutes(), k.userRoutes(),
		k.rateRoutes(), k.operatorRoutes(), k.gameRoutes(), k.reportRoutes())
}

// menu lists the pages in the order in which they are needed.
func menu() []site.MenuItem {
	return []site.MenuItem{
		{Name: "Dashboard", Path: "/", Role: viewer},
		{Name: "Payouts", Path: "/payouts", Role: viewer, Topic: "payouts"},
		{Name: "Card orders", Path: "/card-orders", Role: viewer, Topic: "card-orders"},
		{Name: "Disputes", Path: "/disputes", Role: viewer, Topic: "disputes"},
		{Name: "Approvals", Path: "/approvals", Role: viewer, Topic: "approvals"},
		{Name: "Merchants", Path: "/merchants", Role: viewer},
		{Name: "Users", Path: "/users", Role: viewer},
		{Name: "Games", Path: "/games", Role: viewer},
		{Name: "Rates", Path: "/rates", Role: viewer},
		{Name: "Operators", Path: "/operators", Role: admin},
		{Name: "Exceptions", Path: "/exceptions", Role: viewer, Topic: "exceptions"},
		{Name: "Callbacks", Path: "/callbacks", Role: viewer, Topic: "callbacks"},
		{Name: "Books", Path: "/books", Role: viewer},
		{Name: "Reports", Path: "/reports", Role: viewer},
		{Name: "Audit", Path: "/audit", Role: viewer},
		{Name: "Queues", Path: "/queues", Role: viewer},
	}
}

// texts are the Russian of the pages, by the English: a map each subject. What two
// of them name they name alike.
func texts() []map[string]string {
	return []map[string]string{
		ruHome, ruApprovals, ruDesk, ruQueues, ruAudit, ruExceptions, ruCallbacks, ruBooks, ruParties, ruMerchants, ruUsers, ruRates,
		ruOperators, ruGames, ruReports,
	}
}

// russian is all of them together.
func russian() map[string]string {
	all := make(map[string]string)
	for _, of := range texts() {
		maps.Copy(all, of)
	}
	return all
}

func (k *desk) check(ctx context.Context, name, password string) (string, error) {
	o, err := k.Operators.CheckPassword(ctx, name, password)
	return o.ID, err
}

// person is the operator of a session, as the operator stands now: a role that
// was taken is gone with the next page.
func (k *desk) person(ctx context.Context, subject string) (site.Person, error) {
	o, err := k.Operators.ByID(ctx, subject)
	switch {
	case errors.Is(err, operator.ErrNotFound):
		return site.Person{}, signin.ErrNoSession
	case err != nil:
		return site.Person{}, err
	case o.Disabled:
		return site.Person{}, signin.ErrNoSession
	}
	return site.Person{
		ID: o.ID, Name: o.Email, Role: string(o.Role), Of: o,
		Actor: audit.Actor{Kind: audit.Operator, ID: o.ID, Name: o.Email},
		May:   func(role string) bool { return o.Role.Covers(operator.Role(role)) },
	}, nil
}
