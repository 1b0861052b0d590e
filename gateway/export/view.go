package export

import "time"

// StatementView is a statement in the shape of JSON output.
type StatementView struct {
	MerchantID string    `json:"merchant_id"`
	Merchant   string    `json:"merchant"`
	Mode       string    `json:"mode"`
	Currency   string    `json:"currency"`
	From       string    `json:"from"`
	To         string    `json:"to"` // the last day
	Days       []DayView `json:"days"`
	Sum        DayView   `json:"sum"`
}

// DayView is a day of a statement.
type DayView struct {
	Date      string      `json:"date"`
	Complete  bool        `json:"complete"`
	Opening   BalanceView `json:"opening"`
	Movements []LineView  `json:"movements"`
	Closing   BalanceView `json:"closing"`
}

// LineView is what one flow moved.
type LineView struct {
	Flow      string      `json:"flow"`
	Part      string      `json:"part"`
	Transfers int64       `json:"transfers"`
	Moved     BalanceView `json:"moved"`
}

// BalanceView is a merchant's money, or how it changed.
type BalanceView struct {
	Available string `json:"available"`
	Held      string `json:"held"`
	Total     string `json:"total"`
}

// View gives the statement as it is shown.
func (s Statement) View() StatementView {
	v := StatementView{
		MerchantID: s.MerchantID, Merchant: s.Name, Mode: string(s.Mode), Currency: "usdt",
		From: s.From.Format(time.DateOnly), To: s.To.Add(-day).Format(time.DateOnly), Sum: s.Sum.View(),
	}
	for _, d := range s.Days {
		v.Days = append(v.Days, d.View())
	}
	return v
}

// View gives the day as it is shown.
func (d Day) View() DayView {
	v := DayView{
		Date: d.Date.Format(time.DateOnly), Complete: d.Complete, Opening: d.Opening.View(), Movements: []LineView{}, Closing: d.Closing.View(),
	}
	for _, l := range d.Lines {
		v.Movements = append(v.Movements, LineView{l.Flow, l.Part, l.Transfers, l.Moved.View()})
	}
	return v
}

// View gives the balance as it is shown.
func (b Balance) View() BalanceView {
	return BalanceView{b.Available.String(), b.Held.String(), b.Total().String()}
}
