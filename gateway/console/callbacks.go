package console

import (
	"context"

	"disburse/callbacks"
)

// Callbacks reads the journal of callbacks and has them sent again, with the
// audit record of ctx's actor in the same transaction.
type Callbacks interface {
	List(ctx context.Context, f callbacks.Filter, cursor string, limit int) (callbacks.Page, error)
	Get(ctx context.Context, id string) (callbacks.Detail, error)
	About(ctx context.Context, subject string) ([]callbacks.Detail, error)
	Stats(ctx context.Context) (callbacks.Stats, error)
	Resend(ctx context.Context, id string) error
	ResendMany(ctx context.Context, f callbacks.Filter, limit int) (callbacks.Resent, error)
	// Body is what a callback sends, with numbers and secrets masked.
	Body(ctx context.Context, id string) (string, error)
}
