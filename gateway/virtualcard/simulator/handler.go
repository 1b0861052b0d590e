package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"disburse/gateway/virtualcard"
	"disburse/gateway/virtualcard/httpprovider"
	"disburse/ledger/money"
)

const maxBody = 16 << 10

// Handler answers what package httpprovider asks, and below it, for whoever
// steers the simulator and without a key:
//
//	POST /behaviour   sets a Behaviour and answers what is in force from now on
//	GET  /behaviour   lists what is in force
//	GET  /            all cards and orders
//
// A server in front of it should end the requests' contexts when it is to stop,
// since an answer that never comes is only given up with them.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/cards", s.keyed(s.postOrder(Create)))
	for _, operation := range []Operation{TopUp, Withdraw, Freeze, Unfreeze, Close} {
		mux.HandleFunc("POST /v1/cards/{id}/"+string(operation), s.keyed(s.postOrder(operation)))
	}
	mux.HandleFunc("GET /v1/cards/{id}", s.keyed(s.getCard))
	mux.HandleFunc("GET /v1/orders/{key}", s.keyed(s.getOrder))
	mux.HandleFunc("POST /behaviour", s.postBehaviour)
	mux.HandleFunc("GET /behaviour", s.getBehaviours)
	mux.HandleFunc("GET /{$}", s.getAll)
	return mux
}

// keyed lets in who has the key.
func (s *Simulator) keyed(next http.HandlerFunc) http.HandlerFunc {
	want := []byte("Bearer " + s.o.Key)
	return func(w http.ResponseWriter, r *http.Request) {
		if s.o.Key != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			refuse(w, http.StatusUnauthorized, "the key is missing or wrong")
			return
		}
		next(w, r)
	}
}

func (s *Simulator) postOrder(operation Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(httpprovider.KeyHeader)
		body, ask, err := readOrder(w, r, operation)
		switch {
		case err != nil:
			refuse(w, http.StatusBadRequest, err.Error())
			return
		case !httpprovider.ValidID(key):
			refuse(w, http.StatusBadRequest, httpprovider.KeyHeader+" must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
			return
		}
		taken, err := s.take(key, ask, body.NotAfter)
		if errors.Is(err, virtualcard.ErrKeyReused) {
			write(w, http.StatusConflict, httpprovider.Fault{Error: httpprovider.KeyReused, Key: key})
			return
		}
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		out, err := s.await(r.Context(), taken)
		answer(w, taken.how, err, whole{orderStatus(out.State), httpprovider.NewAnswer(key, out)})
	}
}

// readOrder reads the body of an order, strictly.
func readOrder(w http.ResponseWriter, r *http.Request, operation Operation) (body httpprovider.Order, ask content, err error) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return body, ask, fmt.Errorf("the body is no order: %w", err)
	}
	// Reading on to the end is also what lets the server notice a caller that
	// goes away.
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return body, ask, errors.New("the body must be one JSON object")
	}
	ask = content{Operation: operation, CardID: r.PathValue("id")}
	switch operation {
	case Create:
		ask.BIN, ask.Name = body.BIN, body.Name
	case TopUp, Withdraw:
	default:
		return body, ask, nil
	}
	code, ok := money.Lookup(body.Currency)
	if !ok {
		return body, ask, errors.New("the currency is not known")
	}
	amount, err := money.Parse(body.Amount, code)
	if err != nil {
		return body, ask, fmt.Errorf("amount: %w", err)
	}
	ask.Amount, ask.Currency = amount.Minor(), code
	return body, ask, nil
}

func orderStatus(state virtualcard.OrderState) int {
	switch state {
	case virtualcard.OrderDeclined:
		return http.StatusUnprocessableEntity
	case virtualcard.OrderPending:
		return http.StatusAccepted
	default:
		return http.StatusOK
	}
}

func (s *Simulator) getOrder(w http.ResponseWriter, r *http.Request) {
	found, err := s.lookUp(r.PathValue("key"))
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	out, err := s.await(r.Context(), found)
	answer(w, found.how, err, whole{http.StatusOK, httpprovider.NewAnswer(found.key, out)})
}

func (s *Simulator) getCard(w http.ResponseWriter, r *http.Request) {
	account, ok, how, err := s.read(r.PathValue("id"))
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	how = how.ofReading()
	_, err = s.await(r.Context(), reply{how: how})
	if !ok {
		answer(w, how, err, whole{http.StatusNotFound, httpprovider.Fault{Error: httpprovider.NoCard}})
		return
	}
	answer(w, how, err, whole{http.StatusOK, httpprovider.NewCard(account)})
}

func (s *Simulator) postBehaviour(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is too large")
		return
	}
	b, why := parseBehaviour(body)
	if why != "" {
		refuse(w, http.StatusBadRequest, why)
		return
	}
	if err := s.Behave(b); err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	write(w, http.StatusOK, b)
}

func (s *Simulator) getBehaviours(w http.ResponseWriter, _ *http.Request) {
	s.getPart(w, func(a everything) any { return a.Behaviours })
}

// getAll tells everything; there are no secrets in it.
func (s *Simulator) getAll(w http.ResponseWriter, _ *http.Request) {
	s.getPart(w, func(a everything) any { return a })
}

// everything is the state as it is shown.
type everything struct {
	Cards      []card      `json:"cards"`
	Orders     []order     `json:"orders"`
	Behaviours []Behaviour `json:"behaviours"`
}

func (s *Simulator) getPart(w http.ResponseWriter, part func(everything) any) {
	all := everything{Cards: []card{}, Orders: []order{}}
	err := s.change(func(time.Time) {
		all.Cards = slices.AppendSeq(all.Cards, maps.Values(s.state.Cards))
		all.Orders = slices.AppendSeq(all.Orders, maps.Values(s.state.Orders))
		all.Behaviours = s.state.Behaviours.list()
	})
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	slices.SortFunc(all.Cards, func(a, b card) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Orders, func(a, b order) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	write(w, http.StatusOK, part(all))
}

// whole is an answer as it should arrive.
type whole struct {
	status  int
	content any
}

// answer writes an answer, or does to it what was told.
func answer(w http.ResponseWriter, how Behaviour, fault error, a whole) {
	switch {
	case errors.Is(fault, errBroken):
		raw(w, a, func(text []byte) []byte { return text[:len(text)-len(text)/4] })
	case errors.Is(fault, context.Canceled), errors.Is(fault, context.DeadlineExceeded), errors.Is(fault, errSilent):
		panic(http.ErrAbortHandler) // closes the connection without a word
	case fault != nil:
		refuse(w, http.StatusInternalServerError, "told to fail")
	case how.Outcome == Twice:
		raw(w, a, func(text []byte) []byte { return slices.Concat(text, text) })
	default:
		write(w, a.status, a.content)
	}
}

// raw takes the connection over, writes a spoilt answer to it and closes it.
func raw(w http.ResponseWriter, a whole, spoil func([]byte) []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	body, err := json.Marshal(a.content)
	if err != nil {
		return
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		a.status, http.StatusText(a.status), len(body))
	_, _ = conn.Write(spoil(append([]byte(head), body...))) // who is gone cannot be answered
}

func write(w http.ResponseWriter, status int, content any) {
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
	write(w, status, httpprovider.Fault{Error: why})
}
