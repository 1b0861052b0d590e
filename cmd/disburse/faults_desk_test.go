package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// claimed is what the desk needs to know of a payout.
type claimed struct {
	ID      string `json:"id"`
	OrderID string `json:"order_id"`
}

// pay is an operator: it claims live card payouts and completes three of four.
// When an answer was lost it looks through its own claims first, as a bot that
// was restarted would.
func (s *stand) pay(n int, token string) {
	idle := time.NewTicker(50 * time.Millisecond)
	defer idle.Stop()
	for lost := false; ; {
		busy := false
		if lost {
			lost = !s.resume(n, token)
		} else {
			busy, lost = s.payOne(n, token)
		}
		if busy {
			continue
		}
		select {
		case <-s.deskClosing:
			return
		case <-s.t.Context().Done():
			return
		case <-idle.C:
		}
	}
}

// deskCall asks a gateway once; ok is false when the answer was lost.
func (s *stand) deskCall(n int, token, method, path string, body string, into any) (status int, ok bool) {
	c := call{method: method, path: "/api/operator/payouts" + path, key: "Authorization", value: "Bearer " + token}
	if body != "" {
		c.body = []byte(body)
	}
	r, err := s.send(s.gateways[n%len(s.gateways)], c)
	if err != nil || r.status >= 500 {
		s.rest.again.Add(1)
		return 0, false
	}
	s.rest.answered.Add(1)
	switch {
	case r.status == http.StatusOK && into != nil:
		if err := json.Unmarshal(r.body, into); err != nil {
			s.problem("%s %s: %v in %v", method, c.path, err, r)
		}
	case r.status == http.StatusConflict || r.status == http.StatusNoContent || r.status == http.StatusOK:
	default:
		s.problem("%s %s answered %v", method, c.path, r)
	}
	return r.status, true
}

// payOne claims a payout and ends it.
func (s *stand) payOne(n int, token string) (busy, lost bool) {
	var got struct{ Payout claimed }
	status, ok := s.deskCall(n, token, http.MethodPost, "/claim",
		`{"filter":{"mode":"live","currency":"rub","method":"card"}}`, &got)
	if !ok {
		return false, true
	}
	if status != http.StatusOK {
		return false, false
	}
	return true, !s.end(n, token, got.Payout)
}

// resume ends what the operator holds; ok is false when an answer was lost again.
func (s *stand) resume(n int, token string) (ok bool) {
	var mine struct{ Items []claimed }
	if _, ok := s.deskCall(n, token, http.MethodGet, "?claimed_by=me&status=expectation", "", &mine); !ok {
		return false
	}
	for _, p := range mine.Items {
		if !s.end(n, token, p) {
			return false
		}
	}
	return true
}

// end decides by the order's id, so that it decides the same when it comes back
// to a payout. Every gateway is told, one after the other: repeating is allowed.
func (s *stand) end(n int, token string, p claimed) (ok bool) {
	path, body, as := "/complete", `{"cheque_urls":["https://bank.example/receipts/1"],"note":"paid"}`, "successful"
	if choose(p.OrderID, 4) == 0 {
		path, body, as = "/reject", `{"reason":"the bank refused"}`, "rejected_gate"
	}
	for i := range s.gateways {
		status, ok := s.deskCall(n+i, token, http.MethodPost, "/"+p.ID+path, body, nil)
		if !ok {
			return false
		}
		if status != http.StatusOK {
			s.problem("%s: the operator who claimed it could not end it: %s answered %d", p.OrderID, path, status)
			continue
		}
		s.ended(p.OrderID, as)
	}
	return true
}
