package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultPage = 50
	maxPage     = 500
)

// Filter narrows a listing; zero fields do not count. From is included, To is
// not. Limit is 1 to 500 and 50 when zero or below. Cursor is the NextCursor of
// the page before.
type Filter struct {
	ActorID   string
	Action    string
	Subject   string
	SubjectID string
	From, To  time.Time
	Cursor    string
	Limit     int
}

// Item is a stored record.
type Item struct {
	ID        int64
	At        time.Time
	Actor     Actor
	Action    string
	Subject   string
	SubjectID string
	Before    json.RawMessage // nil: nothing
	After     json.RawMessage
	RequestID string
}

// Page is one page of the trail, newest first. NextCursor is empty on the last.
type Page struct {
	Items      []Item
	NextCursor string
}

// ErrCursor is the failure of a cursor that no page handed out.
var ErrCursor = errors.New("audit: bad cursor")

// List reads a page of the trail. It fails with ErrCursor on a cursor of
// another making.
func List(ctx context.Context, db Querier, f Filter) (Page, error) {
	before := int64(0)
	if f.Cursor != "" {
		var err error
		if before, err = strconv.ParseInt(f.Cursor, 36, 64); err != nil || before <= 0 {
			return Page{}, ErrCursor
		}
	}
	for _, text := range []string{f.ActorID, f.Action, f.Subject, f.SubjectID} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return Page{}, nil // no record holds what the database cannot
		}
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	// One row more than asked tells whether another page follows.
	rows, err := selectRows(ctx, db, f, before, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("audit: list: %w", err)
	}
	page := Page{Items: make([]Item, 0, min(len(rows), limit))}
	for i, r := range rows {
		if i == limit {
			page.NextCursor = strconv.FormatInt(rows[i-1].ID, 36)
			break
		}
		page.Items = append(page.Items, Item{
			ID: r.ID, At: r.At.UTC(), Action: r.Action, Subject: r.Subject, SubjectID: r.SubjectID,
			Actor:  Actor{Kind: Kind(r.ActorKind), ID: r.ActorID, Name: r.ActorName, Address: r.Address},
			Before: r.Before, After: r.After, RequestID: r.RequestID,
		})
	}
	return page, nil
}
