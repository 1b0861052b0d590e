package console_test

import (
	"net/http"
	"strings"
	"testing"

	"disburse/gateway/operator"
)

// The card of the stand's payouts, as it stands on no page that did not ask.
const payoutCard = "5536914080004004"

func TestPayoutIsPaidAtTheDesk(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	id := s.waiting("order-1")
	at := "/payouts/" + id
	anna, boris, looker := s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator), s.clerk(operator.RoleViewer)

	looker.post("/payouts/claim").wants(t, http.StatusForbidden, "")
	anna.post("/payouts/claim").wants(t, http.StatusSeeOther, at)
	boris.post(at+"/claim").wants(t, http.StatusConflict, "")
	t.Run("RequisiteIsShownToItsHolderAlone", func(t *testing.T) {
		lacks(t, anna.read(at), payoutCard, "5536 9140 8000 4004")
		boris.post(at+"/requisite").wants(t, http.StatusConflict, "")
		looker.post(at+"/requisite").wants(t, http.StatusForbidden, "")
		if n := s.deeds("payout.requisite", id); n != 0 {
			t.Errorf("%d looks are recorded before there was one", n)
		}
		holds(t, anna.post(at+"/requisite").text, "5536 9140 8000 4004", `data-copy="`+payoutCard+`"`)
		lacks(t, anna.read(at+"/requisite", "Hx-Request", "true"), payoutCard)
		if n := s.deeds("payout.requisite", id); n != 1 {
			t.Errorf("%d looks are recorded, want 1", n)
		}
	})
	t.Run("Receipt", func(t *testing.T) {
		csrf := anna.token.CSRF()
		const large = 3 << 20
		for name, tt := range map[string]struct {
			by     *clerk
			csrf   string
			file   []byte
			status int
		}{
			"ErrOthersClaim": {boris, boris.token.CSRF(), pdf(large), http.StatusConflict},
			"ErrViewer":      {looker, looker.token.CSRF(), pdf(large), http.StatusForbidden},
			"ErrForeign":     {anna, boris.token.CSRF(), pdf(large), http.StatusForbidden},
			"ErrTooLarge":    {anna, csrf, pdf(5<<20 + 1), http.StatusUnprocessableEntity},
			"ErrNoReceipt":   {anna, csrf, []byte("hello"), http.StatusUnprocessableEntity},
			"Taken":          {anna, csrf, pdf(large), http.StatusOK},
		} {
			if p := tt.by.upload(at+"/receipts", tt.file, tt.csrf); p.status != tt.status {
				t.Errorf("%s: %d %s, want %d", name, p.status, p.text, tt.status)
			}
		}
		holds(t, anna.read(at), "application/pdf", anna.email)
	})
	boris.post(at+"/complete").wants(t, http.StatusConflict, "")
	anna.post(at+"/complete", "note", "done", "cheque_urls", "https://bank.example/1 https://bank.example/2").wants(t, http.StatusSeeOther, at)
	t.Run("PageTellsWhatHappened", func(t *testing.T) {
		page := looker.read(at)
		holds(t, page, "successful", "claimed", "receipt", "successful", "done", "payout settle", "/books/accounts/", "the house", "payout.successful", "webhook-id: evt_", "https://bank.example/2")
		lacks(t, page, payoutCard, "Send again", "Claim this one", "live/mer_")
	})
	t.Run("CallbackIsSentAgain", func(t *testing.T) {
		_, rest, _ := strings.Cut(looker.read(at), "webhook-id: ")
		callback, _, _ := strings.Cut(rest, "\n")
		looker.post(at+"/callbacks/"+callback+"/resend").wants(t, http.StatusForbidden, "")
		anna.post(at+"/callbacks/"+callback+"/resend").wants(t, http.StatusSeeOther, at)
		anna.post(at+"/callbacks/evt_nothing/resend").wants(t, http.StatusNotFound, "")
		if n := s.deeds("callback.resend", callback); n != 1 {
			t.Errorf("%d resends are recorded, want 1", n)
		}
	})
}

func TestRejectingNeedsAReason(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	at := "/payouts/" + s.waiting("order-1")
	anna := s.clerk(operator.RoleOperator)
	anna.post(at+"/claim").wants(t, http.StatusSeeOther, at)
	for _, reason := range []string{"", "  \n "} {
		anna.post(at+"/reject", "reason", reason).wants(t, http.StatusUnprocessableEntity, "")
	}
	anna.post(at+"/reject", "reason", "card "+payoutCard+" is closed").wants(t, http.StatusSeeOther, at)
	page := anna.read(at)
	holds(t, page, "rejected gate", "card ****4004 is closed", "payout release")
	lacks(t, page, payoutCard)
}

func TestHandingOver(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	id := s.waiting("order-1")
	at := "/payouts/" + id
	anna, boris, looker := s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator), s.clerk(operator.RoleViewer)
	idOf := func(c *clerk) string {
		o, err := s.app.Operators.ByID(t.Context(), c.email)
		s.must(err)
		return o.ID
	}
	anna.post(at+"/pass", "to", idOf(boris)).wants(t, http.StatusConflict, "") // she has no claim
	anna.post(at+"/claim").wants(t, http.StatusSeeOther, at)
	for name, to := range map[string]string{"ErrViewer": idOf(looker), "ErrSelf": idOf(anna), "ErrNobody": "opr_none"} {
		if p := anna.post(at+"/pass", "to", to); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	anna.post(at+"/pass", "to", idOf(boris), "note", "the bank of "+payoutCard+" is down").wants(t, http.StatusSeeOther, "/payouts")
	page := boris.read(at)
	holds(t, page, "the bank of ****4004 is down", "handed over", "received", boris.email)
	lacks(t, page, payoutCard)
	anna.post(at+"/renew").wants(t, http.StatusConflict, "")
	boris.post(at+"/renew").wants(t, http.StatusSeeOther, at)
	boris.post(at+"/pass", "note", "not mine").wants(t, http.StatusSeeOther, "/payouts")
	holds(t, anna.read(at), "not mine", "released")
	anna.post("/payouts/claim").wants(t, http.StatusSeeOther, at)
	if n := s.deeds("payout.handed_over", id); n != 1 {
		t.Errorf("%d hand-overs are recorded, want 1", n)
	}
}

func TestQueueOfPayouts(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	first, second, third := s.waiting("a-1"), s.waiting("b-2"), s.waiting("c-3")
	anna, looker := s.clerk(operator.RoleOperator), s.clerk(operator.RoleViewer)
	t.Run("OldestFirst", func(t *testing.T) {
		inOrder(t, looker.read("/payouts"), first, second, third)
		lacks(t, looker.read("/payouts"), "Claim next", `action="/console/payouts/`)
	})
	t.Run("ClaimNextTakesWhatTheFilterShows", func(t *testing.T) {
		anna.post("/payouts/claim", "currency", "eur").wants(t, http.StatusSeeOther, "/payouts")
		anna.post("/payouts/claim", "mode", "sandbox").wants(t, http.StatusSeeOther, "/payouts")
		anna.post("/payouts/claim", "currency", "rub", "min_amount", "1500.01").wants(t, http.StatusSeeOther, "/payouts")
		anna.post("/payouts/claim", "currency", "rub", "max_amount", "1500.00", "merchant", "shop").wants(t, http.StatusSeeOther, "/payouts/"+first)
	})
	t.Run("Mine", func(t *testing.T) {
		mine := anna.read("/payouts?view=mine")
		holds(t, mine, first, "Work on it")
		lacks(t, mine, second)
	})
	t.Run("Search", func(t *testing.T) {
		for query, want := range map[string]string{"?q=b-": second, "?view=all&q=" + third: third, "?view=all&q=4004&claimed_by=": first, "?view=all&status=expectation": second} {
			holds(t, looker.read("/payouts"+query), want)
		}
		lacks(t, looker.read("/payouts?q=b-"), first, third)
	})
	t.Run("PartIsRowsAlone", func(t *testing.T) {
		part := looker.read("/payouts/list", "Hx-Request", "true")
		holds(t, part, second)
		lacks(t, part, "<html", "<h1>")
	})
	t.Run("WhatIsWrongIsSaid", func(t *testing.T) {
		for _, query := range []string{"?merchant=nobody", "?min_amount=5", "?view=all&from=yesterday", "?view=all&cursor=x", "?currency=zzz"} {
			looker.get("/payouts"+query).wants(t, http.StatusUnprocessableEntity, "")
		}
	})
	t.Run("PageTellsThatItIsOld", func(t *testing.T) {
		at := "/payouts/" + second
		_, rest, _ := strings.Cut(looker.read(at), at+"/now?shown=")
		shown, _, _ := strings.Cut(rest, `"`)
		lacks(t, looker.read(at+"/now?shown="+shown), "Something has changed")
		anna.post(at+"/claim").wants(t, http.StatusSeeOther, at)
		holds(t, looker.read(at+"/now?shown="+shown), "Something has changed", "claimed")
	})
}
