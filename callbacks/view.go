package callbacks

import "time"

// View is a callback in the shape of JSON output. Attempts is their number in
// a list, and where one callback is shown, the attempts, latest first.
type View[Attempts int | []AttemptView] struct {
	ID            string   `json:"id"`
	MerchantID    string   `json:"merchant_id"`
	PayoutID      string   `json:"payout_id"`
	OrderID       string   `json:"order_id"`
	Kind          string   `json:"kind"`
	URL           string   `json:"url"`
	State         string   `json:"state"`
	Attempts      Attempts `json:"attempts"`
	NextAttemptAt *string  `json:"next_attempt_at"`
	LastStatus    *int     `json:"last_status"`
	LastError     string   `json:"last_error"`
	DeadReason    string   `json:"dead_reason"`
	CreatedAt     string   `json:"created_at"`
	FinishedAt    *string  `json:"finished_at"`
}

// ItemView is a callback as lists show it.
type ItemView = View[int]

// DetailView is a callback with its attempts.
type DetailView = View[[]AttemptView]

// AttemptView is an attempt in the shape of JSON output.
type AttemptView struct {
	Number     int    `json:"number"`
	StartedAt  string `json:"started_at"`
	DurationMS int64  `json:"duration_ms"`
	Outcome    string `json:"outcome"`
	Status     *int   `json:"status"`
	Error      string `json:"error"`
	Response   string `json:"response"`
}

// View gives the callback as lists show it.
func (i Item) View() ItemView { return view(i, i.Attempts) }

// View gives the callback with its attempts.
func (d Detail) View() DetailView {
	attempts := make([]AttemptView, len(d.Log))
	for i, a := range d.Log {
		attempts[i] = AttemptView{
			Number: a.Number, StartedAt: stamp(a.StartedAt), DurationMS: a.Duration.Milliseconds(),
			Outcome: string(a.Outcome), Status: statusOrNull(a.Status), Error: a.Error, Response: a.Response,
		}
	}
	return view(d.Item, attempts)
}

func view[Attempts int | []AttemptView](i Item, attempts Attempts) View[Attempts] {
	return View[Attempts]{
		ID: i.ID, MerchantID: i.MerchantID, PayoutID: i.Subject, OrderID: i.OrderID, Kind: i.Kind, URL: i.URL,
		State: string(i.State), Attempts: attempts, NextAttemptAt: stampOrNull(i.NextAttemptAt),
		LastStatus: statusOrNull(i.LastStatus), LastError: i.LastError, DeadReason: i.DeadReason,
		CreatedAt: stamp(i.CreatedAt), FinishedAt: stampOrNull(i.FinishedAt),
	}
}

// statusOrNull is null for an attempt without an answer.
func statusOrNull(status int) *int {
	if status == 0 {
		return nil
	}
	return &status
}

// stamp is a time as views show it: RFC 3339 in UTC, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stampOrNull(t *time.Time) *string {
	if t == nil || t.IsZero() {
		return nil
	}
	text := stamp(*t)
	return &text
}
