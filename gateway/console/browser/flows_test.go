package browser_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"disburse/gateway/audit"
	"disburse/gateway/operator"
	"disburse/ledger"
)

// send posts a form past the page, as somebody might who reads its source, and
// returns the status.
func (p *tab) send(path string, values map[string]string) int {
	p.t.Helper()
	p.expect(path)
	return eval[int](p, call("send", path, values))
}

// TestPayout is paid by hand: claimed, the requisite looked at, a receipt
// dropped on the page, completed, and the merchant told.
func TestPayout(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	order := unique("paid-")
	id := m.pay(t, order, "1500.00")
	p := s.at(t, operator.RoleOperator)
	p.open("/console/payouts?merchant=" + m.name)
	p.sees(order)
	p.follow("Claim next")
	p.sees("1500.00 rub", order, "Held by you")
	p.sayNot(cardNumber, "4276 3454 3958 1234")
	p.press("Show")
	p.sees("4276 3454 3958 1234", "It is hidden again after two minutes.")
	p.drop("receipt.png", "image/png", picture(t))
	p.sees("image/png")
	p.fill("note", "by the bank's app")
	p.follow("It is paid")
	p.sees("successful")

	body := m.told(t, order)
	cheques, _ := body["cheque_urls"].([]any)
	if body["status"] != "successful" || len(cheques) != 1 {
		t.Fatalf("the merchant is told %v", body)
	}
	receipt, err := http.Get(fmt.Sprint(cheques[0]))
	must(t, err)
	defer receipt.Body.Close()
	if receipt.StatusCode != http.StatusOK || receipt.Header.Get("Content-Type") != "image/png" {
		t.Errorf("the receipt is answered %s, %s", receipt.Status, receipt.Header.Get("Content-Type"))
	}
	p.open("/console/payouts/" + id)
	p.sees("delivered", "by the bank's app")
	if looks := s.recorded(t, "payout.requisite", id); looks == 0 {
		t.Error("looking at the requisite was not recorded")
	}
}

// recorded counts the audit records of a thing whose action has a beginning.
func (s stand) recorded(t *testing.T, action, subject string) (n int) {
	t.Helper()
	page, err := audit.List(t.Context(), s.app.DB, audit.Filter{SubjectID: subject, Limit: 100})
	must(t, err)
	for _, item := range page.Items {
		if strings.HasPrefix(item.Action, action) {
			n++
		}
	}
	return n
}

// TestReject gives a payout back with a reason.
func TestReject(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	order := unique("rejected-")
	id := m.pay(t, order, "700.00")
	p := s.at(t, operator.RoleOperator)
	p.open("/console/payouts/" + id)
	p.follow("Claim this one")
	p.press("Reject")
	p.fill("reason", "the bank refuses the card")
	p.follow("Reject")
	p.sees("rejected gate", "the bank refuses the card")
	if body := m.told(t, order); body["status"] != "rejected_gate" {
		t.Errorf("the merchant is told %v", body)
	}
}

// TestChat goes both ways, and says what is new without being asked.
func TestChat(t *testing.T) {
	t.Parallel()
	s := shared(t)
	u := s.register(t)
	id := u.order(t, "withdraw", 150_000)
	path := fmt.Sprintf("/card/orders/%d/messages", id)
	u.post(t, path, map[string]any{"message": "Where is my money?"})
	p := s.at(t, operator.RoleOperator)
	row := fmt.Sprintf(`[...document.querySelectorAll("main tr")].find((row) => row.querySelector("a[href$='/card-orders/%d']"))`, id)
	p.open("/console/card-orders")
	p.await("one unread message", row+`?.querySelector(".unread")?.textContent.trim().startsWith("1")`)

	p.open(fmt.Sprintf("/console/card-orders/%d", id))
	p.follow("Claim this one")
	p.sees("Where is my money?")
	p.fill("message", "On its way, a minute please")
	p.press("Send")
	p.sees("On its way, a minute please")
	said, _ := u.get(t, path)["messages"].([]any)
	if len(said) != 2 || said[1].(map[string]any)["message"] != "On its way, a minute please" {
		t.Errorf("the user reads %v", said)
	}
	u.post(t, path, map[string]any{"message": "Thank you, I wait"})
	p.sees("Thank you, I wait") // by itself
	p.open("/console/card-orders?view=mine")
	p.await("no unread message", `!!(`+row+`) && !(`+row+`).querySelector(".unread")`)

	p.open(fmt.Sprintf("/console/card-orders/%d", id))
	p.follow("It is paid")
	p.sees("completed")
	if status := u.get(t, fmt.Sprintf("/card/orders/%d", id))["status"]; status != "completed" {
		t.Errorf("the user's order is %v", status)
	}
}

// TestDispute is settled for the buyer.
func TestDispute(t *testing.T) {
	t.Parallel()
	s := shared(t)
	order, buyer, seller := s.quarrel(t)
	p := s.at(t, operator.RoleApprover)
	p.open(fmt.Sprintf("/console/disputes/%d", order))
	p.follow("Claim this one")
	p.sees("I have paid, he does not confirm")
	p.fill("message", "Please send the receipt")
	p.press("Send")
	p.sees("Please send the receipt")
	p.press("The buyer")
	p.fill("note", "the receipt is genuine")
	p.follow("Resolve")
	p.sees("completed", "the receipt is genuine")
	for _, u := range []person{buyer, seller} {
		if status := u.get(t, fmt.Sprintf("/p2p/orders/%d", order))["status"]; status != "completed" {
			t.Errorf("the order is %v", status)
		}
	}
	if got := number(t, buyer.get(t, "/users/me/balance"), "available"); got != 5_250_000 {
		t.Errorf("the buyer has %d kopecks, want the escrow too", got)
	}
}

// TestApproval is refused to who completed, and granted by somebody else.
func TestApproval(t *testing.T) {
	t.Parallel()
	s := shared(t)
	s.twoFrom(t)
	m := s.found(t, ledger.Live)
	order := unique("large-")
	id := m.pay(t, order, largeAmount)
	first, second := s.at(t, operator.RoleApprover), s.at(t, operator.RoleApprover)

	first.open("/console/payouts/" + id)
	first.follow("Claim this one")
	first.follow("It is paid")
	first.sees("awaiting approval", "A second person must agree")
	first.open("/console/approvals")
	link := fmt.Sprintf(`[...document.querySelectorAll("main tr")].find((row) => row.innerText.includes(%q))?.querySelector("a[href*='/approvals/']")?.getAttribute("href")`, m.name)
	first.await("the payout among the approvals", "!!"+link)
	approval := eval[string](first, link)
	first.open(approval)
	first.sees("another person must decide")
	if eval[bool](first, `[...document.querySelectorAll("main form")].some((form) => /approve$/.test(form.action))`) {
		t.Error("who completed is offered to approve")
	}
	if status := first.send(approval+"/approve", nil); status != http.StatusForbidden && status != http.StatusConflict {
		t.Errorf("who completed approves all the same: %d", status)
	}
	first.open("/console/payouts/" + id)
	first.sees("awaiting approval")

	second.open("/console/approvals")
	second.await("the payout among the approvals", "!!"+link)
	second.open(approval)
	second.sees(first.who)
	second.fill("Note for colleagues", "seen at the bank")
	second.follow("Approve")
	second.sees("Approved.")
	second.open("/console/payouts/" + id)
	second.sees("successful")
	if body := m.told(t, order); body["status"] != "successful" {
		t.Errorf("the merchant is told %v", body)
	}
}

// TestMerchant is taken on, given money, and pays out for the first time with
// the keys that were shown once.
func TestMerchant(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.at(t, operator.RoleAdmin)
	name := unique("newcomer")
	p.open("/console/merchants/new")
	p.fill("name", name)
	p.fill("mode", "live")
	p.fill("fee_bps", "150")
	p.follow("Make the merchant")
	p.sees("This is shown this once.")
	keys := eval[map[string]string](p, `Object.fromEntries([...document.querySelectorAll("dd[data-secret]")].map((dd) => [dd.previousElementSibling.innerText.trim(), dd.querySelector("[data-copy]").dataset.copy]))`)
	var signKey string
	for label, key := range keys {
		if strings.Contains(strings.ToLower(label), "sign") {
			signKey = key
		}
	}
	if len(keys) != 3 || signKey == "" {
		t.Fatalf("%d keys are shown, want three", len(keys))
	}
	p.follow("To the merchant")
	for _, key := range keys {
		p.sayNot(key)
	}
	p.open("/console/merchants/" + name + "/topup")
	p.fill("amount", "250.00")
	p.fill("ref", "invoice 1")
	p.follow("Top up")
	p.sees("250.0000")

	p.open("/console/payouts?merchant=" + name)
	m := shop{s: s, name: name, signKey: signKey}
	order := unique("first-")
	id := m.pay(t, order, "2000.00")
	p.sees(order) // by itself
	p.open("/console/payouts/" + id)
	p.sees(name, "2000.00 rub", "expectation")
}

// TestRoles see only what they may.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	id := m.pay(t, unique("seen-"), "1200.00")
	of := "/console/payouts/" + id

	viewer := s.at(t, operator.RoleViewer)
	viewer.open(of)
	viewer.sees("1234")
	viewer.sayNot(cardNumber, "4276 3454 3958 1234", "Claim this one", "Claim next", "It is paid")
	if eval[bool](viewer, `[...document.querySelectorAll(".menu a")].some((a) => /operators$/.test(a.href))`) {
		t.Error("a viewer's menu has the operators")
	}
	viewer.refused("/console/operators", http.StatusForbidden)
	viewer.sees("your role does not allow this")
	viewer.refused("/console/merchants/new", http.StatusForbidden)
	for _, path := range []string{of + "/claim", of + "/requisite", "/console/payouts/claim", "/console/merchants/new", "/console/merchants/" + m.name + "/disable"} {
		viewer.open("/console/account") // the forms of a page that may be seen carry the token
		if status := viewer.send(path, nil); status != http.StatusForbidden {
			t.Errorf("a viewer's POST to %s is answered %d", path, status)
		}
	}

	clerk := s.at(t, operator.RoleOperator)
	clerk.refused("/console/operators", http.StatusForbidden)
	clerk.open(of)
	clerk.sees("Claim this one")
	if status := clerk.send("/console/disputes/claim", nil); status != http.StatusForbidden {
		t.Errorf("an operator takes disputes: %d", status)
	}

	stranger := s.visit(t)
	stranger.open(of) // leads to signing in
	stranger.sees("Password")
	stranger.sayNot("1200.00")
}

// TestExport takes a list out as a file and holds its total against the books.
func TestExport(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	for _, amount := range []string{"1500.00", "2345.67", "99999.99"} {
		m.pay(t, unique("=exported-"), amount) // what a spreadsheet would take for a formula
	}
	d, err := s.app.Merchants.Show(t.Context(), m.name)
	must(t, err)
	p := s.at(t, operator.RoleViewer)
	p.open("/console/reports")
	p.await("the filter of the payouts", call("set", "#export-payouts [name=merchant]", m.name))
	name, content := p.download(func() { p.press("XLSX, Payouts") })
	if !strings.HasSuffix(name, ".xlsx") {
		t.Errorf("the file is called %s", name)
	}
	book, err := excelize.OpenReader(bytes.NewReader(content))
	must(t, err)
	defer func() { must(t, book.Close()) }()
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	must(t, err)
	if len(rows) != 4 {
		t.Fatalf("the file has %d rows, want a heading and three payouts", len(rows))
	}
	spent, order := slices.Index(rows[0], "merchant_spent_usdt"), slices.Index(rows[0], "order_id")
	if spent < 0 || order < 0 {
		t.Fatalf("the columns are %v", rows[0])
	}
	total := decimal.Zero
	for _, row := range rows[1:] {
		n, err := decimal.NewFromString(row[spent])
		must(t, err)
		total = total.Add(n)
		if !strings.HasPrefix(row[order], "'=") {
			t.Errorf("the order %q can start a formula", row[order])
		}
	}
	if held := d.Held.Fixed(ledger.USDTPlaces); !total.Equal(decimal.RequireFromString(held)) {
		t.Errorf("the payouts of the file add up to %s, the merchant holds %s", total, held)
	}
	if s.recorded(t, "export", "payouts.xlsx") == 0 {
		t.Error("nobody can tell who took the file")
	}
}

// TestMerchantsPages let somebody of a merchant in by password, and to their own
// merchant alone.
func TestMerchantsPages(t *testing.T) {
	t.Parallel()
	s := shared(t)
	mine, other := s.found(t, ledger.Live), s.found(t, ledger.Live)
	order := unique("mine-")
	id := mine.pay(t, order, "1750.00")
	foreign := other.pay(t, unique("foreign-"), "1750.00")
	person, password, err := s.app.People.Add(t.Context(), mine.name, unique("person")+"@shop.example")
	must(t, err)
	p := s.visit(t)
	p.who = person.Email
	p.open("/merchant/payouts/" + id)
	p.give(person.Email, string(password))
	p.sees(order, "1750.00")
	p.refused("/merchant/payouts/"+foreign, http.StatusNotFound)
	p.sayNot("foreign-")
	p.open("/merchant/")
	p.sees(mine.name, "99981.8") // 100 000 USDT, less what is held
	p.open("/console/")          // a session at one of the sites is none at the other
	p.sees("Password")

	p.open("/merchant/sandbox")
	p.follow("Make a sandbox")
	p.open("/merchant/sandbox")
	if eval[bool](p, `[...document.querySelectorAll("main button")].some((b) => b.innerText === "To the sandbox")`) {
		p.follow("To the sandbox")
		p.open("/merchant/sandbox")
	}
	p.fill("success_callback_url", s.demo.ReceiverURL+hook)
	p.follow("Make the payout")
	p.await("the sandbox to pay", `(async () => { const text = await (await fetch("/merchant/payouts")).text(); return new DOMParser().parseFromString(text, "text/html").querySelector("main").innerText.toLowerCase().includes("successful") || text.includes("successful</span>"); })()`)
}
