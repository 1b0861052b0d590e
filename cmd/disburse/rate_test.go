package main

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("rate", "list"), "no rates yet")
	says(t, s.ok("rate", "set", "rub", "97.1234"), "One USDT is 97.1234 RUB", "for at most 24h.")
	set := s.object("rate", "set", "EUR", "0.9", "--max-age", "1h", "--source", "the bank")
	if set["currency"] != "eur" || set["rate"] != "0.9000" || set["max_age_seconds"] != 3600.0 || set["source"] != "the bank" || set["stale"] != false {
		t.Errorf("got %v", set)
	}
	says(t, s.ok("rate", "list"), "eur", "rub", "97.1234", "manual", "in use")
	s.fails(1, "with --confirm if 150 is right", "rate", "set", "rub", "150")
	says(t, s.ok("rate", "set", "rub", "150", "--confirm"), "150.0000 RUB")
	s.ok("rate", "set", "rub", "151")
	history := s.object("rate", "history", "rub", "--limit", "2")
	says(t, s.ok("rate", "history", "rub"), "97.1234", "150.0000", "151.0000")
	rest := s.items("rate", "history", "rub", "--cursor", text(t, history, "next_cursor"))
	if len(rest) != 1 || rest[0]["rate"] != "97.1234" {
		t.Errorf("the second page is %v", rest)
	}
	says(t, s.ok("rate", "history", "kwd"), "KWD never had a rate")

	s.fails(2, "RATE must be above zero", "rate", "set", "rub", "1e2")
	s.fails(2, "RATE must be above zero", "rate", "set", "rub", "97.12345")
	s.fails(1, "currency", "rate", "set", "xxx", "97.12")
	s.fails(2, "--max-age", "rate", "set", "rub", "97", "--max-age", "soon")
	if n := s.trail("rate.set"); n != 4 {
		t.Errorf("%d audit records, want 4", n)
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("capacity", "list"), "No method was ever bounded")
	says(t, s.ok("capacity", "set", "rub/sbp", "--max-open", "5", "--max-open-amount", "1000.00"),
		"rub/sbp takes at most 5 open payouts and at most 1000.00 RUB in open payouts")
	s.ok("capacity", "set", "rub/card", "--max-open", "0")
	says(t, s.ok("capacity", "list"), "rub/sbp", "1000.00 RUB", "rub/card", "none")
	kept := s.object("capacity", "set", "rub/sbp", "--max-open", "7")
	if kept["max_open"] != 7.0 || kept["max_open_amount"] != "1000.00" {
		t.Errorf("got %v, want the other bound kept", kept)
	}
	removed := s.object("capacity", "set", "rub/sbp", "--max-open-amount", "off")
	if removed["max_open"] != 7.0 || removed["max_open_amount"] != nil {
		t.Errorf("got %v, want the amount unbounded", removed)
	}
	says(t, s.ok("capacity", "set", "rub/sbp", "--max-open", "off"), "any number of open payouts")
	for _, item := range s.items("capacity", "list") {
		if item["method"] == "card" && item["max_open"] != 0.0 {
			t.Errorf("got %v, want a bound of zero", item)
		}
	}
	s.fails(2, "METHOD must be", "capacity", "set", "rub", "--max-open", "5")
	s.fails(2, "nothing to change", "capacity", "set", "rub/sbp")
	s.fails(2, "--max-open must be a whole number or off", "capacity", "set", "rub/sbp", "--max-open", "many")
	s.fails(2, "--max-open-amount must be an amount", "capacity", "set", "rub/sbp", "--max-open-amount", "1.001")
	s.fails(1, "max_open: must not be negative", "capacity", "set", "rub/sbp", "--max-open=-1")
	if n := s.trail("capacity.set"); n != 5 {
		t.Errorf("%d audit records, want 5", n)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Second: "1m30s", time.Minute: "1m", 10 * time.Minute: "10m", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m",
		time.Hour + time.Second: "1h0m1s", -time.Hour: "-1h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %s, want %s", d, got, want)
		}
	}
}
