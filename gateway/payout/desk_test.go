package payout_test

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/payout"
	"disburse/gateway/racetest"
	"disburse/gateway/vault"
	"disburse/ledger"
)

var pdf = []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

func TestReceiptsBecomeChequeURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	ctx := w.as("op_a")
	t.Run("NeedsTheClaim", func(t *testing.T) {
		_, err := w.AddReceipt(ctx, p.ID, pdf)
		wantCode(t, err, "claim_required")
	})
	w.claim(ctx, p.ID)
	for name, content := range map[string][]byte{
		"HTML": []byte("<html><script>alert(1)</script>"), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"Empty": nil, "GIF": []byte("GIF89a"), "Text": []byte("paid"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.AddReceipt(ctx, p.ID, content)
			wantCode(t, err, "unsupported_receipt")
		})
	}
	t.Run("TooLarge", func(t *testing.T) {
		_, err := w.AddReceipt(ctx, p.ID, append(bytes.Clone(pdf), make([]byte, payout.MaxReceipt)...))
		wantCode(t, err, "too_large")
	})
	r, err := w.AddReceipt(ctx, p.ID, pdf)
	if err != nil {
		t.Fatal(err)
	}
	// The operator's program names the link it got, which is the upload itself.
	if _, err := w.Complete(ctx, p.ID, payout.Completion{ChequeURLs: []string{"https://bank.example.com/r", r.URL}}); err != nil {
		t.Fatal(err)
	}
	body := w.wantEnd(p.ID, payout.Successful)
	urls := body["cheque_urls"].([]any)
	if len(urls) != 2 || urls[0] != "https://bank.example.com/r" {
		t.Fatalf("cheque_urls %v", urls)
	}
	link := must(url.Parse(urls[1].(string)))
	id := strings.TrimPrefix(link.Path, payout.ReceiptPath)
	expires, token := link.Query().Get("expires"), link.Query().Get("token")
	t.Run("TheLinkServes", func(t *testing.T) {
		f, err := w.OpenReceipt(t.Context(), id, expires, token)
		if err != nil || f.ContentType != "application/pdf" || f.Name != id+".pdf" || !bytes.Equal(f.Content, pdf) {
			t.Errorf("%s %s %d bytes, %v", f.ContentType, f.Name, len(f.Content), err)
		}
	})
	for name, link := range map[string][3]string{
		"OtherID":      {"rcp_00000000000000000000000000", expires, token},
		"LaterExpiry":  {id, expires + "0", token},
		"NoToken":      {id, expires, ""},
		"AlteredToken": {id, expires, token[:len(token)-2] + "AA"},
		"NotANumber":   {id, "soon", token},
		"UnknownKey":   {id, expires, "k9" + token[2:]},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.OpenReceipt(t.Context(), link[0], link[1], link[2])
			wantCode(t, err, "not_found")
		})
	}
	t.Run("Expired", func(t *testing.T) {
		w.clock.advance(31 * 24 * time.Hour)
		_, err := w.OpenReceipt(t.Context(), id, expires, token)
		wantCode(t, err, "not_found")
		st, err := w.Status(t.Context(), w.live, "order")
		if err != nil || len(st.ChequeURLs) != 2 || st.ChequeURLs[1] == link.String() {
			t.Errorf("status has no fresh link: %v, %v", st.ChequeURLs, err)
		}
	})
}

func TestReceiptsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	ctx := w.as("op_a")
	w.claim(ctx, p.ID)
	made := 0
	for _, err := range racetest.Run(15, func(int) error { _, err := w.AddReceipt(ctx, p.ID, pdf); return err }) {
		if err == nil {
			made++
		} else {
			wantCode(t, err, "too_many_receipts")
		}
	}
	if made != 10 {
		t.Errorf("%d receipts", made)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(id, card string) payout.Payout {
		w.clock.advance(time.Minute)
		req := request(id)
		req.NumberCard = card
		return w.create(w.live, req)
	}
	a := add("inv-1", "4276345439580007")
	b := add("inv-2", "4276345439580008")
	c := add("0007", "4276345439580009")
	s := w.create(w.sandbox, request("inv-3"))
	if _, err := w.Cancel(t.Context(), w.live, "inv-2"); err != nil {
		t.Fatal(err)
	}
	w.claim(w.as("op_a"), c.ID)
	for _, tc := range []struct {
		name   string
		filter payout.Filter
		want   []string
	}{
		{"All", payout.Filter{}, []string{s.ID, c.ID, b.ID, a.ID}},
		{"Status", payout.Filter{Status: payout.RejectedMerchant}, []string{b.ID}},
		{"Merchant", payout.Filter{MerchantID: w.sandbox.ID}, []string{s.ID}},
		{"Mode", payout.Filter{Mode: ledger.Live}, []string{c.ID, b.ID, a.ID}},
		{"Method", payout.Filter{Method: payout.SBP}, nil},
		{"Currency", payout.Filter{Currency: "RUB", Mode: ledger.Sandbox}, []string{s.ID}},
		{"ClaimedBy", payout.Filter{ClaimedBy: "operator:op_a"}, []string{c.ID}},
		{"Prefix", payout.Filter{Query: "inv-"}, []string{s.ID, b.ID, a.ID}},
		{"Exact", payout.Filter{Query: "inv-1"}, []string{a.ID}},
		{"LastFourOrOrderID", payout.Filter{Query: "0007"}, []string{c.ID, a.ID}},
		{"OurID", payout.Filter{Query: b.ID}, []string{b.ID}},
		{"WildcardIsAText", payout.Filter{Query: "%"}, nil},
		{"From", payout.Filter{From: b.CreatedAt}, []string{s.ID, c.ID, b.ID}},
		{"To", payout.Filter{To: b.CreatedAt}, []string{a.ID}},
		{"FromTo", payout.Filter{From: b.CreatedAt, To: c.CreatedAt}, []string{b.ID}},
		{"Exceptions", payout.Filter{Exceptions: true}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			page, err := w.List(t.Context(), tc.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range page.Items {
				got = append(got, p.ID)
			}
			// Two of one millisecond sort by chance.
			if diff := cmp.Diff(sorted(tc.want), sorted(got)); diff != "" || page.NextCursor != "" {
				t.Errorf("cursor %q, %s", page.NextCursor, diff)
			}
		})
	}
	t.Run("Pages", func(t *testing.T) {
		var got []string
		f := payout.Filter{Limit: 1}
		for {
			page, err := w.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Items {
				got = append(got, p.ID)
			}
			if f.Cursor = page.NextCursor; f.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(sorted([]string{a.ID, b.ID, c.ID, s.ID}), sorted(got)); diff != "" || got[3] != a.ID {
			t.Errorf("%v %s", got, diff)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		_, err := w.List(t.Context(), payout.Filter{Status: "x", Mode: "x", Method: "x", Cursor: "x", Query: "\x00", From: b.CreatedAt, To: a.CreatedAt})
		if f := wantFault(t, err, "invalid_request"); len(f.Fields) != 6 {
			t.Errorf("fields %v", f.Fields)
		}
	})
}

func sorted(in []string) []string {
	out := append([]string(nil), in...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func TestReencrypt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := vault.Generate("old")
	w.deps.Vault = must(vault.New(first))
	old := must(payout.New(w.deps))
	for i := range 5 {
		if _, _, err := old.Create(t.Context(), w.live, request(orderID(i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if _, err := old.Cancel(t.Context(), w.live, orderID(i+2)); err != nil {
			t.Fatal(err)
		}
	}
	ended := must(old.Status(t.Context(), w.live, orderID(3))).Payout.ID
	w.vault = must(vault.New(first))
	staged := w.staged(ended)
	second := vault.Generate("new")
	w.deps.Vault = must(vault.New(second, first))
	both := must(payout.New(w.deps))
	wantOtherwise := func(requisites, bodies int) {
		t.Helper()
		if r, b, err := both.SealedOtherwise(t.Context()); r != requisites || b != bodies || err != nil {
			t.Errorf("%d requisites and %d bodies are sealed otherwise, %v; want %d and %d", r, b, err, requisites, bodies)
		}
	}
	wantOtherwise(5, 3)
	everyPage(t, both.Reencrypt, 5)
	wantOtherwise(0, 3)
	everyPage(t, both.ReencryptCallbacks, 3)
	wantOtherwise(0, 0)
	everyPage(t, both.ReencryptCallbacks, 0)
	w.deps.Vault = must(vault.New(second))
	only := must(payout.New(w.deps))
	w.vault = w.deps.Vault
	if diff := cmp.Diff(staged, w.staged(ended), cmp.AllowUnexported(stagedCallback{})); diff != "" {
		t.Errorf("the callback (-staged +sealed anew):\n%s", diff)
	}
	st, err := only.Status(t.Context(), w.live, orderID(3))
	if err != nil || st.Requisite != "4276345439581234" {
		t.Errorf("%q, %v", st.Requisite, err)
	}
	_, err = old.Status(t.Context(), w.live, orderID(3))
	if err == nil || strings.Contains(err.Error(), "3454") {
		t.Errorf("with the old key: %v", err)
	}
	// The callback of a payout made under the old key is sealed with the new one.
	if _, err := only.Cancel(t.Context(), w.live, orderID(0)); err != nil {
		t.Fatal(err)
	}
}

// everyPage goes through all pages of two and checks how many rows changed.
func everyPage(t *testing.T, page func(context.Context, string, int) (string, int, error), want int) {
	t.Helper()
	total := 0
	for after, more := "", true; more; more = after != "" {
		next, n, err := page(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		total, after = total+n, next
	}
	if total != want {
		t.Errorf("changed %d, want %d", total, want)
	}
}

func TestTimelineIsAppendOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.create(w.live, request("order"))
	w.claim(w.as("op_a"), p.ID)
	for _, sql := range []string{`delete from payout_events`, `update payout_events set note = 'x'`, `truncate payout_events`} {
		if _, err := w.db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was allowed", sql)
		}
	}
}

func TestTheTableTiesStatesToTheirColumns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(w.live, request("order"))
	for constraint, set := range map[string]string{
		"payouts_status":    `status = 'paid', ended_at = created_at, ended_by = 'x'`,
		"payouts_ended":     `status = 'successful'`,
		"payouts_claim":     `claimed_by = 'operator:x'`,
		"payouts_execution": `stage = 'sent'`,
		"payouts_stage":     `stage = 'done', executor = 'x', sent_at = created_at, look_at = created_at`,
		"payouts_amounts":   `usdt_minor = 0`,
		"payouts_late":      `late_outcome = 'paid'`,
		"payouts_cheques":   `cheques = '{}'`,
		"payouts_times":     `expires_at = created_at`,
		"payouts_mode":      `mode = 'test'`,
		"payouts_method":    `method = 'cash'`,
	} {
		_, err := w.db.Exec(t.Context(), `update payouts set `+set)
		if err == nil || !strings.Contains(err.Error(), `"`+constraint+`"`) {
			t.Errorf("set %s: %v", set, err)
		}
	}
}
