package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"disburse/gateway/operator"
	"disburse/gateway/signin"
)

func TestOperator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("operator", "list"), "no operators yet")
	out := s.ok("operator", "create", "--email", "ann@desk.example", "--role", "operator")
	says(t, out, "ann@desk.example", "password", "op_", "shown this once")
	made := s.object("operator", "create", "--email", "bob@desk.example", "--role", "approver")
	if made["email"] != "bob@desk.example" || made["role"] != "approver" || made["disabled"] != false {
		t.Errorf("got %v", made)
	}
	o, err := s.app.Operators.Authenticate(t.Context(), text(t, made, "token"))
	if err != nil || o.Email != "bob@desk.example" {
		t.Errorf("the token printed: %v, %v", o, err)
	}
	if _, err := s.app.Operators.CheckPassword(t.Context(), "bob@desk.example", text(t, made, "password")); err != nil {
		t.Errorf("the password printed: %v", err)
	}
	items := s.items("operator", "list")
	if len(items) != 2 || items[0]["email"] != "ann@desk.example" || items[0]["role"] != "operator" {
		t.Errorf("got %v", items)
	}
	says(t, s.ok("operator", "set", "ann@desk.example", "--role", "viewer"), "ann@desk.example has the role viewer")
	says(t, s.ok("operator", "disable", "bob@desk.example"), "Disabled bob@desk.example")
	says(t, s.ok("operator", "list"), "disabled")
	says(t, s.ok("operator", "enable", "bob@desk.example"), "Enabled bob@desk.example")

	s.fails(1, "exists already", "operator", "create", "--email", "ann@desk.example", "--role", "viewer")
	s.fails(1, "email", "operator", "create", "--email", "nobody", "--role", "viewer")
	s.fails(2, "--role", "operator", "create", "--email", "c@desk.example", "--role", "king")
	s.fails(2, "--email", "operator", "create", "--role", "viewer")
	s.fails(1, "operator not found", "operator", "disable", "nobody@desk.example")
	if n := s.trail("operator.create"); n != 2 {
		t.Errorf("%d audit records, want 2", n)
	}
}

func TestOperatorSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.object("operator", "create", "--email", "bot@desk.example", "--role", "operator")
	ctx := t.Context()
	session := s.enters(signin.Operators, text(t, first, "id"))
	reset := s.object("operator", "reset-password", "bot@desk.example")
	if _, err := s.app.Sessions.Find(ctx, signin.Operators, session); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("the session of the old password: %v", err)
	}
	session = s.enters(signin.Operators, text(t, first, "id"))
	s.ok("operator", "disable", "bot@desk.example")
	s.ok("operator", "enable", "bot@desk.example")
	if _, err := s.app.Sessions.Find(ctx, signin.Operators, session); !errors.Is(err, signin.ErrNoSession) {
		t.Errorf("the session of before the operator was shut out: %v", err)
	}
	if _, err := s.app.Operators.CheckPassword(ctx, "bot@desk.example", text(t, first, "password")); err == nil {
		t.Error("the old password still works")
	}
	if _, err := s.app.Operators.CheckPassword(ctx, "bot@desk.example", text(t, reset, "password")); err != nil {
		t.Errorf("the new password: %v", err)
	}
	issued := s.object("operator", "token", "bot@desk.example", "--name", "payout bot", "--ttl", "720h")
	if _, err := s.app.Operators.Authenticate(ctx, text(t, issued, "token")); err != nil || issued["name"] != "payout bot" {
		t.Errorf("got %v, %v", issued, err)
	}
	listed := s.ok("operator", "tokens", "bot@desk.example")
	says(t, listed, "payout bot", text(t, issued, "id"))
	if strings.Contains(listed, text(t, issued, "token")) {
		t.Error("the list prints a token")
	}
	says(t, s.ok("operator", "revoke-token", "bot@desk.example", text(t, issued, "id")), "works no more")
	if tokens := s.items("operator", "tokens", "bot@desk.example"); len(tokens) != 2 || tokens[0]["revoked_at"] == nil || tokens[1]["revoked_at"] != nil {
		t.Errorf("got %v, want the newest revoked", tokens)
	}
	s.fails(2, "--ttl must be above zero", "operator", "token", "bot@desk.example", "--ttl", "0s")
	s.fails(1, "ttl", "operator", "token", "bot@desk.example", "--ttl", "20000h")
	s.fails(1, operator.ErrNotFound.Message, "operator", "reset-password", "nobody@desk.example")
}

// enters is a session of somebody whose password was right.
func (s *site) enters(realm signin.Realm, subject string) signin.Token {
	s.t.Helper()
	token, _, err := s.app.Sessions.Enter(s.t.Context(), realm, "somebody@desk.example", signin.Visitor{}, func(context.Context) (string, error) { return subject, nil })
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}
