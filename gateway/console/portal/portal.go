package portal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"time"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/console/site"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/signin"
	"disburse/ledger"
)

//go:embed pages/*.html
var pages embed.FS

// Callbacks reads the journal of callbacks and has them sent again, with the
// audit record of ctx's actor in the same transaction.
type Callbacks interface {
	List(ctx context.Context, f callbacks.Filter, cursor string, limit int) (callbacks.Page, error)
	Get(ctx context.Context, id string) (callbacks.Detail, error)
	About(ctx context.Context, subject string) ([]callbacks.Detail, error)
	Resend(ctx context.Context, id string) error
	ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error)
	// Body is what a callback sends, with numbers and secrets masked.
	Body(ctx context.Context, id string) (string, error)
}

// Deps is what the pages stand on; nothing may be missing.
type Deps struct {
	Sessions  *signin.Service
	People    *merchant.People
	Merchants *merchant.Service
	Directory *merchant.Directory
	Payouts   *payout.Service
	Ledger    *ledger.Ledger
	Callbacks Callbacks
	// TestCallback sends a merchant a callback that reports nothing, and returns
	// its id.
	TestCallback func(ctx context.Context, merchantRef, url string) (string, error)
	// Live tells the versions of each merchant's own payouts and callbacks.
	Live      site.Live
	Gate      site.Gate // failed sign-ins by address
	Log       *slog.Logger
	Now       func() time.Time
	PublicURL string
}

// portal is the pages: each is a method of it.
type portal struct {
	Deps
}

// New builds the pages, and refuses a missing dependency by name.
func New(d Deps) (*site.Site, error) {
	fields := reflect.ValueOf(d)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			return nil, fmt.Errorf("portal: %s is missing", fields.Type().Field(i).Name)
		}
	}
	own, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	p := &portal{Deps: d}
	return site.New(site.Config{
		Base: base, Title: "Merchant", Realm: signin.Merchants, Sessions: d.Sessions, Gate: d.Gate,
		Check: p.check, Replace: d.People.ChangePassword, Person: p.person, Pages: own, Routes: p.routes(), Menu: menu(), Log: d.Log, Now: d.Now, PublicURL: d.PublicURL,
		Russian: russian, Live: d.Live, About: about,
	})
}

// base is where the pages are.
const base = "/merchant"

const get, post = http.MethodGet, http.MethodPost

// routes is every page. None of them names a role: all people of a merchant may
// do the same.
func (p *portal) routes() []site.Route {
	return slices.Concat(p.homeRoutes(), p.payoutRoutes(), p.statementRoutes(), p.callbackRoutes(), p.keyRoutes(), p.sandboxRoutes(), p.integrationRoutes())
}

func menu() []site.MenuItem {
	return []site.MenuItem{
		{Name: "Overview", Path: "/"},
		{Name: "Payouts", Path: "/payouts", Topic: "payouts"},
		{Name: "Statement", Path: "/statement"},
		{Name: "Callbacks", Path: "/callbacks"},
		{Name: "Keys", Path: "/keys"},
		{Name: "Sandbox", Path: "/sandbox"},
		{Name: "Integration", Path: "/integration"},
	}
}

func (p *portal) check(ctx context.Context, name, password string) (string, error) {
	who, err := p.People.CheckPassword(ctx, name, password)
	return who.ID, err
}

// seat is where a person sits: who, and at which merchant's pages.
type seat struct {
	merchant.Person
	Merchant string
	Mode     string
}

// person is who a session belongs to, as they and their merchant stand now.
func (p *portal) person(ctx context.Context, subject string) (site.Person, error) {
	who, err := p.People.ByID(ctx, subject)
	switch {
	case errors.Is(err, merchant.ErrNoPerson):
		return site.Person{}, signin.ErrNoSession
	case err != nil:
		return site.Person{}, err
	case !who.LetIn():
		return site.Person{}, signin.ErrNoSession
	}
	m, err := p.Directory.ByID(ctx, who.At())
	if err != nil {
		return site.Person{}, err
	}
	return site.Person{
		ID: who.ID, Name: who.Email, Role: m.Name, Of: seat{Person: who, Merchant: m.Name, Mode: string(m.Mode)},
		Actor: audit.Actor{Kind: audit.Merchant, ID: who.ID, Name: who.Email},
		May:   func(string) bool { return true },
	}, nil
}

// seatOf is where the visitor sits.
func seatOf(v *site.Visit) seat {
	s, _ := v.Person.Of.(seat)
	return s
}

// merchant is whose pages these are. Every page begins with it, and asks
// services for what is of this merchant alone.
func (p *portal) merchant(v *site.Visit) (merchant.Merchant, error) {
	return p.Directory.ByID(v.Ctx, seatOf(v).At())
}
