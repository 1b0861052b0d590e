package merchant

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/transact"
	"disburse/ledger"
)

// PersonChange is something that lets somebody in to a merchant's own pages.
type PersonChange string

// The changes.
const (
	AddPerson   PersonChange = "add_person"
	NewPassword PersonChange = "new_password"
	NoFactor    PersonChange = "reset_second_factor"
	LetPersonIn PersonChange = "let_in_again"
)

// ErrSecondPerson is the fault of doing alone what lets somebody in to a live
// merchant's pages, where its keys can be had: it must be asked for.
var ErrSecondPerson = fault.New(fault.Conflict, "second_person_needed", "this merchant is live, so another person must approve this first")

// NeedsSecond reports whether the actor of ctx needs another person for what
// lets somebody in to a merchant's pages: operators do where it is live. It fails
// with not_found.
func (p *People) NeedsSecond(ctx context.Context, merchantRef string) (bool, error) {
	of, err := p.merchant(ctx, p.deps.DB, merchantRef)
	return needsSecond(ctx, of), err
}

func needsSecond(ctx context.Context, of refRow) bool {
	return audit.ActorFrom(ctx).Kind == audit.Operator && ledger.Mode(of.Mode) != ledger.Sandbox
}

// Ask asks another person for a change: ref is the email of who is to be added,
// or else names the person. Asking again for what waits, or was approved and is
// not done, gives that. It fails with invalid_request, not_found, email_taken,
// already_waiting and approval_blocked.
func (p *People) Ask(ctx context.Context, merchantRef string, change PersonChange, ref string) (approval.Approval, error) {
	var asked approval.Approval
	err := transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		of, err := p.merchant(ctx, tx, merchantRef)
		if err != nil {
			return err
		}
		email, err := p.subject(ctx, tx, of, change, ref)
		if err != nil {
			return err
		}
		now, about := p.now(), matterOf(of.ID, change, email)
		waiting, found, err := approval.Latest(ctx, tx, about, now)
		if err != nil || found {
			asked = waiting
			return err
		}
		if err := approval.Possible(ctx, tx, about.Kind); err != nil {
			return err
		}
		asked, err = approval.Ask(ctx, tx, approval.Request{
			Kind: about.Kind, Subject: about.Subject, Reference: about.Reference, At: now,
			What: map[string]string{"merchant": of.Name, "mode": of.Mode, "change": string(change), "person": email},
		})
		return err
	})
	return asked, doing(err, "ask")
}

func matterOf(merchantID string, change PersonChange, email string) approval.Matter {
	return approval.Matter{Kind: approval.MerchantPerson, Subject: merchantID, Reference: string(change) + " " + email}
}

// subject is the email of whom a change is about.
func (p *People) subject(ctx context.Context, tx pgx.Tx, of refRow, change PersonChange, ref string) (string, error) {
	if change != AddPerson {
		who, err := p.of(ctx, tx, of.ID, ref)
		return who.Email, err
	}
	email, ok := normalEmail(ref)
	if !ok {
		return "", errNoEmail
	}
	_, err := findPerson(ctx, tx, email)
	switch {
	case err == nil:
		return "", ErrEmailTaken
	case !errors.Is(err, ErrNoPerson):
		return "", err
	default:
		return email, nil
	}
}

// Granted is what came of a change that another person approved.
type Granted struct {
	Person   Person
	Change   PersonChange
	Password Password // shown this once; empty where there is no new one
}

// Do does what the actor of ctx asked for and another person has approved, once.
// It fails with not_found, not_yours, not_approved, already_done,
// already_decided, approval_expired, approval_void and email_taken.
func (p *People) Do(ctx context.Context, merchantRef, approvalID string) (Granted, error) {
	secret, hash, err := p.fresh(ctx)
	if err != nil {
		return Granted{}, err
	}
	var done Granted
	err = transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		of, err := p.merchant(ctx, tx, merchantRef)
		if err != nil {
			return err
		}
		a, err := approval.Take(ctx, tx, approval.Matter{Kind: approval.MerchantPerson, Subject: of.ID}, approvalID, p.now())
		if err != nil {
			return err
		}
		done = Granted{Change: PersonChange(a.What["change"]), Password: secret}
		switch email := a.What["person"]; done.Change {
		case AddPerson:
			done.Person, err = p.add(ctx, tx, of, email, hash)
		case NewPassword:
			done.Person, err = p.newPassword(ctx, tx, of, email, hash)
		case NoFactor:
			done.Password = ""
			done.Person, err = p.noFactor(ctx, tx, of, email)
		case LetPersonIn:
			done.Password = ""
			done.Person, err = p.enable(ctx, tx, of, email)
		default:
			err = fmt.Errorf("merchant: %s: unknown change %q", a.ID, a.What["change"])
		}
		return err
	})
	if err != nil {
		return Granted{}, doing(err, "do what was approved")
	}
	return done, nil
}

// alone runs a change that lets somebody in for an actor who may do it alone.
func (p *People) alone(ctx context.Context, merchantRef string, do func(tx pgx.Tx, of refRow) error) error {
	return transact.Run(ctx, p.deps.DB, func(tx pgx.Tx) error {
		of, err := p.merchant(ctx, tx, merchantRef)
		switch {
		case err != nil:
			return err
		case needsSecond(ctx, of):
			return ErrSecondPerson
		}
		return do(tx, of)
	})
}

func (p *People) add(ctx context.Context, tx pgx.Tx, of refRow, email, hash string) (Person, error) {
	now := p.now()
	made := Person{ID: publicid.At(PersonPrefix, now), MerchantID: of.ID, Email: email, CreatedAt: now}
	_, err := tx.Exec(ctx, insertPerson, made.ID, of.ID, email, hash, now)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.ConstraintName == emailConstraint:
		return Person{}, ErrEmailTaken.With(err)
	case err != nil:
		return Person{}, err
	}
	return made, audit.Write(ctx, tx, p.record(ctx, now, "add-person", nil, &made))
}

func (p *People) newPassword(ctx context.Context, tx pgx.Tx, of refRow, ref, hash string) (Person, error) {
	before, err := p.toChange(ctx, tx, of, NewPassword, ref)
	if err != nil {
		return Person{}, err
	}
	return p.changed(ctx, tx, before, "reset-person-password", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		if err := p.deps.Sessions.EndAll(ctx, tx, who.ID); err != nil {
			return pgconn.CommandTag{}, err
		}
		return tx.Exec(ctx, setPersonPassword, who.ID, hash)
	})
}

func (p *People) noFactor(ctx context.Context, tx pgx.Tx, of refRow, ref string) (Person, error) {
	who, err := p.toChange(ctx, tx, of, NoFactor, ref)
	if err != nil {
		return Person{}, err
	}
	return who, p.deps.Sessions.ResetFactor(ctx, tx, who.ID)
}

func (p *People) enable(ctx context.Context, tx pgx.Tx, of refRow, ref string) (Person, error) {
	before, err := p.toChange(ctx, tx, of, LetPersonIn, ref)
	if err != nil {
		return Person{}, err
	}
	return p.changed(ctx, tx, before, "enable-person", func(tx pgx.Tx, who Person) (pgconn.CommandTag, error) {
		return tx.Exec(ctx, enablePerson, who.ID)
	})
}

// toChange finds who is changed now, and voids what else waits for the same
// change, or was approved and not done.
func (p *People) toChange(ctx context.Context, tx pgx.Tx, of refRow, change PersonChange, ref string) (Person, error) {
	who, err := p.of(ctx, tx, of.ID, ref)
	if err != nil {
		return Person{}, err
	}
	return who, approval.VoidAll(ctx, tx, matterOf(of.ID, change, who.Email), "it was done", p.now())
}

var errNoEmail = fault.Invalid(fault.Field{Name: "email", Why: "must be an email address"})
