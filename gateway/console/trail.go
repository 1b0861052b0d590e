package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"disburse/gateway/audit"
	"disburse/gateway/console/site"
)

// trailLength is how many changes the page of one thing shows.
const trailLength = 10

// trail is the latest changes of one thing.
type trail struct {
	Items []change
	More  string // the address of the whole trail of it, below the base
}

// change is one record of the trail, with what it changed.
type change struct {
	audit.Item
	Differences []difference
}

// difference is a member of the state that one change gave another value.
type difference struct{ Name, Before, After string }

// trailOf reads the latest changes of a subject.
func (k *desk) trailOf(v *site.Visit, subject, id string) (trail, error) {
	found, err := k.Audit(v.Ctx, audit.Filter{Subject: subject, SubjectID: id, Limit: trailLength})
	if err != nil {
		return trail{}, err
	}
	t := trail{More: "/audit?" + url.Values{"subject": {subject}, "subject_id": {id}}.Encode()}
	for _, item := range found.Items {
		t.Items = append(t.Items, change{Item: item, Differences: differences(item.Before, item.After)})
	}
	return t, nil
}

// differences compares two states member by member. Members of members are
// shown as JSON.
func differences(before, after json.RawMessage) []difference {
	was, is := members(before), members(after)
	var names []string
	for name := range was {
		names = append(names, name)
	}
	for name := range is {
		if _, known := was[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []difference
	for _, name := range names {
		if d := (difference{Name: name, Before: plain(was[name]), After: plain(is[name])}); d.Before != d.After {
			out = append(out, d)
		}
	}
	return out
}

func members(state json.RawMessage) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if json.Unmarshal(state, &out) != nil {
		return nil
	}
	return out
}

// plain is a JSON value as people write it.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return strings.TrimSpace(string(value))
}
