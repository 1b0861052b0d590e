package merchant

import (
	"context"
	"fmt"
	"time"

	"disburse/gateway/publicid"
)

// emailConstraint is broken by a second person of one address.
const emailConstraint = "merchant_people_email_key"

// personColumns has the sandbox of the merchant only while it is let in.
const personColumns = `
select p.id, p.merchant_id, p.email, p.password_hash, p.in_sandbox, p.disabled_at is not null as disabled, p.created_at,
       m.disabled_at is not null as shut, coalesce(s.sandbox_id, '') as sandbox_id
from merchant_people p join merchants m on m.id = p.merchant_id
left join (merchant_sandboxes s join merchants t on t.id = s.sandbox_id and t.disabled_at is null) on s.live_id = p.merchant_id`

const (
	selectMode   = `select id, name, mode from merchants where id = $1 or name = $1`
	selectPerson = personColumns + ` where p.id = $1 or p.email = $1`
	selectPeople = personColumns + ` where p.merchant_id = $1 order by p.email limit $2`

	insertPerson      = `insert into merchant_people (id, merchant_id, email, password_hash, created_at) values ($1, $2, $3, $4, $5)`
	disablePerson     = `update merchant_people set disabled_at = $2 where id = $1 and disabled_at is null`
	enablePerson      = `update merchant_people set disabled_at = null where id = $1 and disabled_at is not null`
	setPersonPassword = `update merchant_people set password_hash = $2 where id = $1`
	// Not when it was changed in the meantime, or the person shut out.
	replacePersonPassword = `update merchant_people set password_hash = $3 where id = $1 and password_hash = $2 and disabled_at is null`

	setInSandbox = `update merchant_people set in_sandbox = $2 where id = $1`

	insertSandbox = `insert into merchant_sandboxes (live_id, sandbox_id, created_at) values ($1, $2, $3)`
	selectSandbox = `select m.id, m.name from merchant_sandboxes s join merchants m on m.id = s.sandbox_id where s.live_id = $1`
	selectLive    = `select m.id, m.name from merchant_sandboxes s join merchants m on m.id = s.live_id where s.sandbox_id = $1`
)

// refRow is the merchant that people are of.
type refRow struct {
	ID   string `db:"id"`
	Name string `db:"name"`
	Mode string `db:"mode"`
}

type personRow struct {
	ID           string    `db:"id"`
	MerchantID   string    `db:"merchant_id"`
	Email        string    `db:"email"`
	PasswordHash string    `db:"password_hash"`
	InSandbox    bool      `db:"in_sandbox"`
	Disabled     bool      `db:"disabled"`
	CreatedAt    time.Time `db:"created_at"`
	Shut         bool      `db:"shut"`
	SandboxID    string    `db:"sandbox_id"`
}

func (r personRow) person() Person {
	return Person{
		ID: r.ID, MerchantID: r.MerchantID, Email: r.Email, Disabled: r.Disabled, CreatedAt: r.CreatedAt.UTC(),
		sandboxID: r.SandboxID, inSandbox: r.InSandbox, shut: r.Shut,
	}
}

func findPerson(ctx context.Context, db database, ref string) (personRow, error) {
	key, isEmail := normalEmail(ref)
	if !isEmail && !publicid.Valid(PersonPrefix, key) {
		return personRow{}, ErrNoPerson // also keeps text out that the database cannot hold
	}
	rows, err := collect[personRow](ctx, db, selectPerson, key)
	switch {
	case err != nil:
		return personRow{}, fmt.Errorf("merchant: find person: %w", err)
	case len(rows) == 0:
		return personRow{}, ErrNoPerson
	}
	return rows[0], nil
}
