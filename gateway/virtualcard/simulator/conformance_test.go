package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/gateway/virtualcard/providertest"
	"disburse/gateway/virtualcard/simulator"
)

const key = "the-key-of-the-simulator"

// stand is a simulator that can be killed and started again on its file.
type stand struct {
	path    string
	current atomic.Pointer[simulator.Simulator]
}

func newStand(t *testing.T) *stand {
	s := &stand{path: filepath.Join(t.TempDir(), "cards.json")}
	s.Restart(t)
	return s
}

func (s *stand) Restart(t testing.TB) {
	t.Helper()
	sim, err := simulator.Open(simulator.Options{Path: s.path, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	s.current.Store(sim)
}

func (s *stand) Misbehave(t testing.TB, operation string, f providertest.Fault, after time.Duration) {
	t.Helper()
	err := s.current.Load().Behave(simulator.Behaviour{
		Operation: simulator.Operation(operation), Outcome: simulator.Outcome(f), Times: 1, DelayMS: after.Milliseconds(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.current.Load().Handler().ServeHTTP(w, r)
}

func TestConformanceOverHTTP(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) (virtualcard.Provider, providertest.Control) {
		s := newStand(t)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		p, err := httpprovider.New(httpprovider.Options{URL: server.URL, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return p, s
	})
}
