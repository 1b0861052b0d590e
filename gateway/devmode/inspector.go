package devmode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	keepDeliveries = 1000
	maxHookBody    = 256 << 10
	maxOrderBody   = 4 << 10
	hookPrefix     = "/hook/"
)

// InspectorOptions is what an Inspector needs; nothing may be missing.
type InspectorOptions struct {
	Merchants Senders
	URL       string // where it is reached, shown on its page
	Log       *slog.Logger
	Now       func() time.Time
}

// Inspector receives callbacks, verifies their signatures and shows them.
type Inspector struct {
	o          InspectorOptions
	server     *http.Server
	quit       context.CancelFunc // ends delayed answers
	received   recorder
	behaviours behaviours
}

// NewInspector makes an inspector. Serve or Handler put it to use.
func NewInspector(o InspectorOptions) *Inspector {
	i := &Inspector{o: o}
	var ctx context.Context
	ctx, i.quit = context.WithCancel(context.Background())
	i.server = &http.Server{
		Handler: i.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return i
}

// Serve answers on the listener until Close.
func (i *Inspector) Serve(listener net.Listener) {
	go func() {
		if err := i.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			i.o.Log.Error("the callback inspector stopped", "error", err.Error())
		}
	}()
}

// Close stops serving. Delayed answers are given up.
func (i *Inspector) Close(ctx context.Context) error {
	i.quit()
	return i.server.Shutdown(ctx)
}

// Handler is everything the inspector answers.
func (i *Inspector) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+hookPrefix+"{anything...}", i.hook)
	mux.HandleFunc("GET /received", i.list)
	mux.HandleFunc("POST /behaviour", i.behave)
	i.pages(mux)
	return mux
}

// delivery is one request to a hook as /received tells it.
type delivery struct {
	ID             int64             `json:"-"`
	Path           string            `json:"path"`
	Headers        map[string]string `json:"headers"` // names in lower case
	Body           json.RawMessage   `json:"body"`    // as sent; a text that is no JSON is a JSON string
	StandartSign   bool              `json:"standart_sign_valid"`
	Webhook        bool              `json:"webhook_signature_valid"`
	ReceivedAt     time.Time         `json:"received_at"`
	Merchant       string            `json:"merchant"`        // whose keys fitted, or whose callback it is
	AnsweredStatus int               `json:"answered_status"` // what was answered
	orderID        string
}

// hook takes one callback. It is kept before it is answered, whatever the
// answer will be.
func (i *Inspector) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHookBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is larger than 256 KiB or was cut off")
		return
	}
	d := delivery{Path: r.URL.Path, Headers: flatten(r.Header), Body: asJSON(body), ReceivedAt: i.o.Now().UTC()}
	i.verify(r, body, &d)
	answer := i.behaviours.next(r.URL.Path)
	d.AnsweredStatus = answer.Status
	i.received.add(d)
	if answer.wait(r.Context()) != nil {
		return // the sender is gone or we are stopping
	}
	if answer.Status >= 300 && answer.Status < 400 {
		// A sender that follows redirects gives itself away by calling there.
		w.Header().Set("Location", i.o.URL+hookPrefix+"redirected")
	}
	w.WriteHeader(answer.Status)
	if answer.Status == http.StatusOK {
		_, _ = io.WriteString(w, "ok\n")
	}
}

func (i *Inspector) list(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, i.received.list(r.URL.Query().Get("order_id")))
}

// recorder keeps the latest deliveries.
type recorder struct {
	mu   sync.Mutex
	last int64
	kept []delivery // oldest first
}

func (s *recorder) add(d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	d.ID = s.last
	if len(s.kept) == keepDeliveries {
		copy(s.kept, s.kept[1:])
		s.kept = s.kept[:keepDeliveries-1]
	}
	s.kept = append(s.kept, d)
}

// list returns the deliveries of an order, or all for "", oldest first.
func (s *recorder) list(orderID string) []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make([]delivery, 0, len(s.kept))
	for _, d := range s.kept {
		if orderID == "" || d.orderID == orderID {
			found = append(found, d)
		}
	}
	return found
}

func flatten(h http.Header) map[string]string {
	flat := make(map[string]string, len(h))
	for name, values := range h {
		flat[string(bytes.ToLower([]byte(name)))] = joinValues(values)
	}
	return flat
}

func asJSON(body []byte) json.RawMessage {
	if json.Valid(body) {
		return body
	}
	text, err := json.Marshal(string(body))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

func reply(w http.ResponseWriter, status int, content any) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		status = http.StatusInternalServerError
		out.Reset()
		out.WriteString(`{"error":"internal error"}` + "\n")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}
