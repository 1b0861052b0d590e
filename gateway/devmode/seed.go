package devmode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/fx"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/ledger"
	"disburse/ledger/money"
)

const (
	seedSource    = "demo"
	seedReference = "demo-seed"
	seedFeeBPS    = 100
	// A demo rate is set anew once it is this old, so that a daily restart does
	// not fill the history.
	seedRateAge = 24 * time.Hour
	// A token that ends within this time is replaced.
	tokenReserve = 14 * 24 * time.Hour
)

// seedUSDT is what each demo merchant is given.
var seedUSDT = money.New(100_000_000_000, money.USDT)

// The demo parties. Merchants take their methods and bounds from the defaults
// of new merchants.
var (
	demoMerchants = []merchant.New{
		{Name: "demo", Mode: ledger.Live, FeeBPS: seedFeeBPS},
		{Name: "sandbox", Mode: ledger.Sandbox, FeeBPS: seedFeeBPS},
	}
	demoOperators = []operator.NewOperator{
		{Email: "admin@disburse.local", Role: operator.RoleAdmin},
		{Email: "approver@disburse.local", Role: operator.RoleApprover},
	}
	demoRates = []fx.Change{
		{Currency: "rub", Value: decimal.RequireFromString("97.1234"), MaxAge: fx.MaxMaxAge, Source: seedSource, Confirm: true},
		{Currency: "eur", Value: decimal.RequireFromString("0.9215"), MaxAge: fx.MaxMaxAge, Source: seedSource, Confirm: true},
	}
)

// seeder brings the demo into being, or back into order.
type seeder struct {
	app  *gateway.App
	kept *credentials
	now  func() time.Time
}

// run makes what is missing and fills the instance with who there is. Secrets
// it makes are in kept, for the caller to store.
func (s seeder) run(ctx context.Context, into *Instance) error {
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.System, ID: "dev", Name: "dev mode"})
	if err := s.rates(ctx); err != nil {
		return fmt.Errorf("demo rates: %w", err)
	}
	for _, m := range demoMerchants {
		made, err := s.merchant(ctx, m)
		if err != nil {
			return fmt.Errorf("demo merchant %s: %w", m.Name, err)
		}
		into.Merchants = append(into.Merchants, made)
	}
	if err := s.app.Merchants.LinkSandbox(ctx, demoMerchants[0].Name, demoMerchants[1].Name); err != nil {
		return fmt.Errorf("demo sandbox: %w", err)
	}
	var operators []Operator
	for _, o := range demoOperators {
		made, err := s.operator(ctx, o)
		if err != nil {
			return fmt.Errorf("demo operator %s: %w", o.Email, err)
		}
		operators = append(operators, made)
	}
	into.Operator, into.Operators = operators[0], operators[1:]
	if err := s.platformCard(ctx); err != nil {
		return fmt.Errorf("demo card: %w", err)
	}
	var err error
	if into.Users, err = s.users(ctx); err != nil {
		return err
	}
	if err := s.games(ctx, into); err != nil {
		return fmt.Errorf("demo games: %w", err)
	}
	if into.VirtualCards, err = s.cards(ctx, into.Users); err != nil {
		return fmt.Errorf("demo virtual cards: %w", err)
	}
	return nil
}

func (s seeder) rates(ctx context.Context) error {
	inForce, err := s.app.Rates.List(ctx)
	if err != nil {
		return err
	}
	for _, change := range demoRates {
		at := slices.IndexFunc(inForce, func(r fx.Rate) bool { return r.Currency == change.Currency })
		if at >= 0 && !s.outdated(inForce[at]) {
			continue
		}
		if _, err := s.app.Rates.Set(ctx, change); err != nil {
			return err
		}
	}
	return nil
}

func (s seeder) outdated(r fx.Rate) bool {
	return r.Stale(s.now()) || (r.Source == seedSource && s.now().Sub(r.SetAt) > seedRateAge)
}

func (s seeder) merchant(ctx context.Context, n merchant.New) (Merchant, error) {
	_, err := s.app.Merchants.Enable(ctx, n.Name)
	switch {
	case errors.Is(err, merchant.ErrNotFound):
		made, err := s.app.Merchants.Create(ctx, n)
		if err != nil {
			return Merchant{}, err
		}
		s.kept.Merchants[n.Name] = made.Secrets
	case err != nil:
		return Merchant{}, err
	default:
		if err := s.replaceKeys(ctx, n.Name); err != nil {
			return Merchant{}, err
		}
	}
	_, err = s.app.Merchants.TopUp(ctx, n.Name, seedUSDT, seedReference)
	if err != nil {
		return Merchant{}, err
	}
	now, err := s.app.Merchants.Show(ctx, n.Name)
	if err != nil {
		return Merchant{}, err
	}
	person, err := s.person(ctx, n.Name)
	if err != nil {
		return Merchant{}, err
	}
	keys := s.kept.Merchants[n.Name]
	return Merchant{
		People: []Person{person},
		Name:   n.Name, Mode: string(now.Merchant.Mode), SignKey: keys.SignKey, APIKey: keys.APIKey, WebhookSecret: keys.WebhookSecret,
		AvailableUSDT: now.Available.Fixed(ledger.USDTPlaces),
	}, nil
}

// person makes somebody of a merchant, or brings them back into order.
func (s seeder) person(ctx context.Context, merchantName string) (Person, error) {
	email := "owner@" + merchantName + ".local"
	_, err := s.app.People.Enable(ctx, merchantName, email)
	if errors.Is(err, merchant.ErrNoPerson) {
		_, password, err := s.app.People.Add(ctx, merchantName, email)
		s.kept.People[email] = string(password)
		return Person{Email: email, Password: string(password)}, err
	}
	if err != nil {
		return Person{}, err
	}
	if _, err = s.app.People.CheckPassword(ctx, email, s.kept.People[email]); isUnauthenticated(err) {
		_, password, err := s.app.People.ResetPassword(ctx, merchantName, email)
		s.kept.People[email] = string(password)
		return Person{Email: email, Password: string(password)}, err
	}
	return Person{Email: email, Password: s.kept.People[email]}, err
}

// replaceKeys rotates the keys that no longer work: those that were rotated by
// hand, and those that a killed run made and never kept.
func (s seeder) replaceKeys(ctx context.Context, name string) error {
	m, err := s.app.Directory.ByName(ctx, name)
	if err != nil {
		return err
	}
	keys := s.kept.Merchants[name]
	var broken []merchant.KeyKind
	if !slices.Contains(m.SignKeys, keys.SignKey) {
		broken = append(broken, merchant.SignKey)
	}
	if !slices.Contains(m.WebhookSecrets, keys.WebhookSecret) {
		broken = append(broken, merchant.WebhookSecret)
	}
	if _, err := s.app.Directory.AuthenticateAPIKey(ctx, name, keys.APIKey); errors.Is(err, merchant.ErrInvalidAPIKey) {
		broken = append(broken, merchant.APIKey)
	} else if err != nil {
		return err
	}
	if len(broken) == 0 {
		return nil
	}
	// As the merchant itself would: anybody else would need a second person.
	itself := audit.WithActor(ctx, audit.Actor{Kind: audit.Merchant, ID: m.ID, Name: m.Name})
	made, err := s.app.Merchants.RotateKeys(itself, name, broken, merchant.DefaultGrace)
	if err != nil {
		return err
	}
	for _, kind := range broken {
		switch kind {
		case merchant.SignKey:
			keys.SignKey = made.Secrets.SignKey
		case merchant.APIKey:
			keys.APIKey = made.Secrets.APIKey
		case merchant.WebhookSecret:
			keys.WebhookSecret = made.Secrets.WebhookSecret
		}
	}
	s.kept.Merchants[name] = keys
	return nil
}

func (s seeder) operator(ctx context.Context, n operator.NewOperator) (Operator, error) {
	kept := s.kept.Operators[n.Email]
	_, err := s.app.Operators.Enable(ctx, n.Email)
	switch {
	case errors.Is(err, operator.ErrNotFound):
		made, err := s.app.Operators.Create(ctx, n)
		if err != nil {
			return Operator{}, err
		}
		kept = login{Password: string(made.Password), Token: string(made.Token)}
	case err != nil:
		return Operator{}, err
	default:
		if kept, err = s.replaceLogin(ctx, n.Email, kept); err != nil {
			return Operator{}, err
		}
	}
	s.kept.Operators[n.Email] = kept
	return Operator{Email: n.Email, Role: string(n.Role), Password: kept.Password, Token: kept.Token}, nil
}

// replaceLogin makes a new password or token where the kept one does not work.
func (s seeder) replaceLogin(ctx context.Context, email string, kept login) (login, error) {
	works, err := s.tokenWorks(ctx, email, kept.Token)
	if err != nil {
		return login{}, err
	}
	if !works {
		_, token, err := s.app.Operators.IssueToken(ctx, email, "dev mode", operator.DefaultTTL)
		if err != nil {
			return login{}, err
		}
		kept.Token = string(token)
	}
	_, err = s.app.Operators.CheckPassword(ctx, email, kept.Password)
	if isUnauthenticated(err) {
		password, err := s.app.Operators.ResetPassword(ctx, email)
		kept.Password = string(password)
		return kept, err
	}
	return kept, err
}

// tokenWorks reports a token that authenticates and goes on doing so for a
// while.
func (s seeder) tokenWorks(ctx context.Context, email, token string) (bool, error) {
	if _, err := s.app.Operators.Authenticate(ctx, token); err != nil {
		if isUnauthenticated(err) {
			return false, nil
		}
		return false, err
	}
	tokens, err := s.app.Operators.Tokens(ctx, email)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(tokens, func(t operator.Token) bool {
		return t.RevokedAt == nil && len(token) > len(t.Prefix) && token[:len(t.Prefix)] == t.Prefix &&
			t.ExpiresAt.Sub(s.now()) > tokenReserve
	}), nil
}

func isUnauthenticated(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Unauthenticated
}
