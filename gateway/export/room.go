package export

import (
	"context"
	"sync"

	"disburse/gateway/audit"
)

// room is for so many exports at once, of everybody and of each.
type room struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

// enter takes a place for the actor of ctx, who leaves it once.
func (r *room) enter(ctx context.Context) (leave func(), err error) {
	a := audit.ActorFrom(ctx)
	who := string(a.Kind) + ":" + a.ID
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.of[who] >= eachAtOnce:
		return nil, ErrYours
	case r.all >= atOnce:
		return nil, ErrBusy
	}
	r.all++
	r.of[who]++
	return sync.OnceFunc(func() { r.leave(who) }), nil
}

func (r *room) leave(who string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.of[who]--; r.of[who] == 0 {
		delete(r.of, who)
	}
}
