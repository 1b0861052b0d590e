package httpapi

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/page"
)

type auditView struct {
	ID        int64          `json:"id"`
	At        string         `json:"at"`
	Actor     actorView      `json:"actor"`
	Action    string         `json:"action"`
	Subject   string         `json:"subject"`
	SubjectID string         `json:"subject_id"`
	Before    jsontext.Value `json:"before"`
	After     jsontext.Value `json:"after"`
	RequestID string         `json:"request_id"`
}

type actorView struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

func viewAudit(i audit.Item) auditView {
	return auditView{
		ID: i.ID, At: stamp(i.At), Action: i.Action, Subject: i.Subject, SubjectID: i.SubjectID, RequestID: i.RequestID,
		Actor:  actorView{Kind: string(i.Actor.Kind), ID: i.Actor.ID, Name: i.Actor.Name, Address: i.Actor.Address},
		Before: orNull(i.Before), After: orNull(i.After),
	}
}

func orNull(v []byte) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value("null")
	}
	return jsontext.Value(v)
}

func listAudit(r *request) error {
	q := r.query()
	f := audit.Filter{
		ActorID: q.text("actor_id"), Action: q.text("action"), Subject: q.text("subject"), SubjectID: q.text("subject_id"),
		From: q.time("from"), To: q.time("to"), Cursor: q.text("cursor"), Limit: q.limit(),
	}
	if err := q.err(); err != nil {
		return err
	}
	found, err := r.api.Audit(r.ctx, f)
	if errors.Is(err, audit.ErrCursor) {
		return fault.Invalid(fault.Field{Name: "cursor", Why: "is not a cursor of this list"})
	}
	if err != nil {
		return err
	}
	return r.json(page.Of(found.Items, found.NextCursor, viewAudit))
}
