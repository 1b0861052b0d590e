package callbacks

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// The asynq queues, one for each class.
const (
	QueueFirst = "callbacks_first"
	QueueRetry = "callbacks_retry"
	QueueBulk  = "callbacks_bulk"
)

const (
	claimTimeout   = 5 * time.Second
	recordTimeout  = 10 * time.Second
	enqueueTimeout = 2 * time.Second
	// asynq puts the task of a killed worker back after a while, and the
	// handler then finds that the attempt is no longer to be had. With no
	// retries left it would go to the archive instead, and stay there.
	taskRetries = 3
)

// Config says what a Sender works with. DB, Redis, Secrets and Log are
// required; everything else has a default.
type Config struct {
	DB    *pgxpool.Pool
	Redis redis.UniversalClient
	// Secrets returns a merchant's signing secrets (whsec_...), newest first.
	// It is called for each attempt and should answer from memory.
	Secrets func(ctx context.Context, merchantID string) ([]string, error)
	// OpenBody opens a body that was staged with a BodyKey.
	OpenBody func(eventID, key string, box []byte) ([]byte, error)
	Log      *slog.Logger
	// OnAttempt hears of each attempt, for metrics. It must be quick.
	OnAttempt func(Announcement)

	Allow     AllowList
	RootCAs   *x509.CertPool // that callback hosts are checked by; nil is the system's
	UserAgent string         // "disburse-callbacks/1"

	AttemptTimeout time.Duration // 10 s, connect included
	Lease          time.Duration // 30 s: how long a claimed attempt is left alone
	QueueLease     time.Duration // 10 s: how long an enqueued one is

	FirstWorkers int // 256: first attempts at once in this process
	TaskSize     int // 8: deliveries of one endpoint that a task may carry

	Now func() time.Time
}

// Announcement tells of one attempt.
type Announcement struct {
	Class    Class
	Outcome  Outcome
	State    State // of the delivery, after it
	Status   int   // HTTP status, 0 without an answer
	Error    string
	Duration time.Duration
	Lag      time.Duration // from staging to the end of this attempt
}

// Sender relays and delivers. Any number of them may work on one database and
// Redis, in one process or in many.
type Sender struct {
	cfg     Config
	store   store
	http    *http.Client
	windows *windows
	claims  *group[claimant]
	records *group[report]
	relay   *relay
	servers []*asynq.Server

	// What ends with each: relay, nothing more is taken; soft, running attempts
	// are broken off; hard, nothing more is written.
	relayCtx, soft, hard       context.Context
	endRelay, endSoft, endHard context.CancelFunc
	relaying                   sync.WaitGroup
}

// NewSender returns a sender that does nothing before Start. The error names
// every required field that is missing.
func NewSender(cfg Config) (*Sender, error) {
	var missing []error
	for name, absent := range map[string]bool{"DB": cfg.DB == nil, "Redis": cfg.Redis == nil, "Secrets": cfg.Secrets == nil, "Log": cfg.Log == nil} {
		if absent {
			missing = append(missing, fmt.Errorf("callbacks: Config.%s is missing", name))
		}
	}
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	cfg = cfg.withDefaults()
	s := &Sender{cfg: cfg, store: store{db: cfg.DB}, http: newHTTPClient(cfg), windows: newWindows()}
	s.relayCtx, s.endRelay = context.WithCancel(context.Background())
	s.soft, s.endSoft = context.WithCancel(context.Background())
	s.hard, s.endHard = context.WithCancel(context.Background())
	s.relay = newRelay(s, asynq.NewClientFromRedisClient(cfg.Redis), cfg.Redis)
	s.claims = newGroup(claimGroup, claimPace, s.claim)
	s.records = newGroup(recordGroup, recordPace, s.flush)
	return s, nil
}

// Attempts at once in this process that are not first ones, and how often an idle
// worker of each looks for tasks.
const (
	retryWorkers = 64
	bulkWorkers  = 32
	firstCheck   = 10 * time.Millisecond
	laterCheck   = 5 * firstCheck
)

// How many claims and records share a transaction at most, and how far apart
// their transactions begin.
const (
	claimGroup  = 256
	claimPace   = 3 * time.Millisecond
	recordGroup = 256
	recordPace  = 5 * time.Millisecond
)

func (c Config) withDefaults() Config {
	orDuration := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	orInt := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	orDuration(&c.AttemptTimeout, 10*time.Second)
	orDuration(&c.Lease, 30*time.Second)
	orDuration(&c.QueueLease, 10*time.Second)
	orInt(&c.FirstWorkers, 256)
	orInt(&c.TaskSize, 8)
	if c.UserAgent == "" {
		c.UserAgent = "disburse-callbacks/1"
	}
	if c.OpenBody == nil {
		c.OpenBody = func(string, string, []byte) ([]byte, error) {
			return nil, errors.New("callbacks: Config.OpenBody is not set")
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// taskTimeout bounds a handler, with room for waiting on the database: asynq
// would take one that is cut short for failed.
func (c Config) taskTimeout() time.Duration {
	return c.AttemptTimeout + claimTimeout + 2*recordTimeout
}

// Start begins to relay and to deliver. It returns at once; what is not
// reachable yet is tried until it is.
func (s *Sender) Start() error {
	for _, class := range []struct {
		queue   string
		workers int
		check   time.Duration
	}{
		{QueueFirst, s.cfg.FirstWorkers, firstCheck},
		{QueueRetry, retryWorkers, laterCheck},
		{QueueBulk, bulkWorkers, laterCheck},
	} {
		server := asynq.NewServerFromRedisClient(s.cfg.Redis, asynq.Config{
			Concurrency:              class.workers,
			Queues:                   map[string]int{class.queue: 1},
			BaseContext:              func() context.Context { return s.soft },
			TaskCheckInterval:        class.check,
			DelayedTaskCheckInterval: time.Second,
			ShutdownTimeout:          s.cfg.AttemptTimeout + 2*time.Second,
			RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return time.Second },
			Logger:                   asynqLog{s.cfg.Log.With("queue", class.queue)},
			LogLevel:                 asynq.WarnLevel,
		})
		if err := server.Start(s); err != nil {
			return fmt.Errorf("callbacks: starting the workers of %s: %w", class.queue, err)
		}
		s.servers = append(s.servers, server)
	}
	s.relaying.Go(func() { s.listen(s.relayCtx) })
	s.relaying.Go(func() { s.relay.run(s.relayCtx) })
	return nil
}

// Wake makes the relay look for due deliveries now. Staging does that by
// itself through the database; this is for where its notifications do not
// come through.
func (s *Sender) Wake() { s.relay.wake() }

// Stop takes nothing more, lets the running attempts finish and writes down
// how they went. When ctx ends before, the attempts are broken off without
// counting, and what cannot be written within a moment is left to its lease:
// some other process attempts it again.
func (s *Sender) Stop(ctx context.Context) error {
	s.endRelay()
	s.relaying.Wait()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		var all sync.WaitGroup
		for _, server := range s.servers {
			all.Go(server.Shutdown)
		}
		all.Wait()
		s.claims.stop()
		s.records.stop()
	}()
	defer s.endHard()
	defer s.endSoft()
	select {
	case <-finished:
		s.http.CloseIdleConnections()
		return nil
	case <-ctx.Done():
	}
	s.endSoft()
	select {
	case <-finished:
	case <-time.After(stopGrace):
	}
	return ctx.Err()
}

// stopGrace is how long Stop still waits after its deadline for attempts that
// it broke off to be written down.
const stopGrace = 3 * time.Second

func isConflict(err error) bool { return errors.Is(err, asynq.ErrTaskIDConflict) }

// asynqLog gives asynq's own messages to our log.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Info("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.log.Warn("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }

// Fatal does not end the process: callbacks are not all that it does.
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }
