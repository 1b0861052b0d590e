package gateway

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"disburse/gateway/console"
	"disburse/gateway/fault"
	"disburse/ledger"
)

// background gives the way to begin work that outlasts its request. It ends
// with the App, before the database is closed.
func (a *App) background() func(work func(ctx context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	a.closers = append(a.closers, func() error {
		stop()
		running.Wait()
		return nil
	})
	return func(work func(ctx context.Context)) { running.Go(func() { work(ctx) }) }
}

// proveLedger is VerifyLedger with its progress told.
func (a *App) proveLedger(ctx context.Context, progress func(done, all int64)) (ledger.Report, error) {
	return a.Ledger.Verify(ctx, Obligations(), progress)
}

// queues are the queues of the workers, as asynq keeps them in Redis.
type queues struct{ inspector *asynq.Inspector }

var _ console.Queues = queues{}

func newQueues(client redis.UniversalClient) queues {
	return queues{asynq.NewInspectorFromRedisClient(client)}
}

var errNoQueues = fault.New(fault.Unavailable, "queues_unavailable", "Redis does not answer, so the queues cannot be seen")

var errNoQueue = fault.New(fault.NotFound, "not_found", "there is no such queue")

func unseen(err error) error {
	if errors.Is(err, asynq.ErrQueueNotFound) {
		return errNoQueue
	}
	return errNoQueues.With(err)
}

func (q queues) Queues(context.Context) ([]console.Queue, error) {
	names, err := q.inspector.Queues()
	if err != nil {
		return nil, unseen(err)
	}
	slices.Sort(names)
	all := make([]console.Queue, 0, len(names))
	for _, name := range names {
		i, err := q.inspector.GetQueueInfo(name)
		if err != nil {
			return nil, unseen(err)
		}
		all = append(all, console.Queue{
			Name: i.Queue, Pending: i.Pending, Active: i.Active, Scheduled: i.Scheduled, Retry: i.Retry, Archived: i.Archived,
			Processed: i.Processed, Failed: i.Failed, ProcessedTotal: i.ProcessedTotal, FailedTotal: i.FailedTotal,
			Waited: i.Latency, Bytes: i.MemoryUsage, Paused: i.Paused,
		})
	}
	return all, nil
}

func (q queues) Workers(context.Context) ([]console.QueueWorker, error) {
	servers, err := q.inspector.Servers()
	if err != nil {
		return nil, unseen(err)
	}
	all := make([]console.QueueWorker, len(servers))
	for i, s := range servers {
		all[i] = console.QueueWorker{
			Host: s.Host, PID: s.PID, Queues: slices.Sorted(maps.Keys(s.Queues)), Concurrency: s.Concurrency,
			Busy: len(s.ActiveWorkers), Started: s.Started.UTC(), Status: s.Status,
		}
	}
	slices.SortFunc(all, func(a, b console.QueueWorker) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), slices.Compare(a.Queues, b.Queues))
	})
	return all, nil
}

func (q queues) Tasks(_ context.Context, queue, state string, limit int) ([]console.QueueTask, error) {
	list, known := map[string]func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
		"active": q.inspector.ListActiveTasks, "pending": q.inspector.ListPendingTasks, "scheduled": q.inspector.ListScheduledTasks,
		"retry": q.inspector.ListRetryTasks, "archived": q.inspector.ListArchivedTasks,
	}[state]
	if !known {
		return nil, errNoQueue
	}
	found, err := list(queue, asynq.PageSize(limit))
	if err != nil {
		return nil, unseen(err)
	}
	tasks := make([]console.QueueTask, len(found))
	for i, t := range found {
		tasks[i] = console.QueueTask{
			ID: t.ID, Type: t.Type, Queue: t.Queue, State: t.State.String(), Retried: t.Retried, Retries: t.MaxRetry,
			LastError: t.LastErr, LastFailedAt: t.LastFailedAt.UTC(), NextAt: t.NextProcessAt.UTC(),
		}
	}
	return tasks, nil
}

func (q queues) Days(_ context.Context, queue string, days int) ([]console.QueueDay, error) {
	found, err := q.inspector.History(queue, days)
	if err != nil {
		return nil, unseen(err)
	}
	all := make([]console.QueueDay, len(found))
	for i, d := range found {
		all[i] = console.QueueDay{Day: d.Date.UTC(), Processed: d.Processed, Failed: d.Failed}
	}
	slices.SortFunc(all, func(a, b console.QueueDay) int { return a.Day.Compare(b.Day) })
	return all, nil
}
