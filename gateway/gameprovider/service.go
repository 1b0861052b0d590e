package gameprovider

import (
	"context"
	"time"
)

// Service changes providers and what belongs to them. Where a method takes
// provider, it is its name. Besides the codes that each method names, all of
// them can fail with internal, and those that change something with
// unavailable. It is safe for concurrent use.
type Service struct {
	deps Deps
}

// NewService makes a service, and refuses a missing dependency by name.
func NewService(d Deps) (*Service, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return &Service{deps: d}, nil
}

// Page is one page of a list. Next is where the next one begins, empty on the
// last.
type Page[T any] struct {
	Items []T
	Next  string
}

// Spec describes a provider to be made; without a profile it has the default.
type Spec struct {
	Name    string
	Profile string
}

// Create makes an active provider with one key pair, shown this once. It fails
// with invalid_request and name_taken.
func (s *Service) Create(ctx context.Context, n Spec) (Provider, Pair, error) {
	return Provider{}, Pair{}, errUnbuilt
}

// Rotate makes a new key pair. The one so far goes on working for the grace (0
// to 30 days); one that is in a grace already ends at once. It fails with
// not_found and invalid_request.
func (s *Service) Rotate(ctx context.Context, provider string, grace time.Duration) (Provider, Pair, error) {
	return Provider{}, Pair{}, errUnbuilt
}

// ByName reads a provider. It fails with not_found.
func (s *Service) ByName(ctx context.Context, provider string) (Provider, error) {
	return Provider{}, errUnbuilt
}

// List reads providers in the order of their names, from where cursor says.
// limit is 1 to 500, and 50 when zero or below. It fails with invalid_request.
func (s *Service) List(ctx context.Context, cursor string, limit int) (Page[Provider], error) {
	return Page[Provider]{}, errUnbuilt
}

// SetActive lets a provider in, or shuts it out: every call of it is then
// refused as if it did not exist. It fails with not_found.
func (s *Service) SetActive(ctx context.Context, provider string, active bool) (Provider, error) {
	return Provider{}, errUnbuilt
}

// SetProfile gives a provider another profile. It fails with not_found,
// invalid_request, and id_scope_fixed when the scope of transaction ids would
// change while the provider has players.
func (s *Service) SetProfile(ctx context.Context, provider, profile string) (Provider, error) {
	return Provider{}, errUnbuilt
}

// Profiles reads all profiles in the order of their names.
func (s *Service) Profiles(ctx context.Context) ([]Profile, error) { return nil, errUnbuilt }

// ProfileByName reads a profile. It fails with not_found.
func (s *Service) ProfileByName(ctx context.Context, name string) (Profile, error) {
	return Profile{}, errUnbuilt
}

// PutProfile makes a profile or changes the one of that name, for every
// provider that has it. It fails with invalid_request, and with id_scope_fixed
// when the scope of transaction ids would change for a provider with players.
func (s *Service) PutProfile(ctx context.Context, p Profile) (Profile, error) {
	return Profile{}, errUnbuilt
}
