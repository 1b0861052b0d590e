package approval

import "time"

// View is an approval in the shape of JSON output.
type View struct {
	ID            string            `json:"id"`
	Kind          Kind              `json:"kind"`
	Subject       string            `json:"subject"`
	State         State             `json:"state"`
	What          map[string]string `json:"what"`
	Reason        string            `json:"reason"`
	RequestedBy   string            `json:"requested_by"`
	RequestedName string            `json:"requested_name"`
	RequestedAt   string            `json:"requested_at"`
	ExpiresAt     string            `json:"expires_at"`
	DecidedBy     *string           `json:"decided_by"`
	DecidedName   *string           `json:"decided_name"`
	DecidedAt     *string           `json:"decided_at"`
	Note          string            `json:"note"`
	UsedAt        *string           `json:"used_at"`
}

// View gives the approval as it stands at a moment.
func (a Approval) View(now time.Time) View {
	return View{
		ID: a.ID, Kind: a.Kind, Subject: a.Subject, State: a.Standing(now), What: a.What, Reason: a.Reason,
		RequestedBy: a.RequestedBy, RequestedName: a.RequestedName, RequestedAt: stamp(a.RequestedAt), ExpiresAt: stamp(a.ExpiresAt),
		DecidedBy: textOrNull(a.DecidedBy), DecidedName: textOrNull(a.DecidedName), DecidedAt: stampOrNull(a.DecidedAt), Note: a.Note,
		UsedAt: stampOrNull(a.UsedAt),
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return textOrNull(stamp(t))
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
