package httpapi

import (
	"net/http"

	"disburse/gateway/operator"
	"disburse/gateway/page"
)

// operatorBody makes an operator.
type operatorBody struct{ Email, Role string }

func (b *operatorBody) member(name string) any {
	switch name {
	case "email":
		return &b.Email
	case "role":
		return &b.Role
	default:
		return nil
	}
}

type operatorView struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	Disabled  bool   `json:"disabled"`
	CreatedAt string `json:"created_at"`
}

func viewOperator(o operator.Operator) operatorView {
	return operatorView{ID: o.ID, Email: o.Email, Role: string(o.Role), Disabled: o.Disabled, CreatedAt: stamp(o.CreatedAt)}
}

type operatorCreated struct {
	Operator operatorView `json:"operator"`
	Password string       `json:"password"`
	Token    string       `json:"token"`
	Expires  string       `json:"token_expires_at"`
}

func listOperators(r *request) error {
	q := r.query()
	after, limit := q.text("cursor"), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Operators.List(r.ctx, after, limit)
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.Next, viewOperator))
}

func createOperator(r *request) error {
	var b operatorBody
	if err := r.decode(&b); err != nil {
		return err
	}
	made, err := r.api.Operators.Create(r.ctx, operator.NewOperator{Email: b.Email, Role: operator.Role(b.Role)})
	if err != nil {
		return err
	}
	return r.jsonStatus(http.StatusCreated, operatorCreated{
		Operator: viewOperator(made.Operator), Password: string(made.Password), Token: string(made.Token), Expires: stamp(made.Expires),
	})
}

func disableOperator(r *request) error {
	o, err := r.api.Operators.Disable(r.ctx, r.param("id"))
	if err != nil {
		return err
	}
	return r.json(viewOperator(o))
}

func enableOperator(r *request) error {
	o, err := r.api.Operators.Enable(r.ctx, r.param("id"))
	if err != nil {
		return err
	}
	return r.json(viewOperator(o))
}
