package export

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// rowsAtMost is how many rows a sheet may have; more go on another.
const rowsAtMost = 1 << 20

// exactDigits is how many digits a spreadsheet keeps of a number: an amount
// with more stays a text, so that it stays exact.
const exactDigits = 15

// xlsxFile writes a workbook as it goes: the parts that say how many sheets there
// are come last, and nothing is kept.
type xlsxFile struct {
	zip    *zip.Writer
	sheet  io.Writer
	names  []string
	most   int // rows a sheet
	rows   int // of the sheet so far
	sheets int
	line   bytes.Buffer
}

func newXLSX(out *bytes.Buffer) *xlsxFile {
	w := zip.NewWriter(out)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	return &xlsxFile{zip: w, most: rowsAtMost}
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	office  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packed  = "http://schemas.openxmlformats.org/package/2006"
	main    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	types   = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	// What is not named is a sheet, so that their number need not be known yet.
	contentTypes = xmlHead + `<Types xmlns="` + packed + `/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + types + `worksheet+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/></Types>`

	packageRels = xmlHead + `<Relationships xmlns="` + packed + `/relationships">` +
		`<Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`

	// Styles by number: 0 plain, 1 the head, 2 a number, 3 a moment.
	styles = xmlHead + `<styleSheet xmlns="` + main + `">` +
		`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="4"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyNumberFormat="1"/>` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

	sheetHead = xmlHead + `<worksheet xmlns="` + main + `"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData>`
	sheetEnd = `</sheetData></worksheet>`
)

func (f *xlsxFile) part(name, content string) error {
	w, err := f.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	return err
}

func (f *xlsxFile) head(names []string) error {
	f.names = names
	for _, p := range [][2]string{{"[Content_Types].xml", contentTypes}, {"_rels/.rels", packageRels}, {"xl/styles.xml", styles}} {
		if err := f.part(p[0], p[1]); err != nil {
			return err
		}
	}
	return f.begin()
}

// begin begins a sheet with the names of the columns.
func (f *xlsxFile) begin() (err error) {
	f.sheets++
	f.rows = 0
	if f.sheet, err = f.zip.Create("xl/worksheets/sheet" + strconv.Itoa(f.sheets) + ".xml"); err != nil {
		return err
	}
	if _, err := io.WriteString(f.sheet, sheetHead); err != nil {
		return err
	}
	cells := make([]cell, len(f.names))
	for i, name := range f.names {
		cells[i] = cell{text: name}
	}
	return f.write(cells, 1)
}

func (f *xlsxFile) row(cells []cell) error {
	if f.rows == f.most {
		if _, err := io.WriteString(f.sheet, sheetEnd); err != nil {
			return err
		}
		if err := f.begin(); err != nil {
			return err
		}
	}
	return f.write(cells, 0)
}

func (f *xlsxFile) write(cells []cell, style int) error {
	f.rows++
	f.line.Reset()
	fmt.Fprintf(&f.line, `<row r="%d">`, f.rows)
	for i, c := range cells {
		f.cell(column(i)+strconv.Itoa(f.rows), c, style)
	}
	f.line.WriteString(`</row>`)
	_, err := f.sheet.Write(f.line.Bytes())
	return err
}

func (f *xlsxFile) cell(place string, c cell, style int) {
	switch {
	case c.sort == moment:
		fmt.Fprintf(&f.line, `<c r="%s" s="3"><v>%s</v></c>`, place, serial(c.at.Unix()))
	case c.text == "":
	case c.sort == number && digits(c.text) <= exactDigits:
		fmt.Fprintf(&f.line, `<c r="%s" s="2"><v>%s</v></c>`, place, c.text)
	default:
		fmt.Fprintf(&f.line, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">`, place, style)
		_ = xml.EscapeText(&f.line, []byte(escaped(c.text))) // a buffer takes everything
		f.line.WriteString(`</t></is></c>`)
	}
}

// flush has nothing to do: what is compressed comes out by itself.
func (f *xlsxFile) flush() error { return nil }

func (f *xlsxFile) end() error {
	if _, err := io.WriteString(f.sheet, sheetEnd); err != nil {
		return err
	}
	var sheets, rels strings.Builder
	for i := 1; i <= f.sheets; i++ {
		fmt.Fprintf(&sheets, `<sheet name="Sheet%d" sheetId="%d" r:id="rId%d"/>`, i, i, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="`+office+`/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i)
	}
	err := f.part("xl/workbook.xml", xmlHead+`<workbook xmlns="`+main+`" xmlns:r="`+office+`"><sheets>`+sheets.String()+`</sheets></workbook>`)
	if err != nil {
		return err
	}
	err = f.part("xl/_rels/workbook.xml.rels", xmlHead+`<Relationships xmlns="`+packed+`/relationships">`+
		`<Relationship Id="rId1" Type="`+office+`/styles" Target="styles.xml"/>`+rels.String()+`</Relationships>`)
	if err != nil {
		return err
	}
	return f.zip.Close()
}

// column is the name of a column, from A.
func column(i int) string {
	name := string(rune('A' + i%26))
	if i >= 26 {
		return column(i/26-1) + name
	}
	return name
}

// serial is a moment as spreadsheets count it: days since the end of 1899, and
// of the day the tenth of a billionth parts, which is finer than a second.
func serial(unix int64) string {
	const epoch, day, parts = 25569, 86400, 10_000_000_000
	days := unix / day
	return fmt.Sprintf("%d.%010d", days+epoch, (unix%day*parts+day/2)/day)
}

func digits(s string) (n int) {
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// escaped keeps a text from being read as the escape of a character, which is
// _x0041_ there for an A.
func escaped(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if strings.HasPrefix(s[i:], "_x") && len(s) >= i+7 && s[i+6] == '_' && isHex(s[i+2:i+6]) {
			out.WriteString("_x005F")
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }
