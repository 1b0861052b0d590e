package browser_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/ledger"
)

// drop lets a file fall on the form that takes receipts.
func (p *tab) drop(name, kind string, content []byte) {
	p.t.Helper()
	p.await("the place for a receipt", call("drop", name, kind, base64.StdEncoding.EncodeToString(content)))
}

// picture is a receipt.
func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8))))
	return out.Bytes()
}

// TestReceipts refuses what is none, and leaves the rest of the page as it was
// filled in.
func TestReceipts(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	id := m.pay(t, unique("receipts-"), "1500.00")
	p := s.at(t, operator.RoleOperator)
	p.open("/console/payouts/" + id)
	p.follow("Claim this one")
	p.fill("note", "paid by the app")
	p.fill("cheque_urls", "https://bank.example/1")
	page := eval[string](p, "eyes.page")
	note := func() string { return p.text("[data-drop-note]") }

	p.expect("/console/payouts/" + id + "/receipts")
	p.drop("page.png", "image/png", []byte("<html>this is no picture</html>"))
	p.sees("page.png: receipt must be a PDF, PNG or JPEG file")
	p.drop("large.pdf", "application/pdf", append([]byte("%PDF-1.4"), make([]byte, payout.MaxReceipt)...))
	p.sees("large.pdf: receipt is larger than 5 MiB")
	p.drop("receipt.png", "image/png", picture(t))
	p.sees("receipt.png: It is with the payout.", "image/png")
	if bad := eval[bool](p, `document.querySelector("[data-drop-note]").classList.contains("why")`); bad {
		t.Errorf("what was taken is shown as refused: %s", note())
	}

	typed := `document.querySelector("[name=note]").value + " " + document.querySelector("[name=cheque_urls]").value`
	if got := eval[string](p, typed); got != "paid by the app https://bank.example/1" || eval[string](p, "eyes.page") != page {
		t.Errorf("the page lost what was typed: %q", got)
	}
	p.sees("Held by you")
	p.follow("It is paid")
	p.sees("successful", "paid by the app")
	if body := m.told(t, body(t, s, id)); len(body["cheque_urls"].([]any)) != 2 {
		t.Errorf("the merchant is told %v", body["cheque_urls"])
	}
}

// body is the order id of a payout.
func body(t *testing.T, s stand, id string) string {
	t.Helper()
	d, err := s.app.Payouts.Detail(t.Context(), id)
	must(t, err)
	return d.Payout.OrderID
}

// russianKey presses the key of a letter on a Russian keyboard.
func (p *tab) russianKey(letter, code string) {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: letter, Code: code})
		must(p.t, err)
	}
}

// held presses a key as the keyboard repeats one that is not let go.
func (p *tab) held(key string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`document.body.dispatchEvent(new KeyboardEvent("keydown", {key: %q, repeat: true, bubbles: true, cancelable: true}))`, key))
}

// strike presses a key that leads to a page.
func (p *tab) strike(press func()) {
	p.t.Helper()
	p.settled()
	before := eval[string](p, "eyes.page")
	press()
	p.await("the next page", fmt.Sprintf("eyes.page !== %q && eyes.settled()", before))
}

// focus is what has the focus: its name, or its element.
func (p *tab) focus() string {
	p.t.Helper()
	return eval[string](p, `document.activeElement.name || document.activeElement.id || document.activeElement.className || document.activeElement.tagName`)
}

// TestDeskKeys does a payout's work without a mouse.
func TestDeskKeys(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	id := m.pay(t, unique("keys-"), "1500.00")
	p := s.at(t, operator.RoleOperator)
	p.open("/console/payouts?merchant=" + m.name)
	p.held("n")
	if at := eval[string](p, "location.pathname"); at != "/console/payouts" {
		t.Fatalf("a key that is held down leads to %s", at)
	}
	p.strike(func() { p.russianKey("т", "KeyN") })
	if at := eval[string](p, "location.pathname"); at != "/console/payouts/"+id {
		t.Fatalf("claim next leads to %s", at)
	}
	p.lists("Search", "Show the requisite", "It is paid", "Hand over", "Reject", "Keep it 15 more minutes")

	p.key("v")
	p.sees("4276 3454 3958 1234")
	p.await("the focus on the copy button", `document.activeElement.matches("#requisite [data-copy]")`)
	for key, dialog := range map[string]string{"h": "pass", "x": "reject"} {
		p.key(key)
		p.await("the dialog "+dialog, fmt.Sprintf(`document.getElementById(%q).open`, dialog))
		if focus := p.focus(); focus != map[string]string{"h": "to", "x": "reason"}[key] {
			t.Errorf("%s: the focus is on %s", dialog, focus)
		}
		p.key("\u001b")
		p.await("no dialog", `!document.querySelector("dialog[open]")`)
	}
	p.await("the note", `(document.querySelector("[name=note]").focus(), true)`)
	for _, key := range []string{"p", "x", "n", "/", "?"} {
		p.key(key)
	}
	if got := eval[string](p, `document.querySelector("[name=note]").value`); got != "pxn/?" || eval[bool](p, `!!document.querySelector("dialog[open]")`) {
		t.Errorf("typing gives %q", got)
	}
	p.await("no field", `(document.activeElement.blur(), true)`)
	p.strike(func() { p.key("e") })
	p.sees("You have 15 more minutes.")
	if focus := p.focus(); focus != "note" {
		t.Errorf("after the lease was renewed the focus is on %s", focus)
	}
	p.strike(func() { p.key("p") })
	p.sees("successful")
}

// TestTalkKeepsTheFocus writes two messages without touching the mouse between
// them.
func TestTalkKeepsTheFocus(t *testing.T) {
	t.Parallel()
	s := shared(t)
	u := s.register(t)
	id := u.order(t, "withdraw", 150_000)
	p := s.at(t, operator.RoleOperator)
	p.open(fmt.Sprintf("/console/card-orders/%d", id))
	p.strike(func() { p.key("c") })
	p.lists("Search", "Write a message", "It is paid", "Hand over", "Cancel the order", "Keep it 15 more minutes", "Show the requisite")
	for _, text := range []string{"first", "second"} {
		p.fill("message", text)
		p.press("Send")
		p.sees(text)
		p.await("the focus on the message", `document.activeElement.id === "message" && document.activeElement.value === ""`)
	}

	// The form that has just come is the script's already: it does not load the page anew.
	page := eval[string](p, "eyes.page")
	eval[bool](p, `(() => { const atOnce = (e) => { if (e.detail.requestConfig.verb !== "post") return;
		document.removeEventListener("htmx:afterSwap", atOnce);
		setTimeout(() => { const form = document.querySelector("form.say"); form.message.value = "fourth"; form.requestSubmit(); }); };
		document.addEventListener("htmx:afterSwap", atOnce); return true; })()`)
	p.fill("message", "third")
	p.press("Send")
	p.sees("third", "fourth")
	if eval[string](p, "eyes.page") != page {
		t.Error("a message that follows at once loads the page anew")
	}
}

// lists fails unless "?" tells what all of these keys do, and no key twice.
func (p *tab) lists(does ...string) {
	p.t.Helper()
	p.key("?")
	p.await("the list of keys", `document.getElementById("keys").open`)
	keys := strings.Fields(eval[string](p, `[...document.querySelectorAll("#keys dt")].map((k) => k.textContent).join(" ")`))
	if slices.Sort(keys); len(slices.Compact(slices.Clone(keys))) != len(keys) {
		p.t.Errorf("a key does two things: %v", keys)
	}
	got := eval[string](p, `[...document.querySelectorAll("#keys dd")].map((k) => k.textContent).join("\n")`)
	for _, what := range does {
		if !slices.Contains(strings.Split(got, "\n"), what) {
			p.t.Errorf("? does not tell the key for %q:\n%s", what, got)
		}
	}
	p.key("\u001b")
	p.await("no dialog", `!document.querySelector("dialog[open]")`)
}

// TestDeadLetters sends what was given up again, once however often it is
// pressed, and sees it arrive.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s := shared(t)
	m := s.found(t, ledger.Live)
	boss := s.hire(t, operator.RoleAdmin).Operator
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: boss.ID, Name: boss.Email})
	var orders []string
	for range 3 {
		order := unique("dead-")
		id := m.pay(t, order, "1500.00")
		_, _, err := s.app.Payouts.Claim(ctx, payout.ClaimFilter{ID: id})
		must(t, err)
		_, err = s.app.Payouts.Complete(ctx, id, payout.Completion{})
		must(t, err)
		m.told(t, order)
		orders = append(orders, order)
	}
	merchants, err := s.app.Directory.ByName(t.Context(), m.name)
	must(t, err)
	theirs := callbacks.Filter{State: callbacks.Delivered, MerchantID: merchants.ID}
	p := s.at(t, operator.RoleOperator)
	p.until("every callback to be delivered", func() bool {
		found, err := s.app.Callbacks.Prospect(t.Context(), theirs)
		must(t, err)
		return found.Matched == len(orders)
	})
	_, err = s.app.DB.Exec(t.Context(), `update callback_deliveries d set state = 'dead', dead_reason = 'gone', finished_at = now()
		from callback_events e where e.id = d.event_id and e.merchant_id = $1`, theirs.MerchantID)
	must(t, err)

	p.open("/console/callbacks?state=dead&merchant=" + m.name)
	p.follow("Send all of these again")
	p.sees("Send 3 callbacks again?", m.name)
	other := s.at(t, operator.RoleOperator)
	other.open("/console/callbacks/resend?merchant=" + m.name)
	p.strike(func() { p.key("s") })
	if status := other.send("/console/callbacks/resend?merchant="+m.name, map[string]string{"count": "3"}); status != 0 {
		t.Errorf("pressed by another too, it is answered %d, want a way to the page", status)
	}
	p.sees("Sent again: 3 of 3.", "nothing is left to send again", "None waits for another attempt.")
	for _, order := range orders {
		if n := len(m.received(t, order)); n != 2 {
			t.Errorf("%s was received %d times, want 2", order, n)
		}
	}
}

// until waits for what the page does not show.
func (p *tab) until(what string, done func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(4 * glance)
	defer ticker.Stop()
	for !done() {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s waited for %s", p.who, what)
		}
		<-ticker.C
	}
}
