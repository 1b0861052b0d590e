package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/transact"
)

// Kind is a list that can be exported.
type Kind string

// The kinds.
const (
	Payouts    Kind = "payouts"
	CardOrders Kind = "card-orders"
	P2P        Kind = "p2p"
	Transfers  Kind = "transfers"
	Callbacks  Kind = "callbacks"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Payouts, CardOrders, P2P, Transfers, Callbacks} }

// Format is a format of files.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Formats lists every format.
func Formats() []Format { return []Format{CSV, XLSX} }

// Filter narrows an export; empty fields do not. A kind refuses a filter that
// it does not have.
type Filter struct {
	From, To   time.Time // of creation; of transfers, the day by the order of the books
	MerchantID string
	Mode       string
	Status     string
	State      string // of callbacks
	Method     string
	Currency   string
	Type       string // of card orders
	Flow       string
	OrderID    string
	UserID     int64
	AccountID  int64
}

// named are the values of a filter by the names that people give them.
func (f Filter) named() map[string]any {
	all := map[string]any{
		"merchant": f.MerchantID, "mode": f.Mode, "status": f.Status, "state": f.State, "method": f.Method,
		"currency": strings.ToLower(f.Currency), "type": f.Type, "flow": f.Flow, "order_id": f.OrderID,
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	for name, id := range map[string]int64{"user": f.UserID, "account": f.AccountID} {
		if id != 0 {
			all[name] = id
		}
	}
	return all
}

// ParseFile reads the name of a file such as "payouts.csv".
func ParseFile(name string) (Kind, Format, bool) {
	kind, format, _ := strings.Cut(name, ".")
	return Kind(kind), Format(format), slices.Contains(Kinds(), Kind(kind)) && slices.Contains(Formats(), Format(format))
}

// Bounds of exports. One holds a connection of the pool and a snapshot while it
// runs.
const (
	atOnce      = 3
	eachAtOnce  = 2 // for one person, so that nobody keeps the others out
	wholeAtMost = 15 * time.Minute
	idleAtMost  = time.Minute // between two fetches: how long the reader may take for one
	batch       = 500
)

// Faults of an export beyond those that may run at once, for all and for one
// person.
var (
	ErrBusy  = fault.New(fault.RateLimited, "rate_limited", "too many exports run at once").After(10 * time.Second)
	ErrYours = fault.New(fault.RateLimited, "rate_limited", "two of your exports run already").After(10 * time.Second)
)

// Deps is what a Service needs; nothing may be missing.
type Deps struct {
	DB  *pgxpool.Pool
	Now func() time.Time
	Log *slog.Logger
}

// Service makes files. It is safe for concurrent use.
type Service struct {
	d    Deps
	room *room
	ctx  context.Context
	stop context.CancelFunc
}

// New makes a Service, and refuses a missing dependency by name. Close it in
// the end.
func New(d Deps) (*Service, error) {
	switch {
	case d.DB == nil:
		return nil, errors.New("export: DB is missing")
	case d.Now == nil:
		return nil, errors.New("export: Now is missing")
	case d.Log == nil:
		return nil, errors.New("export: Log is missing")
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Service{d: d, room: &room{of: map[string]int{}}, ctx: ctx, stop: stop}, nil
}

// Close breaks off what still runs; its readers see that.
func (s *Service) Close() { s.stop() }

// Open begins an export for the actor of ctx and reads its first rows, so that
// what can fail has failed by then. The caller reads the file and closes it.
// Faults: invalid_request, rate_limited.
func (s *Service) Open(ctx context.Context, kind Kind, format Format, f Filter) (*File, error) {
	src, known := sources[kind]
	if !known || !slices.Contains(Formats(), format) {
		return nil, fault.Invalid(fault.Field{Name: "file", Why: "is not one that can be exported"})
	}
	if err := src.check(f); err != nil {
		return nil, err
	}
	leave, err := s.room.enter(ctx)
	if err != nil {
		return nil, err
	}
	file, err := s.begin(ctx, kind, format, f, leave)
	if err != nil {
		leave()
		return nil, fmt.Errorf("export: %s: %w", kind, err)
	}
	return file, nil
}

func (s *Service) begin(ctx context.Context, kind Kind, format Format, f Filter, leave func()) (*File, error) {
	record := audit.Of(ctx, s.d.Now(), "export.begin", "export", string(kind)+"."+string(format))
	record.After = f.record()
	if err := audit.Write(ctx, s.d.DB, record); err != nil {
		return nil, err
	}
	// The file outlives the call that asks for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wholeAtMost)
	detach := context.AfterFunc(s.ctx, cancel)
	tx, err := transact.Snapshot(ctx, s.d.DB, idleAtMost)
	if err != nil {
		cancel()
		return nil, err
	}
	end := func() error {
		defer cancel()
		detach()
		return tx.Rollback(ctx)
	}
	rows := &cursor{tx: tx, src: sources[kind], filter: f}
	file := newFile(ctx, string(kind)+"-"+s.d.Now().UTC().Format("20060102T150405Z"), format)
	file.names, file.next = rows.src.columns, func() ([][]cell, error) { return rows.fetch(ctx) }
	file.done = func(sent int, err error) {
		if rollback := end(); err == nil {
			err = rollback
		}
		leave()
		s.tell(ctx, kind, format, sent, err)
	}
	if err := file.begin(); err != nil {
		_ = end() // the first error is the one to tell
		return nil, err
	}
	return file, nil
}

func (s *Service) tell(ctx context.Context, kind Kind, format Format, rows int, err error) {
	level, cause := slog.LevelInfo, ""
	if err != nil {
		level, cause = slog.LevelWarn, err.Error()
	}
	s.d.Log.Log(context.WithoutCancel(ctx), level, "export", "kind", kind, "format", format, "rows", rows,
		"request_id", audit.RequestIDFrom(ctx), "cause", cause)
}

// record is the filter in the audit trail.
func (f Filter) record() map[string]any {
	all := f.named()
	for name, t := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !t.IsZero() {
			all[name] = t.UTC().Format(time.RFC3339)
		}
	}
	return all
}
