package console

import (
	"context"
	"time"
)

// Queues tells how the queues of the workers stand. It changes nothing.
type Queues interface {
	// Queues lists every queue by name, those that never held a task left out.
	Queues(ctx context.Context) ([]Queue, error)
	// Workers lists the processes that work on queues.
	Workers(ctx context.Context) ([]QueueWorker, error)
	// Tasks lists the first tasks of a queue in a state, of which there are TaskStates.
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
