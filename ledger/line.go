package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// line is a connection in pipeline mode: what lies between two syncs is one
// transaction, and many may be sent before the first is answered. The
// database works on them in order; one that fails takes none with it.
type line struct {
	conn     *pgx.Conn
	pipeline *pgconn.Pipeline
	prepared map[string]*pgconn.StatementDescription
	unfit    map[string]bool // what the database would not prepare
	builder  pgx.ExtendedQueryBuilder
}

// statement is one step of a transaction. take reads its answer.
type statement struct {
	key  string // the SQL, as it is off the line
	args []any
	take func(pgx.Rows) error
}

// openLine takes a connection out of the pool for good. Nothing is set on it,
// so that a pooler in between may change the session behind it.
func openLine(ctx context.Context, pool *pgxpool.Pool) (*line, error) {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	l := &line{conn: pooled.Hijack(), prepared: make(map[string]*pgconn.StatementDescription), unfit: make(map[string]bool)}
	l.pipeline = l.conn.PgConn().StartPipeline(context.Background())
	for _, sql := range []string{sqlMoveGuessed, sqlByReference} {
		if err := l.prepare(sql, sql); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

func (l *line) knows(key string) bool { return l.prepared[key] != nil }

// prepare is for a line on which nothing waits to be answered. Statements name
// the key. What the database refuses to prepare is unfit for the line, which
// stays as good as it was.
func (l *line) prepare(key, sql string) error {
	l.patience()
	name := fmt.Sprintf("ledger_%d", len(l.prepared))
	l.pipeline.SendPrepare(name, sql, nil)
	if err := l.pipeline.Sync(); err != nil {
		return err
	}
	described, err := l.pipeline.GetResults()
	if err == nil {
		if description, ok := described.(*pgconn.StatementDescription); ok {
			description.Name = name
			l.prepared[key] = description
		}
	}
	_, synced := l.pipeline.GetResults()
	var pg *pgconn.PgError
	if errors.As(err, &pg) && synced == nil {
		l.unfit[key] = true
	}
	return errors.Join(err, synced)
}

// send writes one transaction to the line.
func (l *line) send(statements []statement) error {
	l.patience()
	for _, s := range statements {
		description := l.prepared[s.key]
		if err := l.builder.Build(l.conn.TypeMap(), description, s.args); err != nil {
			return err
		}
		b := &l.builder
		l.pipeline.SendQueryPrepared(description.Name, b.ParamValues, b.ParamFormats, b.ResultFormats)
	}
	return l.pipeline.Sync()
}

// receive reads the answers to one transaction; it stands if there is no
// error. After an error that the database did not send the line is broken, and
// the transaction may stand.
func (l *line) receive(statements []statement) error {
	var failure error
	for answered := 0; ; {
		result, err := l.pipeline.GetResults()
		switch result := result.(type) {
		case *pgconn.ResultReader:
			rows := pgx.RowsFromResultReader(l.conn.TypeMap(), result)
			err = statements[answered].take(rows)
			rows.Close()
			failure = cmp.Or(failure, err, rows.Err())
			answered++
		case *pgconn.PipelineSync:
			return failure
		default:
			var pg *pgconn.PgError
			failure = cmp.Or(failure, err, errLostCount)
			if l.broken() || !errors.As(err, &pg) {
				return failure
			}
		}
	}
}

var errLostCount = errors.New("ledger: the line lost count of its answers")

// patience is how long the line may be silent: a socket's deadline, in real
// time whatever the ledger's clock says.
func (l *line) patience() {
	_ = l.conn.PgConn().Conn().SetDeadline(time.Now().Add(groupTimeout))
}

func (l *line) broken() bool { return l.conn.IsClosed() }

// harmless says that a line is as good after this error as before: it is what
// the data, the locks or a guess refused. A server that has become a standby,
// runs short, or changed its tables is better met on a new connection.
func harmless(err error) bool {
	var pg *pgconn.PgError
	// Severity is in the language of the server's messages.
	return errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR" && len(pg.Code) == 5 &&
		slices.Contains([]string{"22", "23", "40", "55", "DL"}, pg.Code[:2])
}

func (l *line) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.pipeline.Close()
	_ = l.conn.Close(ctx)
}
