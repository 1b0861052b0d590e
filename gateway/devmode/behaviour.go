package devmode

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxTimes = 1_000_000
	maxDelay = 10 * time.Minute
)

// behaviour is how a hook answers, for a number of times. Its JSON form is the
// body of POST /behaviour and what that answers.
type behaviour struct {
	Path    string `json:"path"`
	Status  int    `json:"status"`
	Times   int    `json:"times"` // still to come
	DelayMS int64  `json:"delay_ms"`
}

// wait holds the answer back; it fails when ctx ends first.
func (b behaviour) wait(ctx context.Context) error {
	if b.DelayMS == 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(b.DelayMS) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// behaviours holds what is in force, by path.
type behaviours struct {
	mu     sync.Mutex
	byPath map[string]behaviour
}

// next is how a path answers now, and counts it.
func (s *behaviours) next(path string) behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.byPath[path]
	if !ok {
		return behaviour{Path: path, Status: http.StatusOK}
	}
	if b.Times--; b.Times == 0 {
		delete(s.byPath, path)
	} else {
		s.byPath[path] = b
	}
	return b
}

// set replaces the behaviour of a path; no times clears it.
func (s *behaviours) set(b behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byPath == nil {
		s.byPath = make(map[string]behaviour)
	}
	if b.Times == 0 {
		delete(s.byPath, b.Path)
		return
	}
	s.byPath[b.Path] = b
}

func (s *behaviours) list() []behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]behaviour, 0, len(s.byPath))
	for _, b := range s.byPath {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b behaviour) int { return cmp.Compare(a.Path, b.Path) })
	return list
}

// behaviourOrder is the body of POST /behaviour; nil was not given.
type behaviourOrder struct {
	Path    *string `json:"path"`
	Status  *int    `json:"status"`
	Times   *int    `json:"times"`
	DelayMS *int64  `json:"delay_ms"`
}

// behave takes an order and answers what is in force for its path from now on.
func (i *Inspector) behave(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrderBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is too large")
		return
	}
	b, why := parseBehaviour(content)
	if why != "" {
		refuse(w, http.StatusBadRequest, why)
		return
	}
	i.behaviours.set(b)
	reply(w, http.StatusOK, b)
}

// parseBehaviour reads an order; why says all that is wrong with it.
func parseBehaviour(content []byte) (b behaviour, why string) {
	var order behaviourOrder
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&order); err != nil {
		return b, `the body must be like {"path":"/hook/x","status":500,"times":2,"delay_ms":0}: ` + err.Error()
	}
	if decoder.More() {
		return b, "the body must be one JSON object"
	}
	b = behaviour{Status: http.StatusOK}
	var faults []string
	if order.Path == nil || !strings.HasPrefix(*order.Path, hookPrefix) {
		faults = append(faults, "path must begin with "+hookPrefix)
	} else {
		b.Path = *order.Path
	}
	if order.Times == nil || *order.Times < 0 || *order.Times > maxTimes {
		faults = append(faults, fmt.Sprintf("times must be 0 (to clear) to %d", maxTimes))
	} else {
		b.Times = *order.Times
	}
	if order.Status != nil {
		if b.Status = *order.Status; b.Status < 200 || b.Status > 599 {
			faults = append(faults, "status must be 200 to 599")
		}
	}
	if order.DelayMS != nil {
		if b.DelayMS = *order.DelayMS; b.DelayMS < 0 || b.DelayMS > maxDelay.Milliseconds() {
			faults = append(faults, fmt.Sprintf("delay_ms must be 0 to %d", maxDelay.Milliseconds()))
		}
	}
	return b, strings.Join(faults, "; ")
}
