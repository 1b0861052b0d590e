package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tx runs statements in a transaction: one of pgx, or a pool.
type Tx interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// onceConstraint is broken by asking for what waits already.
const onceConstraint = "approvals_once"

const columns = `
a.id, a.kind, a.subject, a.reference, a.what, a.reason, a.state, a.requested_by, a.requested_name, a.requested_at, a.expires_at,
a.decided_by, a.decided_name, a.decided_at, a.note, a.used_at`

const (
	// What waited too long makes room for what is asked for anew.
	voidExpired = `
update approvals set state = 'void', decided_by = 'system', decided_name = 'system', decided_at = $4, note = 'expired'
where kind = $1 and subject = $2 and reference = $3 and state = 'waiting' and expires_at <= $4`

	insertApproval = `
insert into approvals (id, kind, subject, reference, what, reason, state, requested_by, requested_name, requested_at, expires_at, note)
values ($1, $2, $3, $4, $5::jsonb, $6, 'waiting', $7, $8, $9, $10, '')`

	// The decision, a row each. Who decides is judged by the operator's row as it
	// is now, and by what was done to the account since it was asked for.
	decide = `
update approvals a set state = r.state, decided_by = r.by, decided_name = r.name, decided_at = greatest(r.at, a.requested_at), note = r.note
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
    as r (id, kind, subject, state, by, name, at, note)
where a.id = r.id and a.kind = r.kind and a.subject = r.subject and a.state = 'waiting' and a.requested_by <> r.by
    and (r.state = 'refused' or a.expires_at > r.at)
    and ` + isApprover + ` and not ` + dependent

	// r.by, such as "operator:opr_1", is an operator who may decide: an approver,
	// or an admin where it is about a rule for everybody.
	isApprover = `exists (select from operators o
        where r.by like 'operator:%' and o.id = substr(r.by, 10) and o.disabled_at is null
            and (o.role = 'admin' or o.role = 'approver' and a.kind <> 'approval_rule'))`

	selectFaults = `
select ` + isApprover + `, ` + dependent + ` from approvals a, (select $2::text as by, $3::timestamptz as at) as r where a.id = $1`

	// Void is everything of a kind that waits, or was granted and not used.
	voidAll = `
update approvals set state = 'void', decided_by = $3, decided_name = $4, decided_at = greatest($5, requested_at), note = $6
where kind = $1 and subject = $2 and ($7 = '' or reference = $7)
    and (state = 'waiting' or (state = 'approved' and used_at is null and kind in ('key_rotation', 'merchant_person')))`

	voidRows = `
update approvals a set state = 'void', decided_by = r.by, decided_name = r.name, decided_at = greatest(r.at, a.requested_at), note = r.note
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) as r (kind, subject, by, name, at, note)
where a.kind = r.kind and a.subject = r.subject and a.state = 'waiting'`

	voidOne = `
update approvals set state = 'void', decided_by = $2, decided_name = $3, decided_at = greatest($4, requested_at), note = 'taken back'
where id = $1 and requested_by = $2 and (state = 'waiting' or (state = 'approved' and used_at is null and kind in ('key_rotation', 'merchant_person')))`

	takeUsable = `
update approvals a set used_at = $4
where a.kind = $1 and a.subject = $2 and a.requested_by = $3 and a.state = 'approved' and a.used_at is null and a.expires_at > $4
    and a.what = $5::jsonb
returning ` + columns

	takeGranted = `
update approvals a set used_at = $5
where a.id = $1 and a.kind = $2 and a.subject = $3 and a.requested_by = $4 and a.state = 'approved' and a.used_at is null and a.expires_at > $5
returning ` + columns

	// A token ends some day, so only a password is in the way for good.
	countApprovers = `
select count(*) from operators o
where o.disabled_at is null and (o.role = 'admin' or o.role = 'approver' and $2 <> 'approval_rule') and 'operator:' || o.id <> $1
    and not exists (select from (select o.id as account, $1::text as asker, 'infinity'::timestamptz as at) as p where ` + inHand + `)`

	selectByID = `select ` + columns + ` from approvals a where a.id = $1`

	selectAbout = `select ` + columns + ` from approvals a where a.subject = $1 order by a.id desc`

	selectOpen = `select ` + columns + ` from approvals a where a.kind = $1 and a.subject = $2 and a.reference = $3 and a.state = 'waiting'`

	selectWaitingOn = `select ` + columns + ` from approvals a
where a.kind = $1 and a.subject = any($2) and a.reference = '' and a.state = 'waiting' and a.expires_at > $3`

	selectGranted = `
select ` + columns + ` from approvals a
where a.kind = $1 and a.subject = $2 and a.reference = $3 and a.state in ('waiting', 'approved') order by a.id desc limit 1`

	selectList = `select ` + columns + ` from approvals a where ($1 = '' or a.kind = $1) and ($2 = '' or a.subject = $2)`

	// The conditions of each state at $3, and what orders the list from $4.
	late     = `(a.expires_at <= $3 and (a.state = 'waiting' or (a.state = 'approved' and a.used_at is null and a.kind in ('key_rotation', 'merchant_person'))))`
	inState  = ` and a.state = $6 and not ` + late
	onlyLate = ` and $6 = 'expired' and ` + late
	anyState = ` and ($6 = '' and $3::timestamptz is not null)`
	newest   = ` and ($4 = '' or a.id < $4) order by a.id desc limit $5`
	oldest   = ` and ($4 = '' or a.id > $4) order by a.id limit $5`
)

type row struct {
	ID            string     `db:"id"`
	Kind          string     `db:"kind"`
	Subject       string     `db:"subject"`
	Reference     string     `db:"reference"`
	What          []byte     `db:"what"`
	Reason        string     `db:"reason"`
	State         string     `db:"state"`
	RequestedBy   string     `db:"requested_by"`
	RequestedName string     `db:"requested_name"`
	RequestedAt   time.Time  `db:"requested_at"`
	ExpiresAt     time.Time  `db:"expires_at"`
	DecidedBy     *string    `db:"decided_by"`
	DecidedName   *string    `db:"decided_name"`
	DecidedAt     *time.Time `db:"decided_at"`
	Note          string     `db:"note"`
	UsedAt        *time.Time `db:"used_at"`
}

func (r row) approval() (Approval, error) {
	a := Approval{
		ID: r.ID, Kind: Kind(r.Kind), Subject: r.Subject, Reference: r.Reference, Reason: r.Reason, State: State(r.State),
		RequestedBy: r.RequestedBy, RequestedName: r.RequestedName, RequestedAt: r.RequestedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), Note: r.Note,
	}
	if r.DecidedBy != nil && r.DecidedName != nil {
		a.DecidedBy, a.DecidedName = *r.DecidedBy, *r.DecidedName
	}
	if r.DecidedAt != nil {
		a.DecidedAt = r.DecidedAt.UTC()
	}
	if r.UsedAt != nil {
		a.UsedAt = r.UsedAt.UTC()
	}
	if err := json.Unmarshal(r.What, &a.What); err != nil {
		return Approval{}, fmt.Errorf("approval: %s: what it is about: %w", r.ID, err)
	}
	return a, nil
}

func query(ctx context.Context, db Tx, sql string, args ...any) ([]Approval, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Approval, error) {
		row, err := pgx.RowToStructByName[row](r)
		if err != nil {
			return Approval{}, err
		}
		return row.approval()
	})
}

// one is for statements that give one row or none.
func one(ctx context.Context, db Tx, sql string, args ...any) (_ Approval, found bool, err error) {
	all, err := query(ctx, db, sql, args...)
	if err != nil || len(all) == 0 {
		return Approval{}, false, err
	}
	return all[0], true, nil
}

// storable keeps out text that the database cannot hold.
func storable(id string) bool { return len(id) < 128 && !strings.ContainsRune(id, 0) }
