package gamewallet_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/fault"
	"disburse/gateway/gameprovider"
	"disburse/gateway/gamewallet"
)

func TestTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	s, other := w.sit(10000), w.sitAt(w.newProvider("other", gameprovider.DefaultProfile), 10000)
	bet, undone := s.bet(100), s.bet(200)
	s.ok(bet, 9900)
	w.advance(time.Minute)
	s.ok(undone, 9700)
	w.advance(time.Minute)
	s.ok(s.win(bet, 50), 9750)
	s.ok(s.undo(undone), 9950)
	lost := s.bet(1)
	s.refused(s.undo(lost), "ERROR_ROLLBACK_TRANSACTION_NOT_FOUND")
	theirs := other.bet(300)
	other.ok(theirs, 9700)

	list := func(f gamewallet.Filter) []string {
		t.Helper()
		var kinds []string
		cursor := ""
		for {
			page, err := w.Transactions(ctx, f, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				kinds = append(kinds, string(item.Kind)+" "+string(item.State)+" "+item.Amount)
			}
			if page.NextCursor == nil {
				return kinds
			}
			cursor = *page.NextCursor
		}
	}
	const (
		aBet, aWin, anUndone, anUndo = "withdraw settled 1.00", "deposit done 0.50", "withdraw rolled_back 2.00", "rollback done 2.00"
		aTombstone, aMiss, aTheirs   = "tombstone barred 0.00", "rollback not_found 0.00", "withdraw open 3.00"
	)
	for name, tc := range map[string]struct {
		filter gamewallet.Filter
		want   []string
	}{
		"All":        {gamewallet.Filter{}, []string{aTheirs, aMiss, aTombstone, anUndo, aWin, anUndone, aBet}},
		"OfProvider": {gamewallet.Filter{Provider: "other"}, []string{aTheirs}},
		"OfPlayer":   {gamewallet.Filter{Provider: "demo", Player: s.player}, []string{aMiss, aTombstone, anUndo, aWin, anUndone, aBet}},
		"OfRound":    {gamewallet.Filter{Round: bet.RoundID}, []string{aWin, aBet}},
		"OfALostBet": {gamewallet.Filter{Round: lost.RoundID}, []string{aMiss, aTombstone}},
		"From":       {gamewallet.Filter{Provider: "demo", From: startOfTests().Add(time.Minute), To: startOfTests().Add(2 * time.Minute)}, []string{anUndone}},
		"Nobodys":    {gamewallet.Filter{Player: "nobody"}, nil},
		"NoName":     {gamewallet.Filter{Provider: "a\x00"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := list(tc.filter)
			if len(tc.want) > 3 { // those of one moment come in the order they were written in, which the tombstone's two are not
				got, tc.want = sorted(got), sorted(tc.want)
			}
			if diff := cmp.Diff(sorted(tc.want), sorted(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for _, cursor := range []string{"x", "1", "1.", ".1", "zzzzzzzzzzzz.1", "1.-1", "1.0"} {
		if _, err := w.Transactions(ctx, gamewallet.Filter{}, cursor, 2); fault.From(err).Kind != fault.InvalidInput {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	page, err := w.Transactions(ctx, gamewallet.Filter{Provider: "other"}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var shown map[string]any
	if err := json.Unmarshal(must(json.Marshal(page.Items[0])), &shown); err != nil {
		t.Fatal(err)
	}
	delete(shown, "id")
	want := map[string]any{
		"provider": "other", "player_id": other.player, "user_id": float64(other.user), "kind": "withdraw", "state": "open",
		"transaction_id": theirs.TransactionID, "withdraw_transaction_id": nil, "game_id": game, "round_id": theirs.RoundID,
		"free_spins_campaign_id": nil, "amount": "3.00", "jackpot_amount": "0.00", "bonus_amount": "0.00", "currency": "RUB",
		"round_finished": false, "free_spins_consumed": nil, "created_at": "2026-03-04T12:02:00Z", "ended_at": nil,
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func sorted(list []string) []string {
	list = append([]string{}, list...)
	for i := range list { // as few as there are
		for j := range list[:i] {
			if list[i] < list[j] {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
	return list
}

func TestOpenRounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	s, other := w.sit(10000), w.sitAt(w.newProvider("other", gameprovider.DefaultProfile), 10000)
	old, undone, finished := s.bet(100), s.bet(100), s.bet(100)
	finished.RoundFinished = true
	for i, bet := range []gamewallet.BetRequest{old, undone, finished} {
		s.ok(bet, 9900-100*int64(i))
	}
	s.ok(s.undo(undone), 9800)
	theirs := other.bet(7)
	other.ok(theirs, 9993)
	w.advance(2 * time.Hour)
	fresh := s.bet(5)
	s.ok(fresh, 9795)
	for name, tc := range map[string]struct {
		filter gamewallet.RoundFilter
		want   []string
	}{
		"All":          {gamewallet.RoundFilter{}, []string{old.RoundID, undone.RoundID, finished.RoundID, theirs.RoundID, fresh.RoundID}},
		"Open":         {gamewallet.RoundFilter{Open: true, Provider: "demo"}, []string{old.RoundID}},
		"OpenForLong":  {gamewallet.RoundFilter{OpenOlderThan: time.Hour}, []string{old.RoundID, theirs.RoundID}},
		"OpenForMore":  {gamewallet.RoundFilter{OpenOlderThan: 2 * time.Hour}, nil},
		"OfAProvider":  {gamewallet.RoundFilter{OpenOlderThan: time.Hour, Provider: "other"}, []string{theirs.RoundID}},
		"OfNoProvider": {gamewallet.RoundFilter{Provider: "a\x00"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			cursor := ""
			for {
				page, err := w.Rounds(ctx, tc.filter, cursor, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range page.Items {
					got = append(got, item.RoundID)
				}
				if page.NextCursor == nil {
					break
				}
				cursor = *page.NextCursor
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	page, err := w.Rounds(ctx, gamewallet.RoundFilter{Provider: "other"}, "", 0)
	if err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	got := page.Items[0]
	got.ID = 0
	want := gamewallet.RoundView{
		Provider: "other", PlayerID: other.player, UserID: other.user, GameID: game, RoundID: theirs.RoundID,
		Bets: 1, Staked: "0.07", Won: "0.00", Currency: "RUB", OpenedAt: startOfTests(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, err := w.Rounds(ctx, gamewallet.RoundFilter{}, "-1", 0); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("a cursor of nobody: %v", err)
	}
	if _, err := w.Rounds(ctx, gamewallet.RoundFilter{OpenOlderThan: -1}, "", 0); fault.From(err).Kind != fault.InvalidInput {
		t.Errorf("a span below zero: %v", err)
	}
}
