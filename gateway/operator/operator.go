package operator

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"disburse/gateway/fault"
)

// Role says what an operator may do.
type Role string

// The roles, each of which may do all that the ones before it may: read,
// execute, approve and resolve, administer.
const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
	RoleApprover Role = "approver"
	RoleAdmin    Role = "admin"
)

// Roles lists the roles, least first.
func Roles() []Role { return []Role{RoleViewer, RoleOperator, RoleApprover, RoleAdmin} }

// Covers reports whether the role may do what need may. An unknown role covers
// nothing and is covered by nothing.
func (r Role) Covers(need Role) bool {
	have, wanted := slices.Index(Roles(), r), slices.Index(Roles(), need)
	return wanted >= 0 && have >= wanted
}

// Faults of this package that callers compare with errors.Is.
var (
	ErrInvalidToken    = fault.New(fault.Unauthenticated, "invalid_token", "invalid token")
	ErrInvalidPassword = fault.New(fault.Unauthenticated, "invalid_credentials", "invalid email or password")
	ErrForbidden       = fault.New(fault.Forbidden, "forbidden", "your role does not allow this")
	ErrNotFound        = fault.New(fault.NotFound, "not_found", "operator not found")
	ErrLastAdmin       = fault.New(fault.Conflict, "last_admin", "this is the last admin who is let in, make another one first")
	ErrEmailTaken      = fault.New(fault.Conflict, "email_taken", "an operator of this email exists already")
)

// Operator is one operator, as it stands.
type Operator struct {
	ID        string    `json:"id"` // opr_...
	Email     string    `json:"email"`
	Role      Role      `json:"role"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"created_at"`
}

// Require fails with forbidden unless the operator's role covers need.
func (o Operator) Require(need Role) error {
	if !o.Role.Covers(need) {
		return ErrForbidden
	}
	return nil
}

// Token tells about a token without telling it.
type Token struct {
	ID        string     `json:"id"` // opt_...
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix"` // its first characters
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

// Secret is a password or a token in clear, at the only moment when it is
// shown. Printing it with fmt shows nothing; converting it to a string and JSON
// do.
type Secret string

// Format keeps the secret out of every fmt verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hidden]") }

const (
	idPrefix      = "opr"
	tokenIDPrefix = "opt"
	tokenPrefix   = "op"
	// DefaultTTL is how long a token works unless told otherwise.
	DefaultTTL = 90 * 24 * time.Hour
	// MaxTTL is the longest that can be asked for.
	MaxTTL   = 2 * 365 * 24 * time.Hour
	maxEmail = 254
	maxName  = 64
)

// emailPattern is deliberately simple: it keeps out what cannot be an address,
// and whether an address lives only a letter to it can tell.
var emailPattern = regexp.MustCompile(`^[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// normalEmail brings an address to the one form that is stored.
func normalEmail(text string) (string, bool) {
	email := strings.ToLower(strings.TrimSpace(text))
	return email, len(email) <= maxEmail && emailPattern.MatchString(email)
}

func validTokenName(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName &&
		!strings.ContainsFunc(name, unicode.IsControl)
}
