package report

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/approval"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/ledger/money"
)

// Kind is what a Hit is.
type Kind string

// The kinds, in the order in which they are found.
const (
	OfPayout    Kind = "payout"
	OfCardOrder Kind = "card_order"
	OfDeal      Kind = "p2p_order"
	OfUser      Kind = "user"
	OfMerchant  Kind = "merchant"
	OfCallback  Kind = "callback"
	OfApproval  Kind = "approval"
	OfCard      Kind = "virtual_card"
)

// Hit is something that was found. It holds no more than a list shows.
type Hit struct {
	Kind  Kind
	ID    string
	Name  string // of people; of a payout its order_id
	Why   string // what matched: "order_id", "id", "last_four", "customer", "name"
	State string
	Money string // amount and currency
	At    time.Time
}

// Found is the answer to a search.
type Found struct {
	Text string // what was looked for; of a card number its last four digits
	Hits []Hit
	More bool // some kind has more than HitsAtMost
}

// HitsAtMost bounds what is found of each kind.
const HitsAtMost = 20

// maxText is the length of the longest text that is searched for.
const maxText = 256

// Search finds what a person has a piece of: an id, the start of an order_id, of
// a customer or of a name, the number of an order or a user, the last four
// digits of a requisite or card. Of a whole card number it takes these alone.
func (r *Reader) Search(ctx context.Context, text string) (Found, error) {
	text = strings.TrimSpace(text)
	if digits := lastFour(text); digits != "" {
		text = digits
	}
	found := Found{Text: text}
	if text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return found, nil
	}
	for _, q := range queries(text) {
		rows, err := r.d.DB.Query(ctx, q.sql, append(q.args, HitsAtMost+1)...)
		if err != nil {
			return Found{}, fmt.Errorf("report: search: %w", err)
		}
		hits, err := pgx.CollectRows(rows, scanHit)
		if err != nil {
			return Found{}, fmt.Errorf("report: search: %w", err)
		}
		if len(hits) > HitsAtMost {
			hits, found.More = hits[:HitsAtMost], true
		}
		found.Hits = append(found.Hits, hits...)
	}
	return found, nil
}

func scanHit(row pgx.CollectableRow) (Hit, error) {
	var h Hit
	var minor *int64
	var currency *string
	if err := row.Scan(&h.Kind, &h.ID, &h.Name, &h.Why, &h.State, &minor, &currency, &h.At); err != nil {
		return Hit{}, err
	}
	h.At = h.At.UTC()
	if minor != nil && currency != nil {
		c := money.Currency(strings.ToUpper(*currency))
		h.Money = money.New(*minor, c).Fixed(2) + " " + string(c)
	}
	return h, nil
}

// query is one statement of a search, without its bound.
type query struct {
	sql  string
	args []any
}

// queries are what a text can be, judged by its look.
func queries(text string) []query {
	switch {
	case publicid.Valid(payout.IDPrefix, text):
		return []query{{searchPayoutID, []any{text}}}
	case publicid.Valid(payout.EventPrefix, text):
		return []query{{searchCallback, []any{text}}}
	case publicid.Valid(approval.IDPrefix, text):
		return []query{{searchApproval, []any{text}}}
	case publicid.Valid(merchant.IDPrefix, text):
		return []query{{searchMerchant, []any{text, text, text + lastRune}}}
	case isUUID(text):
		return []query{{searchCardID, []any{text}}}
	}
	var all []query
	if len(text) == 4 && allDigits(text) {
		all = append(all, query{searchPayoutDigits, []any{text}}, query{searchCardDigits, []any{text}})
	}
	all = append(all, query{searchPayoutOrder, []any{text, text + lastRune}}, query{searchPayoutCustomer, []any{text, text + lastRune}})
	if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
		all = append(all, query{searchCardOrder, []any{id}}, query{searchDeal, []any{id}}, query{searchUserID, []any{id}})
	}
	lower := strings.ToLower(text)
	return append(all, query{searchUserName, []any{lower, lower + lastRune}}, query{searchMerchant, []any{text, lower, lower + lastRune}})
}

// lastRune sorts behind every text that has the prefix, byte by byte.
const lastRune = "\U0010FFFF"

// lastFour is the end of a card number, whole or masked, "" for anything else.
func lastFour(text string) string {
	bare := strings.NewReplacer(" ", "", "-", "", "*", "", "•", "", "·", "").Replace(text)
	if !allDigits(bare) || len(bare) < 4 {
		return ""
	}
	masked := strings.ContainsAny(text, "*•·")
	if whole := len(bare) >= 13 && len(bare) <= 20; whole || masked {
		return bare[len(bare)-4:]
	}
	return ""
}

func allDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range strings.ToLower(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}
