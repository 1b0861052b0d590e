package httpapi

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"disburse/gateway/audit"
	"disburse/gateway/operator"
)

// authorise finds the operator of the bearer token and asks whether the role
// covers the route's. Routes without a role are public or authenticate the
// merchant themselves, once they have read the body that the merchant signed.
func (r *request) authorise() error {
	if r.route.role == "" {
		return nil
	}
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
