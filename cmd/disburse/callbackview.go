package main

import (
	"time"

	"disburse/callbacks"
)

// callbackView is a callback in the shape of the operator API.
type callbackView struct {
	callbackHead
	Attempts int `json:"attempts"`
}

// callbackDetailView has the attempts, latest first, where the list has only
// their number.
type callbackDetailView struct {
	callbackHead
	Attempts []attemptView `json:"attempts"`
}

type callbackHead struct {
	ID            string  `json:"id"`
	MerchantID    string  `json:"merchant_id"`
	PayoutID      string  `json:"payout_id"`
	OrderID       string  `json:"order_id"`
	Kind          string  `json:"kind"`
	URL           string  `json:"url"`
	State         string  `json:"state"`
	NextAttemptAt *string `json:"next_attempt_at"`
	LastStatus    *int    `json:"last_status"`
	LastError     string  `json:"last_error"`
	DeadReason    string  `json:"dead_reason"`
	CreatedAt     string  `json:"created_at"`
	FinishedAt    *string `json:"finished_at"`
}

type attemptView struct {
	Number     int    `json:"number"`
	StartedAt  string `json:"started_at"`
	DurationMS int64  `json:"duration_ms"`
	Outcome    string `json:"outcome"`
	Status     *int   `json:"status"`
	Error      string `json:"error"`
	Response   string `json:"response"`
}

func viewCallback(i callbacks.Item) callbackView {
	return callbackView{callbackHead: headOf(i), Attempts: i.Attempts}
}

func viewCallbackDetail(d callbacks.Detail) callbackDetailView {
	v := callbackDetailView{callbackHead: headOf(d.Item), Attempts: make([]attemptView, len(d.Log))}
	for i, a := range d.Log {
		v.Attempts[i] = attemptView{
			Number: a.Number, StartedAt: stamp(a.StartedAt), DurationMS: a.Duration.Milliseconds(),
			Outcome: string(a.Outcome), Status: statusOrNull(a.Status), Error: a.Error, Response: a.Response,
		}
	}
	return v
}

func headOf(i callbacks.Item) callbackHead {
	return callbackHead{
		ID: i.ID, MerchantID: i.MerchantID, PayoutID: i.Subject, OrderID: i.OrderID, Kind: i.Kind, URL: i.URL,
		State: string(i.State), NextAttemptAt: pointedStamp(i.NextAttemptAt), LastStatus: statusOrNull(i.LastStatus),
		LastError: i.LastError, DeadReason: i.DeadReason, CreatedAt: stamp(i.CreatedAt), FinishedAt: pointedStamp(i.FinishedAt),
	}
}

// statusOrNull is null for an attempt without an answer.
func statusOrNull(status int) *int {
	if status == 0 {
		return nil
	}
	return &status
}

func pointedStamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return stampOrNull(*t)
}
