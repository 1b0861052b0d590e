package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"disburse/callbacks"
	"disburse/gateway/console/site"
	"disburse/gateway/fault"
)

// Queues tells how the queues of the workers stand. It changes nothing.
type Queues interface {
	// Queues lists every queue by name, those that never held a task left out.
	Queues(ctx context.Context) ([]Queue, error)
	// Workers lists the processes that work on queues.
	Workers(ctx context.Context) ([]QueueWorker, error)
	// Tasks lists the first tasks of a queue that are in one of TaskStates.
	Tasks(ctx context.Context, queue, state string, limit int) ([]QueueTask, error)
	// Days lists what a queue did, by day, oldest first.
	Days(ctx context.Context, queue string, days int) ([]QueueDay, error)
}

// TaskStates are the states that a task can be in.
var TaskStates = []string{"active", "pending", "scheduled", "retry", "archived"}

// Queue is how one queue stands.
type Queue struct {
	Name                                        string
	Pending, Active, Scheduled, Retry, Archived int
	Processed, Failed                           int // today
	ProcessedTotal, FailedTotal                 int
	Waited                                      time.Duration // the oldest pending task
	Bytes                                       int64
	Paused                                      bool
}

// Kilobytes is what the queue takes in Redis.
func (q Queue) Kilobytes() int64 { return (q.Bytes + 1023) / 1024 }

// Wait is how long its oldest pending task has waited.
func (q Queue) Wait() string { return q.Waited.Round(time.Millisecond).String() }

// QueueWorker is a process that works on queues.
type QueueWorker struct {
	Host        string
	PID         int
	Queues      []string
	Concurrency int // tasks at once
	Busy        int // tasks now
	Started     time.Time
	Status      string
}

// QueueTask is a task as its queue holds it; its payload stays there.
type QueueTask struct {
	ID, Type, Queue, State string
	Retried, Retries       int
	LastError              string
	LastFailedAt, NextAt   time.Time
}

// QueueDay is what a queue did on one day.
type QueueDay struct {
	Day               time.Time
	Processed, Failed int
}

func (k *desk) queueRoutes() []site.Route {
	const get = http.MethodGet
	return []site.Route{
		{Method: get, Path: "/queues", Role: viewer, Handle: k.queues},
		{Method: get, Path: "/queues/:queue", Role: viewer, Handle: k.queue},
		{Method: get, Path: "/queues/:queue/days", Role: viewer, Handle: k.queueDays},
	}
}

var errNoQueue = fault.New(fault.NotFound, "not_found", "there is no such queue")

type queuesPage struct {
	Queues  []Queue
	Workers []QueueWorker
	Stats   callbacks.Stats
	Away    bool // Redis does not answer
}

// queues shows how all queues stand.
func (k *desk) queues(v *site.Visit) error {
	var data queuesPage
	var err error
	if data.Stats, err = k.Callbacks.Stats(v.Ctx); err != nil {
		return err
	}
	data.Queues, data.Workers, err = k.seenQueues(v.Ctx)
	if err != nil {
		// What the database knows is worth more than a page that fails.
		if fault.From(err).Kind != fault.Unavailable {
			return err
		}
		k.Log.Warn("the queues cannot be seen", "cause", err.Error())
		data.Away = true
	}
	if v.Partial() {
		return v.Fragment("queues", "queues-now", data)
	}
	return v.Render("queues", data)
}

func (k *desk) seenQueues(ctx context.Context) ([]Queue, []QueueWorker, error) {
	all, err := k.Queues.Queues(ctx)
	if err != nil {
		return nil, nil, err
	}
	workers, err := k.Queues.Workers(ctx)
	return all, workers, err
}

// tasksShown is how many tasks of a queue a page shows.
const tasksShown = 100

type queuePage struct {
	*listing
	Queue
	State string
	Tasks []QueueTask
}

// States are those that tasks can be in.
func (queuePage) States() []string { return TaskStates }

// Count is how many tasks are in a state.
func (p queuePage) Count(state string) int {
	return map[string]int{
		"active": p.Active, "pending": p.Pending, "scheduled": p.Scheduled, "retry": p.Retry, "archived": p.Archived,
	}[state]
}

// queue shows the tasks of one queue.
func (k *desk) queue(v *site.Visit) error {
	q, err := k.queueNamed(v)
	if err != nil {
		return err
	}
	l := listed(v, "/queues/"+q.Name)
	data := queuePage{listing: l, Queue: q, State: l.choice("state", TaskStates...)}
	if data.State == "" {
		data.State = TaskStates[0]
	}
	if data.Tasks, err = k.Queues.Tasks(v.Ctx, q.Name, data.State, tasksShown); err != nil {
		return err
	}
	return v.Render("queue", data)
}

func (k *desk) queueNamed(v *site.Visit) (Queue, error) {
	all, err := k.Queues.Queues(v.Ctx)
	if err != nil {
		return Queue{}, err
	}
	at := slices.IndexFunc(all, func(q Queue) bool { return q.Name == v.Param("queue") })
	if at < 0 {
		return Queue{}, errNoQueue
	}
	return all[at], nil
}

// daysShown is how far back the chart of a queue goes.
const daysShown = 14

// queueDays is the chart of what a queue did.
func (k *desk) queueDays(v *site.Visit) error {
	q, err := k.queueNamed(v)
	if err != nil {
		return err
	}
	days, err := k.Queues.Days(v.Ctx, q.Name, daysShown)
	if err != nil {
		return err
	}
	x, processed, failed := make([]int64, len(days)), make([]int, len(days)), make([]int, len(days))
	for i, d := range days {
		x[i], processed[i], failed[i] = d.Day.Truncate(24*time.Hour).Unix(), d.Processed, d.Failed
	}
	return v.JSON(map[string]any{"x": x, "xname": v.T("Day"), "series": []map[string]any{
		{"name": v.T("processed"), "values": processed, "colour": "good", "fill": true},
		{"name": v.T("failed"), "values": failed, "colour": "bad"},
	}})
}
