package console_test

import (
	"net/http"
	"testing"

	"disburse/gateway/idempotency"
	"disburse/gateway/operator"
)

func TestCardOrderAtTheDesk(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	_, id := s.withdrawal()
	at := "/card-orders/" + textOf(id)
	anna, boris, looker := s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator), s.clerk(operator.RoleViewer)
	holds(t, looker.read("/card-orders"), at, "user1", "1500.00", "****9012")
	looker.post(at+"/claim").wants(t, http.StatusForbidden, "")
	anna.post("/card-orders/claim").wants(t, http.StatusSeeOther, at)
	t.Run("CardIsShownToItsHolderAlone", func(t *testing.T) {
		for range 2 {
			lacks(t, anna.read(at), userCard, "2200 1234")
		}
		boris.post(at+"/requisite").wants(t, http.StatusConflict, "")
		holds(t, anna.post(at+"/requisite").text, `data-copy="`+userCard+`"`)
		if n := s.deeds("card_order.card_shown", textOf(id)); n != 1 {
			t.Errorf("%d looks are recorded, want 1", n)
		}
	})
	t.Run("HandedOver", func(t *testing.T) {
		o, err := s.app.Operators.ByID(t.Context(), boris.email)
		s.must(err)
		anna.post(at+"/pass", "to", o.ID, "note", "his bank calls "+userCard).wants(t, http.StatusSeeOther, "/card-orders")
		page := boris.read(at)
		holds(t, page, "his bank calls ****9012", "handed over", anna.email, boris.email)
		lacks(t, page, userCard)
		anna.post(at+"/pass").wants(t, http.StatusConflict, "")
		anna.post(at+"/cancel", "reason", "no").wants(t, http.StatusConflict, "")
	})
	boris.post(at+"/cancel").wants(t, http.StatusUnprocessableEntity, "")
	boris.post(at+"/complete").wants(t, http.StatusSeeOther, at)
	holds(t, looker.read(at), "completed", "card order settle")
	holds(t, looker.read("/card-orders?view=all&status=completed"), at)
	lacks(t, looker.read("/card-orders"), at)
	looker.get("/card-orders/999").wants(t, http.StatusNotFound, "")
	looker.get("/card-orders/x").wants(t, http.StatusNotFound, "")
}

func TestChatMarksWhatIsUnread(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	u, id := s.withdrawal()
	at := "/card-orders/" + textOf(id)
	anna, boris, looker := s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator), s.clerk(operator.RoleViewer)
	write := func(text string) {
		t.Helper()
		_, err := s.app.CardOrders.Say(t.Context(), u, id, text, idempotency.Key{})
		s.must(err)
	}
	write("hello <b>there</b>")
	write("use 2200 9876 5432 1000 please")
	const mark, two, first = `class="unread"`, `class="unread" title="Unread messages">2<`, `id="new"`
	holds(t, anna.read("/card-orders"), two)
	page := anna.read(at)
	holds(t, page, first, "hello &lt;b&gt;there", "use ****1000 please")
	lacks(t, page, "9876")
	t.Run("ReadByOneIsUnreadByOthers", func(t *testing.T) {
		lacks(t, anna.read("/card-orders"), mark)
		lacks(t, anna.read(at), first)
		holds(t, boris.read("/card-orders"), two)
	})
	t.Run("HolderReadsNumbers", func(t *testing.T) {
		anna.post(at+"/claim").wants(t, http.StatusSeeOther, at)
		holds(t, anna.read(at+"/chat"), "2200 9876 5432 1000")
		lacks(t, boris.read(at+"/chat"), "9876")
	})
	t.Run("WhatComesIsMarkedUntilThePageIsNew", func(t *testing.T) {
		write("are you there?")
		for range 2 {
			inOrder(t, anna.read(at+"/chat?since=2"), "please", first, "are you there?")
		}
		lacks(t, anna.read(at+"/chat"), first)
	})
	t.Run("BothWays", func(t *testing.T) {
		looker.post(at+"/messages", "message", "hi").wants(t, http.StatusForbidden, "")
		anna.post(at+"/messages", "message", "it is on its way").wants(t, http.StatusSeeOther, at+"#talk")
		anna.post(at+"/messages", "message", " ").wants(t, http.StatusUnprocessableEntity, "")
		found, _, err := s.app.CardOrders.Messages(t.Context(), u, id, 0, 0)
		s.must(err)
		if len(found) != 4 || found[3].Text != "it is on its way" {
			t.Errorf("the user reads %v", found)
		}
		lacks(t, boris.read("/card-orders"), `title="Unread messages">4<`) // operators' words count for nobody
	})
}

func TestDisputeIsResolved(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	d := s.dispute()
	at := "/disputes/" + textOf(d.id)
	judge, other, clerk := s.clerk(operator.RoleApprover), s.clerk(operator.RoleApprover), s.clerk(operator.RoleOperator)
	holds(t, clerk.read("/disputes"), at)
	clerk.post("/disputes/claim").wants(t, http.StatusForbidden, "")
	clerk.post(at+"/resolve", "to", "buyer", "note", "x").wants(t, http.StatusForbidden, "")
	judge.post(at+"/resolve", "to", "buyer", "note", "x").wants(t, http.StatusConflict, "")
	judge.post("/disputes/claim").wants(t, http.StatusSeeOther, at)
	t.Run("DetailsAreShownToTheirHolderAlone", func(t *testing.T) {
		lacks(t, judge.read(at), userCard)
		other.post(at+"/requisite").wants(t, http.StatusConflict, "")
		holds(t, judge.post(at+"/requisite").text, userCard)
		if n := s.deeds("p2p_dispute.details", textOf(d.id)); n != 1 {
			t.Errorf("%d looks are recorded, want 1", n)
		}
	})
	t.Run("HandedOver", func(t *testing.T) {
		o, err := s.app.Operators.ByID(t.Context(), clerk.email)
		s.must(err)
		judge.post(at+"/pass", "to", o.ID).wants(t, http.StatusUnprocessableEntity, "") // who may not resolve
		judge.post(at+"/pass", "note", "ask the bank").wants(t, http.StatusSeeOther, "/disputes")
		other.post("/disputes/claim").wants(t, http.StatusSeeOther, at)
		holds(t, other.read(at), "ask the bank", "released")
		holds(t, other.read("/disputes?view=mine"), at)
	})
	other.post(at+"/messages", "message", "show the receipt").wants(t, http.StatusSeeOther, at+"#talk")
	other.post(at+"/resolve", "to", "buyer").wants(t, http.StatusUnprocessableEntity, "")
	other.post(at+"/resolve", "to", "nobody", "note", "x").wants(t, http.StatusUnprocessableEntity, "")
	other.post(at+"/resolve", "to", "buyer", "note", "the receipt is good").wants(t, http.StatusSeeOther, at)
	holds(t, clerk.read(at), "completed", "show the receipt", "the receipt is good", "resolved to the buyer", "escrow release")
	lacks(t, clerk.read("/disputes"), at)
	b, err := s.app.Users.Balance(t.Context(), d.buyer.ID)
	s.must(err)
	if b.Available != 520_000 {
		t.Errorf("the buyer has %d", b.Available)
	}
}
