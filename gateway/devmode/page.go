package devmode

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/page.html"))

// shownOnPage keeps the page quick; /received has the rest.
const shownOnPage = 100

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pageView is what the template shows.
type pageView struct {
	URL        string
	OrderID    string
	Total      int
	Deliveries []deliveryView // newest first
	Behaviours []behaviour
}

type deliveryView struct {
	delivery
	OrderID, Status, Amount string
	Stamp, Clock            string
	Refused                 bool // by us
	Headers                 []headerView
	Text                    string // the body, indented and masked
}

type headerView struct{ Name, Value string }

func (i *Inspector) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", i.page("page.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /rows", i.page("rows", "text/html; charset=utf-8"))
	for file, media := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"} {
		mux.HandleFunc("GET /"+file, func(w http.ResponseWriter, r *http.Request) {
			pageHeaders(w, media)
			http.ServeFileFS(w, r, pageFiles, "page/"+file)
		})
	}
}

func (i *Inspector) page(name, media string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var out bytes.Buffer
		if err := pageTemplate.ExecuteTemplate(&out, name, i.view(r.URL.Query().Get("order_id"))); err != nil {
			i.o.Log.Error("the inspector's page does not render", "error", err.Error())
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		pageHeaders(w, media)
		_, _ = w.Write(out.Bytes())
	}
}

func pageHeaders(w http.ResponseWriter, media string) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

func (i *Inspector) view(orderID string) pageView {
	all := i.received.list(orderID)
	v := pageView{URL: i.o.URL, OrderID: orderID, Total: len(all), Behaviours: i.behaviours.list()}
	slices.Reverse(all)
	for _, d := range all[:min(len(all), shownOnPage)] {
		v.Deliveries = append(v.Deliveries, viewDelivery(d))
	}
	return v
}

func viewDelivery(d delivery) deliveryView {
	var facts struct {
		Status       string `json:"status"`
		FiatAmount   string `json:"fiat_amount"`
		FiatCurrency string `json:"fiat_currency"`
	}
	// Whatever was sent is shown; what does not decode shows no facts.
	_ = json.Unmarshal(d.Body, &facts)
	v := deliveryView{
		delivery: d, OrderID: d.orderID, Status: facts.Status,
		Amount: strings.TrimSpace(facts.FiatAmount + " " + strings.ToUpper(facts.FiatCurrency)),
		Stamp:  d.ReceivedAt.Format(time.RFC3339Nano), Clock: d.ReceivedAt.Format("15:04:05") + " UTC",
		Refused: d.AnsweredStatus >= 300, Text: maskedText(d.Body),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		v.Headers = append(v.Headers, headerView{name, d.Headers[name]})
	}
	return v
}

// Requisites by their field, and, in a body of another kind, anything that could
// be a card or account number.
var (
	requisitePattern = regexp.MustCompile(`("(?:number_card|phone_number|number_score|iban_number)"\s*:\s*")((?:[^"\\]|\\.)*)"`)
	numberPattern    = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){9,}`)
)

func maskedText(body json.RawMessage) string {
	var text bytes.Buffer
	if err := json.Indent(&text, body, "", "  "); err != nil {
		return ""
	}
	if !strings.HasPrefix(text.String(), "{") {
		return numberPattern.ReplaceAllStringFunc(text.String(), lastFour)
	}
	return requisitePattern.ReplaceAllStringFunc(text.String(), func(field string) string {
		parts := requisitePattern.FindStringSubmatch(field)
		return parts[1] + lastFour(parts[2]) + `"`
	})
}

// lastFour leaves at most the last four characters readable.
func lastFour(text string) string {
	letters := []rune(text)
	if len(letters) <= 4 {
		return strings.Repeat("•", len(letters))
	}
	return strings.Repeat("•", 6) + string(letters[len(letters)-4:])
}
