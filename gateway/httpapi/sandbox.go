package httpapi

import (
	"bytes"
	"fmt"

	"disburse/gateway/publicid"
)

// SandboxReceipts leads the paths of sandbox receipts, which end in the
// payout's id.
const SandboxReceipts = "/receipts/sandbox/"

// sandboxReceipt stands where the sandbox says that a receipt is, so that an
// integration can follow the link. There is nothing to look up and nobody to
// keep out: the text is the same for every payout. It repeats no text from the
// address but an id.
func sandboxReceipt(r *request) error {
	lines := []string{"Sandbox receipt: no money was moved"}
	if id := r.param("id"); publicid.Valid("po", id) {
		lines = append(lines, "Payout "+id)
	}
	return r.attachment("application/pdf", "sandbox-receipt.pdf", pdf(lines))
}

// pdf is a page with a few short lines. They must be ASCII without parentheses
// and backslashes, which would need escaping.
func pdf(lines []string) []byte {
	var content bytes.Buffer
	content.WriteString("BT /F1 14 Tf 18 TL 36 96 Td")
	for _, line := range lines {
		fmt.Fprintf(&content, " (%s) Tj T*", line)
	}
	content.WriteString(" ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 148] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", content.Len(), content.Bytes()),
	}

	var out, table bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	for i, object := range objects {
		// An entry of the table is 20 bytes, its space among them.
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	size, start := len(objects)+1, out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n%s", size, table.Bytes())
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", size, start)
	return out.Bytes()
}
