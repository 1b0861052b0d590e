package payout

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"disburse/gateway/fault"
)

// model is a payout that only knows who may do what; it is moved by random
// steps of operators, an executor, the merchant and the clock.
type model struct {
	p   Payout
	now time.Time
	// What must never happen twice, or again.
	sends, ends int
	end         Status
}

func (m *model) finish(t *rapid.T, e end) {
	before := m.p
	err := m.p.refuse(e)
	if before.Status.Final() {
		if !errors.Is(err, ErrAlreadyFinal) {
			t.Fatalf("%s after %s: %v", e.to, before.Status, err)
		}
		return
	}
	if err != nil {
		return
	}
	leasedByOther := before.Leased(m.now) && before.ClaimedBy != e.by
	switch {
	case e.kind == byClaimant && (before.ClaimedBy != e.by || !before.Leased(m.now)):
		t.Fatalf("%s ended it as %s without the claim", e.by, e.to)
	case e.kind == byMerchant && (before.Leased(m.now) || before.Stage != StageWaiting):
		t.Fatal("cancelled while somebody executes it")
	case e.kind == byTimeout && (before.ExpiresAt.After(m.now) || before.Leased(m.now) || before.Stage != StageWaiting):
		t.Fatal("timed out too soon, or while somebody executes it")
	case e.kind == byExecutor && before.Executor == "":
		t.Fatal("an executor ended what it was never sent")
	case e.kind == byExecutor && e.to != Successful && leasedByOther:
		t.Fatal("an executor's refusal ended what a person took over")
	}
	m.p = m.p.ended(e)
	m.ends++
	m.end = e.to
}

func (m *model) steps() map[string]func(*rapid.T) {
	claimants := rapid.SampledFrom([]string{"operator:a", "operator:b"})
	return map[string]func(*rapid.T){
		"claim": func(t *rapid.T) {
			by := claimants.Draw(t, "by")
			if m.p.Status == Expectation && !m.p.Leased(m.now) &&
				(m.p.Stage != StageWaiting || m.p.ExpiresAt.After(m.now)) {
				m.p.ClaimedBy, m.p.LeaseExpiresAt = by, m.now.Add(Lease)
			}
		},
		"release": func(t *rapid.T) {
			if m.p.refuseClaimant(claimants.Draw(t, "by"), m.now) == nil {
				m.p.ClaimedBy, m.p.LeaseExpiresAt = "", time.Time{}
			}
		},
		"send": func(t *rapid.T) {
			if m.p.Status == Expectation && m.p.Stage == StageWaiting && !m.p.Leased(m.now) && m.p.ExpiresAt.After(m.now) {
				m.p.ClaimedBy, m.p.LeaseExpiresAt = executorClaim("x"), m.now.Add(Lease)
				m.p.Stage, m.p.Executor, m.p.SentAt = StageSent, "x", m.now
				m.sends++
			}
		},
		"unknown": func(*rapid.T) {
			if m.p.Status == Expectation && m.p.Executor != "" {
				m.p.Stage = StageUnknown
				if m.p.ClaimedBy == executorClaim("x") {
					m.p.ClaimedBy, m.p.LeaseExpiresAt = "", time.Time{}
				}
			}
		},
		"paid": func(t *rapid.T) {
			m.finish(t, end{to: Successful, by: executorClaim("x"), at: m.now, kind: byExecutor})
		},
		"refused": func(t *rapid.T) {
			m.finish(t, end{to: RejectedGate, by: executorClaim("x"), at: m.now, kind: byExecutor})
		},
		"complete": func(t *rapid.T) {
			m.finish(t, end{to: Successful, by: claimants.Draw(t, "by"), at: m.now, kind: byClaimant})
		},
		"reject": func(t *rapid.T) {
			m.finish(t, end{to: RejectedGate, by: claimants.Draw(t, "by"), at: m.now, kind: byClaimant})
		},
		"cancel": func(t *rapid.T) {
			m.finish(t, end{to: RejectedMerchant, by: "merchant:m", at: m.now, kind: byMerchant})
		},
		"timeout": func(t *rapid.T) {
			m.finish(t, end{to: RejectedTimeout, by: timeoutActor, at: m.now, kind: byTimeout})
		},
		"wait": func(t *rapid.T) {
			m.now = m.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "minutes")) * time.Minute)
		},
		"": func(t *rapid.T) {
			switch {
			case m.sends > 1:
				t.Fatal("sent twice")
			case m.ends > 1:
				t.Fatal("ended twice")
			case m.ends == 1 && (m.p.Status != m.end || m.p.ClaimedBy != ""):
				t.Fatalf("an ended payout changed to %s, claimed by %q", m.p.Status, m.p.ClaimedBy)
			}
		},
	}
}

func TestStatesModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		m := &model{now: now, p: Payout{Status: Expectation, Stage: StageWaiting, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}}
		t.Repeat(m.steps())
	})
}

// TestEveryRefusalIsAConflict keeps the answers of the merchant's and the
// operators' calls stable.
func TestEveryRefusalIsAConflict(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	open := Payout{Status: Expectation, Stage: StageWaiting, ExpiresAt: now.Add(time.Hour)}
	with := func(change func(*Payout)) Payout { p := open; change(&p); return p }
	leased := with(func(p *Payout) { p.ClaimedBy, p.LeaseExpiresAt = "operator:a", now.Add(time.Minute) })
	lapsed := with(func(p *Payout) { p.ClaimedBy, p.LeaseExpiresAt = "operator:a", now })
	unknown := with(func(p *Payout) { p.Stage, p.Executor = StageUnknown, "x" })
	done := with(func(p *Payout) { p.Status = Successful })
	for _, tc := range []struct {
		name string
		p    Payout
		e    end
		code string // "" for allowed
	}{
		{"CompleteClaimed", leased, end{to: Successful, by: "operator:a"}, ""},
		{"CompleteUnclaimed", open, end{to: Successful, by: "operator:a"}, "claim_required"},
		{"CompleteAnothers", leased, end{to: Successful, by: "operator:b"}, "claimed_by_other"},
		{"CompleteAnothersLapsed", lapsed, end{to: Successful, by: "operator:b"}, "claim_required"},
		{"CompleteLapsed", lapsed, end{to: Successful, by: "operator:a"}, "lease_expired"},
		{"CompleteEnded", done, end{to: Successful, by: "operator:a"}, "already_final"},
		{"CancelOpen", open, end{to: RejectedMerchant, kind: byMerchant}, ""},
		{"CancelLapsed", lapsed, end{to: RejectedMerchant, kind: byMerchant}, ""},
		{"CancelLeased", leased, end{to: RejectedMerchant, kind: byMerchant}, "in_progress"},
		{"CancelUnknown", unknown, end{to: RejectedMerchant, kind: byMerchant}, "in_progress"},
		{"CancelEnded", done, end{to: RejectedMerchant, kind: byMerchant}, "already_final"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.e.at = now
			err := tc.p.refuse(tc.e)
			if tc.code == "" && err != nil {
				t.Fatal(err)
			}
			if f := fault.From(err); tc.code != "" && (f == nil || f.Code != tc.code || f.Kind != fault.Conflict) {
				t.Errorf("%v, want %s", err, tc.code)
			}
		})
	}
}
