package gameprovider_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/gameprovider"
	"disburse/gateway/publicid"
)

func TestOpenSession(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	p.create(t, "other")
	p.bind(t, "demo", "p-7")
	p.bind(t, "other", "p-7")
	made := p.open(t, "demo", "p-7", "")
	if !publicid.ValidToken("gs", made.SessionID) || !made.ExpiresAt.Equal(noon.Add(gameprovider.DefaultTTL)) || made.CheckedAt != noon {
		t.Errorf("made %+v", made)
	}
	long := strings.Repeat("ы", 600)
	named := p.open(t, "demo", "p-7", long)
	if named.SessionID != long {
		t.Error("the id was changed")
	}
	p.open(t, "other", "p-7", long) // ids are each provider's own
	_, err := p.OpenSession(t.Context(), gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-7", SessionID: long})
	if !errors.Is(err, gameprovider.ErrSessionTaken) {
		t.Errorf("got %v, want %v", err, gameprovider.ErrSessionTaken)
	}
	for _, tt := range []struct {
		spec        gameprovider.SessionSpec
		code, field string
	}{
		{gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-7", SessionID: long + "ы"}, "invalid_request", "session_id"},
		{gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-7", SessionID: "a\nb"}, "invalid_request", "session_id"},
		{gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-7", TTL: -time.Hour}, "invalid_request", "ttl"},
		{gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-7", TTL: gameprovider.MaxTTL + 1}, "invalid_request", "ttl"},
		{gameprovider.SessionSpec{Provider: "demo", PlayerID: "p-8"}, "unknown_player", ""},
		{gameprovider.SessionSpec{Provider: "nobody", PlayerID: "p-7"}, "not_found", ""},
	} {
		_, err := p.OpenSession(t.Context(), tt.spec)
		wantCode(t, err, tt.code, tt.field)
	}
	p.wantTrail(t, "session.open", 3)
}

// TestSessionIDsStayOutOfTheTrail: a session id lets a player in.
func TestSessionIDsStayOutOfTheTrail(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.create(t, "demo")
	p.bind(t, "demo", "p-7")
	s := p.open(t, "demo", "p-7", "")
	p.pass(time.Minute)
	if _, err := p.AcknowledgeSession(t.Context(), "demo", s.SessionID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.CloseSession(t.Context(), "demo", s.SessionID); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"session.open", "session.check", "session.close"} {
		p.wantTrail(t, action, 1)
		for _, item := range p.trail(t, action) {
			row := item.SubjectID + string(item.Before) + string(item.After)
			if strings.Contains(row, s.SessionID) || !strings.Contains(row, s.SessionID[:8]) || item.SubjectID != "demo/p-7" {
				t.Errorf("%s says %s", action, row)
			}
		}
	}
}

func TestSessionStates(t *testing.T) {
	t.Parallel()
	p := setup(t)
	demo, _ := p.create(t, "demo")
	p.bind(t, "demo", "p-7")
	p.open(t, "demo", "p-7", "stays")
	p.open(t, "demo", "p-7", "closes")
	p.pass(time.Hour)
	var closed gameprovider.Session
	for range 2 { // the second changes nothing
		var err error
		if closed, err = p.CloseSession(t.Context(), "demo", "closes"); err != nil || closed.ClosedAt == nil || !closed.ClosedAt.Equal(noon.Add(time.Hour)) {
			t.Fatalf("got %+v, %v", closed, err)
		}
		p.pass(time.Minute)
	}
	p.wantTrail(t, "session.close", 1)
	end := noon.Add(gameprovider.DefaultTTL)
	stays := p.seat(t, demo.ID, "p-7", "stays").Session
	for _, tt := range []struct {
		name    string
		session gameprovider.Session
		at      time.Time
		want    gameprovider.SessionState
	}{
		{"Open", *stays, noon, gameprovider.Open},
		{"OpenJustBeforeItsEnd", *stays, end.Add(-1), gameprovider.Open},
		{"ExpiredAtItsEnd", *stays, end, gameprovider.Expired},
		{"Closed", closed, noon, gameprovider.Closed},
		{"ClosedAfterItsEnd", closed, end, gameprovider.Closed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.session.StateAt(tt.at); got != tt.want || tt.session.OpenAt(tt.at) != (tt.want == gameprovider.Open) {
				t.Errorf("it is %s and takes bets: %t; want %s", got, tt.session.OpenAt(tt.at), tt.want)
			}
		})
	}
	if seat := p.seat(t, demo.ID, "p-7", "closes"); seat.Session == nil || seat.Session.OpenAt(p.now()) {
		t.Errorf("the seat has %+v", seat.Session)
	}
	for _, do := range []func() error{
		func() error { _, err := p.CloseSession(t.Context(), "demo", "nosuch"); return err },
		func() error { _, err := p.AcknowledgeSession(t.Context(), "demo", "\x00"); return err },
	} {
		wantCode(t, do(), "unknown_session", "")
	}
	_, err := p.CloseSession(t.Context(), "nobody", "stays")
	wantCode(t, err, "not_found", "")
}

func TestRealityCheck(t *testing.T) {
	t.Parallel()
	p := setup(t)
	demo, _ := p.create(t, "demo")
	p.bind(t, "demo", "p-7")
	p.open(t, "demo", "p-7", "s")
	due := func() bool {
		t.Helper()
		return p.seat(t, demo.ID, "p-7", "s").RealityCheckDue(p.now())
	}
	if p.pass(2 * time.Hour); due() {
		t.Error("it is due without an interval")
	}
	if _, err := p.SetLimits(t.Context(), "demo", "p-7", gameprovider.LimitsChange{RealityCheck: new(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if !due() {
		t.Error("it is not due after two hours")
	}
	checked, err := p.AcknowledgeSession(t.Context(), "demo", "s")
	if err != nil || !checked.CheckedAt.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("got %+v, %v", checked, err)
	}
	if p.pass(time.Hour - time.Microsecond); due() {
		t.Error("it is due before an hour has passed again")
	}
	if p.pass(time.Microsecond); !due() {
		t.Error("it is not due after an hour")
	}
	if seat := p.seat(t, demo.ID, "p-7", ""); seat.RealityCheckDue(p.now()) {
		t.Error("it is due without a session")
	}
	// A clock that goes back takes nothing back.
	p.pass(-2 * time.Hour)
	if again, err := p.AcknowledgeSession(t.Context(), "demo", "s"); err != nil || again != checked {
		t.Errorf("got %+v, %v; want %+v", again, err, checked)
	}
	p.wantTrail(t, "session.check", 1)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	p := setup(t)
	for _, provider := range []string{"a", "b"} {
		p.create(t, provider)
		p.bind(t, provider, "p1")
	}
	p.bind(t, "a", "p2")
	p.open(t, "a", "p1", "a11")
	p.pass(time.Hour)
	for _, s := range [][3]string{{"a", "p2", "a21"}, {"a", "p1", "a12"}, {"b", "p1", "b11"}} {
		p.open(t, s[0], s[1], s[2])
	}
	if _, err := p.CloseSession(t.Context(), "a", "a12"); err != nil {
		t.Fatal(err)
	}
	p.pass(gameprovider.DefaultTTL - time.Hour) // the first one expires
	for _, tt := range []struct {
		name   string
		filter gameprovider.SessionFilter
		want   []string
	}{
		{"All", gameprovider.SessionFilter{}, []string{"a11", "a21", "a12", "b11"}},
		{"OfAProvider", gameprovider.SessionFilter{Provider: "a"}, []string{"a11", "a21", "a12"}},
		{"OfAPlayer", gameprovider.SessionFilter{Provider: "a", PlayerID: "p1"}, []string{"a11", "a12"}},
		{"OfANameAnywhere", gameprovider.SessionFilter{PlayerID: "p1"}, []string{"a11", "a12", "b11"}},
		{"Open", gameprovider.SessionFilter{Open: true}, []string{"a21", "b11"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for cursor, more := "", true; more; more = cursor != "" {
				page, err := p.Sessions(t.Context(), tt.filter, cursor, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range page.Items {
					got = append(got, s.SessionID)
				}
				cursor = page.Next
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sessions (-want +got):\n%s", diff)
			}
		})
	}
	_, err := p.Sessions(t.Context(), gameprovider.SessionFilter{}, "?", 0)
	wantCode(t, err, "invalid_request", "cursor")
	_, err = p.Sessions(t.Context(), gameprovider.SessionFilter{PlayerID: "\x00"}, "", 0)
	wantCode(t, err, "invalid_request", "player_id")
	_, err = p.Sessions(t.Context(), gameprovider.SessionFilter{Provider: "c"}, "", 0)
	wantCode(t, err, "not_found", "")
}
