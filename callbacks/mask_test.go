package callbacks

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "ok": "ok", `{"ok":true}`: `{"ok":true}`, "received order 123456789": "received order 123456789",
		"line\nand\ttab":      "line\nand\ttab",
		"nul\x00 and \x1b[31": "nul  and  [31", "broken \xff utf8": "broken \uFFFD utf8",

		"card 4111111111111111 taken":                           "card [masked]1111 taken",
		"card 4111 1111 1111 1111 taken":                        "card [masked]1111 taken",
		"4111-1111-1111-1111":                                   "[masked]1111",
		"account 40817810099910004312":                          "account [masked]4312",
		`{"pan":"123456789012"}`:                                `{"pan":"[masked]9012"}`,
		`{"phone":"79161234567"}`:                               `{"phone":"[masked]4567"}`,
		"to +7 (916) 123-45-67 by name":                         "to +[masked]4567 by name",
		"1234567890":                                            "[masked]7890",
		"4111.1111.1111.1111":                                   "[masked]1111",
		"4111  1111  1111  1111":                                "[masked]1111",
		"4111\u00a01111\u00a01111\u00a01111":                    "[masked]1111",
		"4111\u00a0 1111 \u00a01111\u00a01111":                  "[masked]1111",
		`"4111\u00a01111\u00A01111\u20091111"`:                  `"[masked]1111"`,
		"4111\u20111111\u20111111\u20111111":                    "[masked]1111",
		"pan=4111+1111+1111+1111&n=1":                           "pan=[masked]1111&n=1",
		"pan=4111%201111%201111%201111":                         "pan=[masked]1111",
		"ends in 1.1.1.1 2":                                     "ends in 1.1.1.1 2",
		"at 2026-03-01T12:00:00Z":                               "at 2026-03-01T12:00:00Z",
		"3   apart   1234567890":                                "3   apart   [masked]7890",
		"iban DE89370400440532013000 is":                        "iban [masked]3000 is",
		"gb29nwbk60161331926819":                                "[masked]6819",
		"MT84MALT011000012345MTLCAST001S":                       "[masked]001S",
		"MT84 MALT 0110 0001 2345 MTLC AST0 01S, thanks":        "[masked]001S, thanks",
		`{"iban":"\u00a0MT84MALTABCDEFGHIJKLMTLCAST001S\n"}`:    `{"iban":"\u00a0[masked]001S\n"}`,
		"DE89 3704 0044 0532 0130 00":                           "[masked]3000",
		"see RFC9110 and ab12 what then":                        "see RFC9110 and ab12 what then",
		`{"password":"hunter2","ok":false}`:                     `{"password":[masked],"ok":false}`,
		`{"api_key": "k\"quoted", "n":1}`:                       `{"api_key": [masked], "n":1}`,
		`"{\"password\":\"hunter2\",\"ok\":false}"`:             `"{\"password\":[masked],\"ok\":false}"`,
		`"{\\\"secret\\\": \\\"hunter2\\\"}"`:                   `"{\\\"secret\\\": [masked]}"`,
		"no postgres://shop:hunter@2@db:5432/shop here":         "no postgres://shop:[masked]@db:5432/shop here",
		"at https://shop.example:8443/hook":                     "at https://shop.example:8443/hook",
		"error: token=abc123&next=1":                            "error: token=[masked]&next=1",
		"client_secret: s3cr3t; more":                           "client_secret: [masked]; more",
		"Authorization: Bearer abc.def.ghi":                     "Authorization: [masked]",
		"sent bearer 0123456789abcdef here":                     "sent bearer [masked] here",
		"key whsec_ZGVtby13ZWJob29rLXNlY3JldA":                  "key [masked]",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl": "jwt [masked]",
		"digest d41d8cd98f00b204e9800998ecf8427e end":           "digest [masked] end",
	} {
		if got := excerpt([]byte(in)); got != want {
			t.Errorf("excerpt(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestExcerptIsBounded(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"a ", "é ", "日 ", "4111111111111111 ", "\xff"} {
		got := excerpt([]byte(strings.Repeat(unit, 70_000)))
		if len(got) > excerptLimit || !utf8.ValidString(got) {
			t.Errorf("of %q: %d bytes, valid %v", unit, len(got), utf8.ValidString(got))
		}
	}
	// A number is masked by what it is, not by what of it was kept.
	got := excerpt([]byte(strings.Repeat("x ", excerptLimit/2-5) + "4111111111111111"))
	if strings.Contains(got, "4111") {
		t.Errorf("a number across the cut is not masked: %q", got[len(got)-20:])
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add([]byte("card 4111 1111 1111 1111 password=abc"))
	f.Add([]byte(`\u00a0DE89 3704 0044 0532 0130 00, \nMT84MALT011000012345MTLCAST001S +7 (916) 123-45-67`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := excerpt(body)
		if len(got) > excerptLimit || !utf8.ValidString(got) || strings.ContainsRune(got, 0) {
			t.Errorf("excerpt(%q) = %q", body, got)
		}
		if run := digitRun.FindString(got); run != "" && len(body) <= excerptLimit {
			t.Errorf("excerpt(%q) holds %q", body, run)
		}
	})
}

func TestPayload(t *testing.T) {
	t.Parallel()
	refs := []ref{{"evt_1", 1}, {"evt_2", 12}, {"evt_3", 1 << 30}}
	got := parsePayload(payload(refs))
	if len(got) != len(refs) || got[0] != refs[0] || got[1] != refs[1] || got[2] != refs[2] {
		t.Errorf("got %v, want %v", got, refs)
	}
	for _, bad := range []string{"", "evt_1", "evt_1:", ":1", "evt_1:0", "evt_1:-1", "evt_1:x", "evt_1:99999999999", "\n\n"} {
		if got := parsePayload([]byte(bad)); len(got) != 0 {
			t.Errorf("parsePayload(%q) = %v, want nothing", bad, got)
		}
	}
}
