package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"disburse/gateway/fx"
	"disburse/gateway/operator"
	"disburse/ledger"
	"disburse/ledger/money"
)

func TestStatementHasTheBalanceAfterEachTransfer(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "100.00")
	s.topUp("acme", "20.50")
	account := s.account(m.ID, ledger.PurposeAvailable)
	path := fmt.Sprintf("/books/accounts/%d", account.ID)
	c := s.clerk(operator.RoleViewer)

	t.Run("NewestFirst", func(t *testing.T) {
		holds(t, c.read(path), "acme", "120.500000 USDT", "merchant top up", "+20.500000", "120.500000", "+100.000000", "100.000000")
	})
	t.Run("PeriodHasBalancesAtItsEnds", func(t *testing.T) {
		today := time.Now().UTC().Format(time.DateOnly)
		holds(t, c.read(path+"?from="+today+"&to="+today), "Balance before the period", "0.000000 USDT", "Balance after the period", "120.500000 USDT")
		tomorrow := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
		holds(t, c.read(path+"?from="+tomorrow), "Balance before the period", "120.500000 USDT", "Nothing moved.")
	})
	t.Run("OtherSideShowsTheMoneyLeaving", func(t *testing.T) {
		house := s.account(ledger.House, ledger.PurposeExternal)
		holds(t, c.read(fmt.Sprintf("/books/accounts/%d", house.ID)), "the house", "-20.500000", "-120.500000")
	})
	t.Run("ErrDay", func(t *testing.T) {
		p := c.get(path + "?from=yesterday")
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", p.status)
		}
		holds(t, p.text, "must be a day such as 2026-01-31")
	})
	t.Run("ErrNoAccount", func(t *testing.T) {
		for _, id := range []string{"999", "0", "-1", "x", "99999999999999999999"} {
			if p := c.get("/books/accounts/" + id); p.status != http.StatusNotFound {
				t.Errorf("account %s: status %d", id, p.status)
			}
		}
	})
}

func TestStatementPagesMeet(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "1.00")
	for range 54 {
		s.topUp("acme", "1.00")
	}
	c := s.clerk(operator.RoleViewer)
	path := fmt.Sprintf("/books/accounts/%d", s.account(m.ID, ledger.PurposeAvailable).ID)
	first := c.read(path)
	holds(t, first, "55.000000", `>6.000000<`)
	lacks(t, first, `>5.000000<`, `rel="first"`)
	_, after, _ := strings.Cut(first, `rel="next"`)
	if after == "" {
		t.Fatal("there is no way to the next page")
	}
	link := first[strings.LastIndex(first[:len(first)-len(after)], `href="`)+6:]
	link = strings.TrimPrefix(link[:strings.Index(link, `"`)], "/console")
	second := c.read(link)
	holds(t, second, `>5.000000<`, `>1.000000<`, `rel="first"`)
	lacks(t, second, `>6.000000<`, `rel="next"`)
}

func TestAccountsAreFiltered(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "100.00")
	s.merchant("other", "5.00")
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/books"), "the house", "-105.000000", "acme", "other")
	for _, filter := range []string{"?owner=acme", "?owner=" + m.ID, "?owner=acme&purpose=available&mode=live"} {
		text := c.read("/books" + filter)
		holds(t, text, "acme", "100.000000")
		lacks(t, text, "other</a>", "-105.000000")
	}
	holds(t, c.read("/books?owner=nobody"), "There are no such accounts.")
	if p := c.get("/books?cursor=!"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong cursor: status %d", p.status)
	}
}

func TestTransferShowsWhatWasPostedWithIt(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "100.00")
	usdt := func(text string) money.Money {
		amount, err := money.Parse(text, money.USDT)
		s.must(err)
		return amount
	}
	const reference = "payout:po_01m7zck07nkncvevnf2955p5hx:end"
	_, err := s.app.Ledger.Post(t.Context(), ledger.PayoutHold("hold", ledger.Live, m.ID, usdt("10.10")))
	s.must(err)
	_, err = s.app.Ledger.Post(t.Context(), ledger.PayoutSettle(reference, ledger.Live, m.ID, usdt("10"), usdt("0.10")))
	s.must(err)
	legs, err := s.app.Ledger.TransfersByReference(t.Context(), reference)
	s.must(err)
	c := s.clerk(operator.RoleViewer)

	text := c.read(fmt.Sprintf("/books/transfers/%d", legs[0].ID))
	holds(t, text, "10.000000 USDT", "payout settle", "acme", "held", "0.100000 USDT", "settlement", reference,
		`/console/payouts/po_01m7zck07nkncvevnf2955p5hx"`, "Posted together with it", fmt.Sprint(legs[1].ID), "fees", "0.100000 USDT")
	t.Run("FoundByReference", func(t *testing.T) {
		holds(t, c.read("/books/transfers?of="+reference), "10.000000 USDT", "0.100000 USDT")
	})
	t.Run("FoundByNumber", func(t *testing.T) {
		if p := c.get(fmt.Sprintf("/books/transfers?of=%d", legs[0].ID)); p.where != fmt.Sprintf("/books/transfers/%d", legs[0].ID) {
			t.Errorf("sent to %q", p.where)
		}
	})
	t.Run("ErrNone", func(t *testing.T) {
		holds(t, c.read("/books/transfers?of=nothing"), "No transfer has this reference.")
		holds(t, c.read("/books/transfers?of=po_01m7zck07nkncvevnf2955p5hx"), "No transfer has this reference.")
		if p := c.get("/books/transfers/999"); p.status != http.StatusNotFound {
			t.Errorf("status %d", p.status)
		}
	})
}

func TestProofOfTheBooks(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	s.merchant("acme", "100.00")
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/books/verify"), "This process has not proved the books yet.")
	begin := func() string {
		t.Helper()
		if p := c.post("/books/verify"); p.where != "/books/verify" {
			t.Fatalf("status %d, sent to %q", p.status, p.where)
		}
		for deadline := time.Now().Add(30 * time.Second); ; {
			text := c.read("/books/verify/now", "Hx-Request", "true")
			if !strings.Contains(text, "hx-get") {
				return text
			}
			if time.Now().After(deadline) {
				t.Fatal("the proof does not end")
			}
		}
	}
	text := begin()
	holds(t, text, "The books are clean.", c.email, "Transfers</dt><dd>1<", "Begin a proof")
	lacks(t, text, "<html")
	t.Run("ErrNotClean", func(t *testing.T) {
		s.exec(`alter table ledger_accounts disable trigger all`)
		s.exec(`update ledger_accounts set balance = balance + 1 where purpose = 'available'`)
		holds(t, begin(), "The books are not clean: 2 problems.", "stores 100000001", "sum to 1")
		holds(t, c.read("/books"), "not clean")
		holds(t, c.read("/exceptions"), "The books are not clean: 2 problems.")
	})
}

func TestExceptionsOfEveryKind(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "1000.00")
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/exceptions"), "Nothing waits for a decision.")

	_, err := s.app.Rates.Set(t.Context(), fx.Change{Currency: "rub", Value: decimal.NewFromInt(97)})
	s.must(err)
	unknown, stuck := s.payout(m, "order-unknown"), s.payout(m, "order-stuck")
	late := s.payout(m, "order-late")
	s.payout(m, "order-well")
	s.exec(`update payouts set executor = 'bank', stage = 'unknown', sent_at = now(), look_at = now() where id = $1`, unknown.ID)
	unapproved := s.payout(m, "order-unapproved")
	s.exec(`update payouts set stage = 'awaiting_approval', created_at = now() - interval '99 days', completed_at = now() - interval '98 days',
		completed_by = 'operator:opr_nobody' where id = $1`, unapproved.ID)
	s.exec(`update payouts set executor = 'bank', stage = 'sent', sent_at = now(), look_at = now(), created_at = now() - interval '2 hours',
		expires_at = now() - interval '1 hour' where id = $1`, stuck.ID)
	s.exec(`update payouts set status = 'rejected_timeout', ended_at = now() - interval '1 minute', ended_by = 'system', late_outcome = 'paid', created_at = now() - interval '2 minutes' where id = $1`, late.ID)
	s.stage("evt_dead", m.ID, "order-dead", `{}`)
	s.kill("evt_dead")
	s.exec(`update callback_events set created_at = now() - interval '1 day' where id = 'evt_dead'`)
	s.exec(`insert into rates (currency, value, source, max_age_seconds, set_at) values ('eur', 9215, 'feed', 3600, now() - interval '3 days')`)

	text := c.read("/exceptions")
	inOrder(t, text, "What is wrong", "For", "With what", "Whose", "Amount", "What to do", // and the one first that has waited longest
		"unapproved", "second person", "order-unapproved", "take the report back",
		"stale rate", "eur", "0.9215", "Set the rate anew",
		"dead letters", "/callbacks?state=dead", "send them again",
		"stuck", "order-stuck", "acme", "Ask the executor why",
		"late paid", "order-late", "although it was paid",
		"unknown", "order-unknown", "report it as paid or reject it")
	if rows, clocks := strings.Count(text, "<tr>")-1, strings.Count(text, "data-age"); rows != clocks || rows != 6 {
		t.Errorf("%d exceptions have %d clocks", rows, clocks)
	}
	lacks(t, text, "order-well", "97.0000", "Nothing waits for a decision.")
	t.Run("OfPayoutsAlone", func(t *testing.T) {
		text := c.read("/exceptions?about=payouts")
		holds(t, text, "order-stuck", "order-late", "order-unknown")
		lacks(t, text, "stale rate", "dead letters")
	})
	t.Run("OfCardsAlone", func(t *testing.T) {
		text := c.read("/exceptions?about=cards")
		holds(t, text, "No operation of a virtual card has an exception.")
		lacks(t, text, "order-late")
	})
	t.Run("ErrCursor", func(t *testing.T) {
		if p := c.get("/exceptions?about=payouts&cursor=x"); p.status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", p.status)
		}
	})
}
