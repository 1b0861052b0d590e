package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"
)

// encoder writes rows in a format into a buffer.
type encoder interface {
	head(names []string) error
	row(cells []cell) error
	flush() error
	end() error
}

// File is a file that is written as it is read. It is for one goroutine, and
// must be closed.
type File struct {
	Name      string
	MediaType string

	ctx     context.Context // what the rows need; when it ends so does the file
	names   []string
	next    func() ([][]cell, error) // nothing at the end
	done    func(rows int, err error)
	alive   func()
	detach  func() bool
	out     bytes.Buffer
	encoder encoder
	err     error
	rows    int
	closed  bool
}

func newFile(ctx context.Context, name string, format Format) *File {
	f := &File{
		Name: name + "." + string(format), ctx: ctx,
		alive: func() {}, done: func(int, error) {}, detach: func() bool { return true },
	}
	if format == XLSX {
		f.MediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		f.encoder = newXLSX(&f.out)
	} else {
		f.MediaType = "text/csv; charset=utf-8"
		f.encoder = newCSV(&f.out)
	}
	return f
}

// begin writes the head and the first rows.
func (f *File) begin() error {
	if err := f.encoder.head(f.names); err != nil {
		return err
	}
	f.err = f.more()
	if errors.Is(f.err, io.EOF) {
		return nil
	}
	return f.err
}

// Connection is what a file is sent down.
type Connection interface{ SetWriteDeadline(time.Time) error }

// SendWithin gives every part of the file a deadline of its own on the
// connection that it is sent down, in place of one for all of it. When the file
// is broken off, what is being sent is too.
func (f *File) SendWithin(d time.Duration, now func() time.Time, down Connection) {
	// That the connection is dead shows when it is written to.
	f.alive = func() { _ = down.SetWriteDeadline(now().Add(d)) }
	f.detach = context.AfterFunc(f.ctx, func() { _ = down.SetWriteDeadline(time.Unix(1, 0)) })
}

// Read gives the next piece of the file.
func (f *File) Read(p []byte) (int, error) {
	for f.out.Len() == 0 {
		if f.err != nil {
			return 0, f.err
		}
		f.alive()
		f.err = f.more()
	}
	return f.out.Read(p)
}

// more encodes the next rows; io.EOF after the last.
func (f *File) more() error {
	if f.closed {
		return errUnread
	}
	if err := f.ctx.Err(); err != nil {
		return err
	}
	rows, err := f.next()
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		if err := f.encoder.end(); err != nil {
			return err
		}
		return io.EOF
	}
	for _, cells := range rows {
		if err := f.encoder.row(cells); err != nil {
			return err
		}
		f.rows++
	}
	return f.encoder.flush()
}

var errUnread = errors.New("the reader went away")

// Close ends the file, whether it was read to its end or not.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.detach()
	err := f.err
	switch {
	case err == nil || errors.Is(err, io.EOF) && f.out.Len() > 0:
		err = errUnread
	case errors.Is(err, io.EOF):
		err = nil
	}
	f.done(f.rows, err)
	return nil
}
