package httpapi_test

import (
	"testing"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := s.created("order-1")
	t.Log(string(a.raw), a.header)
	t.Log(string(s.status("order-1").raw))
	t.Log(string(s.cancel("order-1").raw))
	t.Log(string(s.call("GET", s.path("status"), nil, header{"X-Api-Key": s.keys.APIKey}).raw))
	t.Log(s.log.String())
}
