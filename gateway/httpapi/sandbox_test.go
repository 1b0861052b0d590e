package httpapi_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"disburse/gateway/httpapi"
	"disburse/gateway/payout"
	"disburse/gateway/payout/sandbox"
	"disburse/gateway/publicid"
)

// TestTheSandboxReceiptIsThere follows the address that the sandbox executor
// hands out.
func TestTheSandboxReceiptIsThere(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	executor := sandbox.Executor{ReceiptBase: httpapi.SandboxReceipts}
	id := publicid.New("po")
	result, err := executor.Execute(t.Context(), payout.Instruction{Reference: id, Requisite: card})
	must(t, err)
	if len(result.Receipts) != 1 {
		t.Fatalf("receipts: got %q", result.Receipts)
	}
	a := s.wantOK(s.send(http.MethodGet, result.Receipts[0], nil, nil))
	wantPDF(t, a, "Sandbox receipt: no money was moved", "Payout "+id)
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="sandbox-receipt.pdf"` {
		t.Errorf("Content-Disposition: got %q", got)
	}
}

func TestTheSandboxReceiptRepeatsNothingButIDs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	good := publicid.New("po")
	for name, id := range map[string]string{
		"OtherPrefix": publicid.New("rcp"), "Short": good[:20], "Long": good + "0", "UpperCase": strings.ToUpper(good), "Text": "made-up)", "Escaped": "%28x%29",
	} {
		t.Run(name, func(t *testing.T) {
			a := s.wantOK(s.send(http.MethodGet, httpapi.SandboxReceipts+id, nil, nil))
			wantPDF(t, a, "Sandbox receipt: no money was moved")
			if bytes.Contains(a.raw, []byte("Payout")) || bytes.Contains(a.raw, []byte(id)) {
				t.Errorf("the receipt names a payout:\n%s", a.raw)
			}
		})
	}
}

// wantPDF wants a document whose cross-references lead to its objects, which
// shows the lines.
func wantPDF(t *testing.T, a answer, lines ...string) {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/pdf" {
		t.Errorf("Content-Type: got %q", got)
	}
	if !bytes.HasPrefix(a.raw, []byte("%PDF-1.4\n")) || !bytes.HasSuffix(a.raw, []byte("%%EOF\n")) {
		t.Fatalf("not a PDF:\n%s", a.raw)
	}
	number := func(pattern string) int {
		found := regexp.MustCompile(pattern).FindSubmatch(a.raw)
		if found == nil {
			t.Fatalf("nothing like %s in\n%s", pattern, a.raw)
		}
		n, err := strconv.Atoi(string(found[1]))
		must(t, err)
		return n
	}
	at := func(offset int, want string) {
		if offset > len(a.raw) || !bytes.HasPrefix(a.raw[offset:], []byte(want)) {
			t.Errorf("no %q at %d of\n%s", want, offset, a.raw)
		}
	}
	at(number(`startxref\n(\d+)\n`), "xref\n")
	entries := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(a.raw, -1)
	if got := number(`/Size (\d+)`); got != len(entries)+1 {
		t.Errorf("/Size %d with %d objects", got, len(entries))
	}
	for i, entry := range entries {
		offset, err := strconv.Atoi(string(entry[1]))
		must(t, err)
		at(offset, fmt.Sprintf("%d 0 obj\n", i+1))
	}
	_, rest, _ := bytes.Cut(a.raw, []byte("stream\n"))
	content, _, found := bytes.Cut(rest, []byte("\nendstream"))
	if !found || len(content) != number(`/Length (\d+)`) {
		t.Errorf("a stream of %d bytes", len(content))
	}
	for _, line := range lines {
		if !bytes.Contains(content, []byte("("+line+") Tj")) {
			t.Errorf("no line %q in\n%s", line, content)
		}
	}
}
