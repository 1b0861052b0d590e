package audit

import "context"

// Kind is the sort of actor.
type Kind string

// The kinds of actors.
const (
	Operator Kind = "operator"
	Merchant Kind = "merchant"
	Executor Kind = "executor"
	CLI      Kind = "cli"
	System   Kind = "system"
	User     Kind = "user" // an end user
)

// Actor is who acts: the id and the name by which people know them, and the
// network address they act from, where there is one.
type Actor struct {
	Kind    Kind
	ID      string
	Name    string
	Address string
}

type (
	actorKey   struct{}
	requestKey struct{}
)

// WithActor gives a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom tells who acts; a context that names nobody is the system's own.
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: System}
}

// WithRequestID gives a context that belongs to a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestIDFrom tells which request a context belongs to, empty for none.
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
