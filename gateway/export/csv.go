package export

import (
	"bytes"
	"encoding/csv"
	"time"
)

// csvFile writes RFC 4180: commas, CRLF, UTF-8 without a mark in front.
type csvFile struct {
	w      *csv.Writer
	record []string
}

func newCSV(out *bytes.Buffer) *csvFile {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return &csvFile{w: w}
}

func (f *csvFile) head(names []string) error { return f.w.Write(names) }

func (f *csvFile) row(cells []cell) error {
	f.record = f.record[:0]
	for _, c := range cells {
		value := c.text
		if c.sort == moment {
			value = c.at.Format(time.RFC3339)
		}
		f.record = append(f.record, value)
	}
	return f.w.Write(f.record)
}

func (f *csvFile) flush() error {
	f.w.Flush()
	return f.w.Error()
}

func (f *csvFile) end() error { return f.flush() }
