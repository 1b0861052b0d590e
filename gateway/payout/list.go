package payout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"disburse/gateway/approval"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/ledger"
)

// Filter narrows a list; empty fields do not.
type Filter struct {
	Status     Status
	Stage      Stage // of open payouts
	MerchantID string
	Mode       ledger.Mode
	Method     Method
	Currency   string // "rub"
	ClaimedBy  string // a claimant such as "operator:usr_..."
	Query      string // our id, the start of an order_id, or the last four digits of a requisite
	From, To   time.Time
	Exceptions bool // only those whose execution went wrong: see Payout.Exception
	Cursor     string
	Limit      int // 1..500, 50 when zero or below
}

// Page is a piece of a list, newest first; of exceptions, the one first that has
// waited longest. NextCursor is "" on the last.
type Page struct {
	Items      []Payout
	NextCursor string
}

const (
	defaultPage = 50
	maxPage     = 500
)

// List reads one page. Faults: invalid_request.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	if err := f.check(); err != nil {
		return Page{}, err
	}
	limit := min(f.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	now := s.now()
	q := f.query(now)
	order := listOrder
	if f.Exceptions {
		order = listExceptionOrder
	}
	q.add(order, limit+1) // one more tells whether there is a next page
	items, err := selectPayouts(ctx, s.d.DB, q.sql.String(), q.args...)
	if err != nil {
		return Page{}, fmt.Errorf("payout: list: %w", err)
	}
	page := Page{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.NextCursor = f.cursorOf(items[limit-1], now)
	}
	return page, nil
}

// cursorOf says where the page after this payout begins: an id, and of exceptions
// the moment before it that orders them.
func (f Filter) cursorOf(p Payout, now time.Time) string {
	if !f.Exceptions {
		return p.ID
	}
	_, since := p.Exception(now)
	return strconv.FormatInt(since.UnixMicro(), 36) + "." + p.ID
}

// after reads a cursor that cursorOf made.
func (f Filter) after() (since time.Time, id string, ok bool) {
	if !f.Exceptions {
		return since, f.Cursor, publicid.Valid(IDPrefix, f.Cursor)
	}
	moment, id, _ := strings.Cut(f.Cursor, ".")
	micros, err := strconv.ParseInt(moment, 36, 64)
	return time.UnixMicro(micros), id, err == nil && 0 <= micros && micros < lastMicro && publicid.Valid(IDPrefix, id)
}

// lastMicro is beyond every moment that the database holds.
var lastMicro = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()

func (f Filter) check() error {
	var bad faults
	if f.Status != "" && !f.Status.Valid() {
		bad.add("status", "is not a status")
	}
	if f.Stage != "" && !slices.Contains(Stages(), f.Stage) {
		bad.add("stage", "is not a stage")
	}
	if f.Mode != "" && !f.Mode.Valid() {
		bad.add("mode", "must be live or sandbox")
	}
	if f.Method != "" && !f.Method.Valid() {
		bad.add("method", "must be one of card, sbp, score, iban")
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		bad.add("to", "must be after from")
	}
	if _, _, ok := f.after(); f.Cursor != "" && !ok {
		bad.add("cursor", "is not one that a page handed out")
	}
	for _, text := range []struct{ name, value string }{
		{"q", f.Query}, {"merchant", f.MerchantID}, {"currency", f.Currency}, {"claimed_by", f.ClaimedBy},
	} {
		if !utf8.ValidString(text.value) || hasNUL(text.value) || len(text.value) > 4*maxOrderID {
			bad.add(text.name, "is not a text to search for")
		}
	}
	if len(bad) > 0 {
		return fault.Invalid(bad...)
	}
	return nil
}

// conditions builds the statement of a list from the fragments of the store.
type conditions struct {
	sql  strings.Builder
	args []any
}

// add appends a fragment; each argument takes the place of one %d.
func (q *conditions) add(fragment string, args ...any) {
	places := make([]any, len(args))
	for i, a := range args {
		q.args = append(q.args, a)
		places[i] = len(q.args)
	}
	fmt.Fprintf(&q.sql, fragment, places...)
}

func (f Filter) query(now time.Time) *conditions {
	q := &conditions{}
	q.sql.WriteString(selectList)
	for _, c := range []struct {
		fragment string
		value    string
	}{
		{listStatus, string(f.Status)}, {listStage, string(f.Stage)}, {listMerchant, f.MerchantID}, {listMode, string(f.Mode)}, {listMethod, string(f.Method)},
		{listCurrency, strings.ToLower(f.Currency)}, {listClaimedBy, f.ClaimedBy},
	} {
		if c.value != "" {
			q.add(c.fragment, c.value)
		}
	}
	switch since, id, _ := f.after(); {
	case f.Cursor == "":
	case f.Exceptions:
		q.add(listAfterException, since, id)
	default:
		q.add(listBefore, id)
	}
	// Ids carry the time, so they bound the scan; created_at is what counts.
	if !f.From.IsZero() {
		q.add(listFromID, idAt(f.From))
		q.add(listFrom, f.From)
	}
	if !f.To.IsZero() {
		q.add(listToID, idAt(f.To.Add(time.Millisecond)))
		q.add(listTo, f.To)
	}
	if f.Query != "" {
		f.search(q)
	}
	if f.Exceptions {
		q.add(listExceptions, now, now.Add(-approval.Life))
	}
	return q
}

// lastRune sorts behind every text that has the prefix, byte by byte.
const lastRune = "\U0010FFFF"

func (f Filter) search(q *conditions) {
	switch {
	case publicid.Valid(IDPrefix, f.Query):
		q.add(listID, f.Query)
	case len(f.Query) == 4 && !strings.ContainsFunc(f.Query, notLetterOrDigit):
		q.add(listDigits, f.Query, f.Query, f.Query+lastRune)
	default:
		q.add(listOrderID, f.Query, f.Query+lastRune)
	}
}

// idAt is the lowest id that a payout of this moment can have.
func idAt(t time.Time) string {
	id := publicid.At(IDPrefix, t)
	return id[:len(IDPrefix)+1+timeLength]
}

// timeLength is how many characters of an id are made of its time alone: 48
// bits at 5 a character, led by two zero bits.
const timeLength = 10

// Entry is a line of a payout's timeline.
type Entry struct {
	At    time.Time
	Kind  string // "created", a claim's change, a stage, or the final status
	Actor string
	Note  string
}

// Detail is a payout with its history. Its callbacks are read from package
// callbacks by the payout's id.
type Detail struct {
	Payout    Payout
	Timeline  []Entry
	Transfers []ledger.TransferRow
	Receipts  []Receipt
	Approvals []approval.View // what a second person was asked for, newest first
}

// Detail reads one payout with its history. Faults: not_found.
func (s *Service) Detail(ctx context.Context, id string) (Detail, error) {
	p, err := s.byID(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Payout: p}
	if d.Timeline, err = s.timeline(ctx, p); err != nil {
		return Detail{}, fmt.Errorf("payout: timeline: %w", err)
	}
	if d.Transfers, err = s.d.Ledger.TransfersByReference(ctx, holdReference(p.MerchantID, p.OrderID), endReference(p.ID)); err != nil {
		return Detail{}, fmt.Errorf("payout: transfers: %w", err)
	}
	if d.Receipts, err = s.Receipts(ctx, p.ID); err != nil {
		return Detail{}, err
	}
	asked, err := approval.About(ctx, s.d.DB, p.ID)
	now := s.now()
	d.Approvals = views(asked, func(a approval.Approval) approval.View { return a.View(now) })
	return d, err
}

func (s *Service) timeline(ctx context.Context, p Payout) ([]Entry, error) {
	entries := []Entry{{At: p.CreatedAt, Kind: "created", Actor: "merchant:" + p.MerchantID}}
	rows, err := s.d.DB.Query(ctx, selectEvents, p.ID)
	if err != nil {
		return nil, err
	}
	var e Entry
	for rows.Next() {
		if err := rows.Scan(&e.At, &e.Kind, &e.Actor, &e.Note); err != nil {
			rows.Close()
			return nil, err
		}
		e.At = e.At.UTC()
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// Exception says what is wrong with the execution of a payout and since when:
// "unknown" (whether it was paid), "stuck" (the executor works on it beyond its
// time), "unapproved" (no second person has decided in time), "late_paid" or
// "late_refused" (the executor answered so after the payout had ended otherwise);
// "" for nothing.
func (p Payout) Exception(now time.Time) (kind string, since time.Time) {
	switch {
	case p.LateOutcome != "":
		return "late_" + string(p.LateOutcome), p.EndedAt
	case p.Status.Final():
		return "", time.Time{}
	case p.Stage == StageAwaiting && !p.CompletedAt.Add(approval.Life).After(now):
		return "unapproved", p.CompletedAt
	case p.Stage == StageUnknown:
		return "unknown", p.SentAt
	case p.Stuck(now):
		return "stuck", p.ExpiresAt
	default:
		return "", time.Time{}
	}
}
