package callbacks

import (
	"strings"
	"time"

	"disburse/callbacks/dial"
)

// Event is one callback to be sent.
type Event struct {
	ID         string // webhook-id; must sort by time, at most 64 bytes without a colon, space or control character
	MerchantID string // whose secrets sign it; without a space or "|"
	Subject    string // id of what it is about (a payout)
	OrderID    string // the merchant's own reference of that
	Kind       string // for lists and logs ("payout.successful")
	URL        string // absolute, as CheckURL took it
	Body       []byte // JSON, sent byte for byte on every attempt
	BodyKey    string // names the key that Body is sealed with; empty: Body is plain
	At         time.Time
}

// Row is one row that stands or falls with the transaction it is written in.
// SQL is a set-based statement with one array parameter per column; Row holds
// the values of one row in that order, each always of the same Go type.
// Several rows of one SQL may be written by one execution, which must then
// affect as many rows as there are events.
type Row struct {
	SQL string
	Row []any
}

// Stage returns the row that stages ev. The callback exists once the
// transaction commits, and the relays hear of it then by themselves.
func Stage(ev Event) Row {
	return Row{SQL: stageSQL, Row: []any{
		ev.ID, ev.MerchantID, ev.Subject, ev.OrderID, ev.Kind, ev.URL,
		ev.BodyKey, ev.Body, ev.At, endpointOf(ev.MerchantID, ev.URL),
	}}
}

// endpointOf names what shares a window and a circuit: one merchant's
// deliveries to one server ("mer_1|https://shop.example:443"). Without the
// merchant in it, one could aim what fails at the server of another.
func endpointOf(merchantID, url string) string { return merchantID + "|" + dial.Endpoint(url) }

// serverOf is the part of an endpoint that says where it is
// ("https://shop.example:443").
func serverOf(endpoint string) string {
	_, server, _ := strings.Cut(endpoint, "|")
	return server
}

// AllowList opens addresses that callbacks may not go to by default.
type AllowList = dial.AllowList

// ParseAllow reads the entries of the allow-list setting: "loopback", a CIDR,
// an address, or host:port. The error names every entry that is none.
func ParseAllow(entries ...string) (AllowList, error) { return dial.ParseAllow(entries...) }

// CheckURL reports what is wrong with a callback's URL. The error's text is a
// phrase for the one who gave it ("must not have a fragment").
func CheckURL(raw string, allow AllowList) error { return dial.CheckURL(raw, allow) }
