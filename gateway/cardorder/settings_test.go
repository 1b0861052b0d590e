package cardorder_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/cardorder"
	"disburse/gateway/chat"
	"disburse/gateway/vault"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := w.as("admin")
	t.Run("Defaults", func(t *testing.T) {
		want := cardorder.LimitsView{
			MinAmountKopecks: 10000, MaxAmountKopecks: 5000000, WithdrawMinAmountKopecks: 10000, WithdrawMaxAmountKopecks: 5000000, Enabled: true,
		}
		if got, err := w.Limits(ctx); err != nil || cmp.Diff(want, got.View()) != "" {
			t.Errorf("%v %s", err, cmp.Diff(want, got.View()))
		}
	})
	change := cardorder.Change{
		DepositMin: new(int64(1)), DepositMax: new(int64(2)), WithdrawMin: new(int64(3)), WithdrawMax: new(int64(4)),
		CardNumber: new("2200 7000-1111 2222"), BankName: new("T-Bank"), HolderName: new("PLATFORM LLC"),
	}
	want := cardorder.LimitsView{
		PlatformCard:     cardorder.PlatformCardView{BankName: "T-Bank", CardNumber: "2200700011112222", HolderName: "PLATFORM LLC"},
		MinAmountKopecks: 1, MaxAmountKopecks: 2, WithdrawMinAmountKopecks: 3, WithdrawMaxAmountKopecks: 4, Enabled: true,
	}
	t.Run("Set", func(t *testing.T) {
		set, err := w.SetSettings(ctx, change)
		if err != nil || cmp.Diff(want, set.View()) != "" {
			t.Errorf("%v %s", err, cmp.Diff(want, set.View()))
		}
		if got, err := w.second.Limits(ctx); err != nil || cmp.Diff(want, got.View()) != "" {
			t.Errorf("%v %s", err, cmp.Diff(want, got.View()))
		}
	})
	t.Run("WhatIsNotNamedStays", func(t *testing.T) {
		want := want
		want.Enabled = false
		if set, err := w.SetSettings(ctx, cardorder.Change{Enabled: new(false)}); err != nil || cmp.Diff(want, set.View()) != "" {
			t.Errorf("%v %s", err, cmp.Diff(want, set.View()))
		}
	})
	t.Run("TheCardCanBeTakenAway", func(t *testing.T) {
		set, err := w.SetSettings(ctx, cardorder.Change{CardNumber: new("")})
		if err != nil || set.Card.CardNumber != "" || set.Card.BankName != "T-Bank" {
			t.Errorf("got %+v, %v", set, err)
		}
	})
	t.Run("ErrEveryFault", func(t *testing.T) {
		_, err := w.SetSettings(ctx, cardorder.Change{
			DepositMin: new(int64(0)), DepositMax: new(int64(-1)), WithdrawMin: new(int64(10)), WithdrawMax: new(int64(9)),
			CardNumber: new("12"), BankName: new(strings.Repeat("b", 129)), HolderName: new("\xff"),
		})
		wantCode(t, err, "invalid_request")
		if got := fields(err); got != "deposit_min deposit_max withdraw_max card_number bank_name holder_name" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("AuditedMasked", func(t *testing.T) {
		var records int
		var all string
		err := w.db.QueryRow(ctx, `select count(*), string_agg(l::text, '') from audit_log l where action = 'card_settings.set' and actor_id = 'admin'`).Scan(&records, &all)
		if err != nil || records != 3 || strings.Contains(all, "70001111") || !strings.Contains(all, "****2222") {
			t.Errorf("%d records, %v: %s", records, err, all)
		}
	})
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	old, fresh := vault.Generate("old"), vault.Generate("fresh")
	w.Service = w.service(w.books, must(vault.New(old)))
	if _, err := w.SetSettings(ctx, cardorder.Change{CardNumber: new("2200700011112222")}); err != nil {
		t.Fatal(err)
	}
	const orders = 5
	ids := make(map[int64]int64) // user by order
	for range orders {
		u := w.user(100000)
		ids[w.create(u, withdrawal(40000))] = u.ID
		w.create(u, deposit(40000)) // names no card
	}
	s := w.service(w.books, must(vault.New(fresh, old)))
	if n, err := s.SealedOtherwise(ctx); err != nil || n != orders+1 {
		t.Fatalf("%d sealed otherwise, %v", n, err)
	}
	total, after := 0, int64(0)
	for {
		next, changed, err := s.Reencrypt(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if total += changed; next == 0 {
			break
		}
		after = next
	}
	s = w.service(w.books, must(vault.New(fresh)))
	if n, err := s.SealedOtherwise(ctx); err != nil || n != 0 || total != orders+1 {
		t.Errorf("%d changed, %d left, %v", total, n, err)
	}
	for id, user := range ids {
		if o, err := s.ByID(ctx, user, id); err != nil || o.Details.CardNumber != cardNumber {
			t.Errorf("got %+v, %v", o, err)
		}
	}
	if terms, err := s.Limits(ctx); err != nil || terms.Card.CardNumber != "2200700011112222" {
		t.Errorf("got %+v, %v", terms, err)
	}
}

func TestNewServiceRefusesMissingDependencies(t *testing.T) {
	t.Parallel()
	_, err := cardorder.NewService(cardorder.Deps{Chat: &chat.Store{}})
	if err == nil || err.Error() != "cardorder: DB, Ledger, Users, Vault missing" {
		t.Errorf("got %v", err)
	}
}
