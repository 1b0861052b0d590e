package httpapi

import (
	"net"
	"time"
)

// Bounds of reading away what nobody wants.
const (
	drainMost  = 16 << 20
	drainWhole = 2 * time.Second
	drainPause = 50 * time.Millisecond
)

// drain reads away the rest of a body that was refused by its length alone. A
// connection that is closed with unread bytes is reset, and the reset would
// overtake the answer: the caller would see a broken connection, and not the
// refusal. announced is the Content-Length, not above zero when there is none
// or the server has forgotten it.
func drain(conn net.Conn, announced int) {
	if conn == nil {
		return
	}
	// The server's own buffer has taken some of the body already.
	rest := announced - maxHeaders
	end := time.Now().Add(drainWhole)
	buffer := make([]byte, 32<<10)
	for read := 0; read < drainMost && (announced <= 0 || read < announced); {
		wait := end
		if pause := time.Now().Add(drainPause); read >= rest && pause.Before(end) {
			wait = pause
		}
		if conn.SetReadDeadline(wait) != nil {
			return
		}
		n, err := conn.Read(buffer)
		read += n
		if err != nil {
			return
		}
	}
}
