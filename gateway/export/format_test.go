package export

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestTame(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "order-1": "order-1", "=1+1": "'=1+1", "+7": "'+7", "-1": "'-1", "@a": "'@a", "\t=1": "'\t'=1", "\r=1": " '=1", "\ta": "'\ta",
		"  =1": "  '=1", "＝1": "'＝1", "1=1": "1=1", "a\x00b": "a b", "\xff": "\uFFFD", "****1234": "****1234", "\n=1": "'\n'=1", "\ufeff=1": "\ufeff'=1",
		"a;=1": "a;'=1", "a; \"\"=1": "a; \"\"'=1", "a\tb\n@c": "a\tb\n'@c", "a;b-1": "a;b-1", "a,-1": "a,-1", "a|+1": "a|'+1",
	} {
		if got := tame(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestHideNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"4276345439581234": "****1234", "4276 3454-3958.1234": "****1234", "(912) 345-67-89": "(****6789", "123456789": "123456789",
		"a 40817810099910004312 b": "a ****4312 b", "12 May 2026": "12 May 2026", "один 1 два": "один 1 два", "": "",
		"4276    345439581234": "4276    ****1234", "٤٢٧٦٣٤٥٤٣٩٥٨١٢٣٤": "****١٢٣٤",
	} {
		if got := hideNumbers(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestWorkbookGoesOnToAnotherSheet(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := newXLSX(&out)
	f.most = 3 // the head and two rows
	if err := f.head([]string{"n", "text"}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2", "3", "4", "1234567890123456.5"} {
		if err := f.row([]cell{decimals(n), plain("<&\"_x0041_" + n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.end(); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close() //nolint:errcheck // it is in memory
	if n := book.SheetCount; n != 3 {
		t.Errorf("%d sheets, want 3", n)
	}
	var seen []string
	for _, sheet := range book.GetSheetList() {
		records, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil || records[0][0] != "n" {
			t.Fatalf("%s: %v, %v", sheet, records, err)
		}
		for _, r := range records[1:] {
			seen = append(seen, r[0])
			if r[1] != "<&\"_x0041_"+r[0] {
				t.Errorf("text %q", r[1])
			}
		}
	}
	// Beyond what a spreadsheet counts exactly, a number is a text.
	if kind, err := book.GetCellType("Sheet3", "A2"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("a number of 17 digits is kept as %v, %v", kind, err)
	}
	if got, want := strings.Join(seen, " "), "1 2 3 4 1234567890123456.5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if column(0) != "A" || column(25) != "Z" || column(26) != "AA" || column(52) != "BA" {
		t.Errorf("columns %s %s %s %s", column(0), column(25), column(26), column(52))
	}
	if got := serial(1_772_625_600); got != "46085.5000000000" { // 2026-03-04 12:00
		t.Errorf("a moment is %s", got)
	}
}
