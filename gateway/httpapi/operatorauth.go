package httpapi

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/audit"
	"disburse/gateway/operator"
)

// authorise finds out who calls a route that says who may. The other routes are
// public or authenticate the merchant themselves, once they have read the body
// that the merchant signed.
func (r *request) authorise() error {
	switch {
	case r.route.role != "":
		return r.authoriseOperator()
	case r.route.user != notForUsers:
		return r.authoriseUser()
	default:
		return nil
	}
}

// authoriseOperator finds the operator of the bearer token and asks whether the
// role covers the route's.
func (r *request) authoriseOperator() error {
	if err := r.blocked(""); err != nil {
		return err
	}
	o, err := r.api.Operators.Authenticate(r.ctx, bearer(r.c.Get(fiber.HeaderAuthorization)))
	if errors.Is(err, operator.ErrInvalidToken) {
		return r.authenticationFailed("", err)
	}
	if err != nil {
		return err
	}
	r.operator = o.ID
	r.by(audit.Actor{Kind: audit.Operator, ID: o.ID, Name: o.Email})
	return o.Require(r.route.role)
}

// bearer is the token of an Authorization header, "" for another scheme.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
