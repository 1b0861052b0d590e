package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"disburse/ledger"
)

func TestLedgerVerify(t *testing.T) {
	t.Parallel()
	t.Run("Clean", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		says(t, s.ok("ledger", "verify"), "clean\n", "head seal  -")
		s.merchant("acme", ledger.Live)
		s.payout("acme", "order-1")
		says(t, s.ok("ledger", "seal"), "Sealed 2 transfers")
		s.payout("acme", "order-2")
		report := s.object("ledger", "verify")
		if report["clean"] != true || report["transfers"] != 3.0 || report["seals"] != 1.0 || report["unsealed"] != 1.0 || report["problems_found"] != 0.0 {
			t.Errorf("got %v", report)
		}
		says(t, s.ok("ledger", "verify"), "clean\n", text(t, report, "head"))
		if sealed := s.object("ledger", "seal"); sealed["sealed_transfers"] != 1.0 {
			t.Errorf("got %v", sealed)
		}
	})
	t.Run("DamageIsTold", func(t *testing.T) {
		t.Parallel()
		s := openSite(t)
		s.merchant("acme", ledger.Live)
		s.payout("acme", "order-1")
		if _, err := s.pool.Exec(t.Context(), "update ledger_accounts set balance = balance + 1 where purpose = 'available'"); err != nil {
			t.Fatal(err)
		}
		out, onErr, status := s.run("ledger", "verify")
		if status != 1 || onErr != "" {
			t.Errorf("status %d, stderr %q; want 1 and nothing", status, onErr)
		}
		says(t, out, "NOT CLEAN", "available/USDT stores 984401201")
		asJSON, _, status := s.run("ledger", "verify", "--json")
		if status != 1 {
			t.Errorf("status %d with --json", status)
		}
		says(t, asJSON, `"clean":false`, `"problems":[`)
	})
}

func TestProgressIsQuietInAPipe(t *testing.T) {
	t.Parallel()
	if progress(&bytes.Buffer{}, "things") != nil {
		t.Error("it writes to what is no file")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	if progress(write, "things") != nil {
		t.Error("it writes to a pipe")
	}
}

func TestLedgerReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	says(t, s.ok("ledger", "accounts"), "There are no such accounts")
	m := s.merchant("acme", ledger.Live).Merchant
	p := s.payout("acme", "order-1")
	s.ok("payout", "complete", p.ID)

	out := s.ok("ledger", "accounts", "--merchant", "acme")
	says(t, out, "live/"+m.ID+"/available/USDT", "984.401200 USDT", "live/"+m.ID+"/held/USDT")
	if house := s.items("ledger", "accounts", "--owner", "house", "--purpose", "fees"); len(house) != 1 || house[0]["balance"] != "0.154500" {
		t.Errorf("got %v", house)
	}
	if none := s.items("ledger", "accounts", "--mode", "sandbox"); len(none) != 0 {
		t.Errorf("got %v", none)
	}
	page := s.object("ledger", "accounts", "--limit", "1")
	if rest := s.items("ledger", "accounts", "--cursor", text(t, page, "next_cursor")); len(rest) != 4 {
		t.Errorf("got %d accounts on the second page, want 4", len(rest))
	}
	available := s.items("ledger", "accounts", "--merchant", "acme", "--purpose", "available")[0]
	number := strconv.Itoa(int(available["id"].(float64)))
	byNumber, byName := s.ok("ledger", "statement", number), s.ok("ledger", "statement", "live/acme/available/usdt")
	if byNumber != byName || byName != s.ok("ledger", "statement", "live/"+m.ID+"/available/USDT") {
		t.Errorf("by number %q, by name %q", byNumber, byName)
	}
	says(t, byNumber, "-15.598800", "984.401200", "1000.000000", "payout_hold", "merchant_top_up", "topup:"+m.ID+":start")
	first := s.object("ledger", "statement", number, "--limit", "1")
	if rest := s.items("ledger", "statement", number, "--cursor", text(t, first, "next_cursor")); len(rest) != 1 || rest[0]["flow"] != "merchant_top_up" {
		t.Errorf("got %v", rest)
	}
	says(t, s.ok("ledger", "statement", number, "--to", "2020-01-01"), "Nothing moved")

	transfers := s.items("ledger", "transfers", p.ID)
	if len(transfers) != 3 {
		t.Fatalf("got %v, want a hold, a settlement and a fee", transfers)
	}
	hold := strconv.Itoa(int(transfers[0]["id"].(float64)))
	if one := s.items("ledger", "transfers", hold); len(one) != 1 || one[0]["flow"] != "payout_hold" {
		t.Errorf("got %v", one)
	}
	if both := s.items("ledger", "transfers", "topup:"+m.ID+":start", hold); len(both) != 2 {
		t.Errorf("got %v", both)
	}
	says(t, s.ok("ledger", "transfers", "no such reference"), "No transfer has this reference")

	s.fails(1, "there is no such account", "ledger", "statement", "999")
	s.fails(1, "there is no such account", "ledger", "statement", "live/acme/fees/USDT")
	s.fails(2, "MODE/OWNER/PURPOSE/CURRENCY", "ledger", "statement", "acme")
	s.fails(1, "there is no transfer 999", "ledger", "transfers", "999")
	s.fails(2, "--cursor is not one", "ledger", "accounts", "--cursor", "???")
	s.fails(2, "--mode must be", "ledger", "accounts", "--mode", "test")
	s.fails(2, "not both", "ledger", "accounts", "--merchant", "acme", "--owner", "house")
	if strings.Contains(out, "house") {
		t.Error("the merchant's accounts include the house's")
	}
}
