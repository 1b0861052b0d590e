package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestDialer(t *testing.T) {
	t.Parallel()
	address := listen(t)
	_, port, _ := net.SplitHostPort(address)
	for name, c := range map[string]struct {
		allow   []string
		address string
		reason  Reason // Public: it connects
	}{
		"RefusesLoopback":           {nil, address, Loopback},
		"RefusesAName":              {nil, "localhost:" + port, Loopback},
		"RefusesMappedIPv4":         {nil, "[::ffff:127.0.0.1]:" + port, Loopback},
		"RefusesUnspecified":        {nil, "0.0.0.0:" + port, Unspecified},
		"RefusesAnotherOpenAddress": {[]string{"10.0.0.0/8"}, address, Loopback},
		"RefusesAnotherOpenPort":    {[]string{"127.0.0.1:1"}, address, Loopback},
		"RefusesAnotherOpenName":    {[]string{"hooks.internal:" + port}, address, Loopback},
		"ConnectsWhereOpenByRange":  {[]string{"127.0.0.0/8"}, address, Public},
		"ConnectsWhereOpenByWord":   {[]string{"loopback"}, address, Public},
		"ConnectsWhereOpenByPort":   {[]string{address}, address, Public},
		"ConnectsWhereOpenByName":   {[]string{"LocalHost:" + port}, "localhost:" + port, Public},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			allow, err := ParseAllow(c.allow...)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := New(allow, time.Second, nil).DialContext(t.Context(), "tcp", c.address)
			if err == nil {
				_ = conn.Close()
			}
			refused := new(Refused)
			switch {
			case c.reason == Public && err != nil:
				t.Fatalf("got %v, want a connection", err)
			case c.reason != Public && (!errors.As(err, &refused) || refused.Reason != c.reason):
				t.Fatalf("got %v, want it refused as %s", err, c.reason)
			}
		})
	}
}

// A name that resolves to an open address first and to a closed one later is
// judged by where each connect would go.
func TestDialerRefusesRebinding(t *testing.T) {
	t.Parallel()
	_, port, _ := net.SplitHostPort(listen(t))
	var answer atomic.Pointer[netip.Addr]
	set := func(text string) { addr := netip.MustParseAddr(text); answer.Store(&addr) }
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerDNS(server, answer.Load)
		return client, nil
	}}
	allow, _ := ParseAllow("127.0.0.1")
	dialer := New(allow, 2*time.Second, resolver)
	address := "rebind.example.test:" + port

	set("127.0.0.1")
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("before: %v", err)
	}
	_ = conn.Close()

	set("127.0.0.2")
	refused := new(Refused)
	if _, err := dialer.DialContext(t.Context(), "tcp", address); !errors.As(err, &refused) || !strings.HasPrefix(refused.Address, "127.0.0.2:") {
		t.Fatalf("after: got %v, want 127.0.0.2 refused", err)
	}
}

// answerDNS answers one question over a stream (each message after its
// length) with one A record, or with none for any other type.
func answerDNS(conn net.Conn, addr func() *netip.Addr) {
	defer conn.Close()
	for {
		head := make([]byte, 2)
		if _, err := conn.Read(head); err != nil {
			return
		}
		query := make([]byte, int(head[0])<<8|int(head[1]))
		for n := 0; n < len(query); {
			m, err := conn.Read(query[n:])
			if err != nil {
				return
			}
			n += m
		}
		end := 12
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		end += 5 // the root label, type and class
		isA := query[end-3] == 1
		reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
		if isA {
			ip := addr().As4()
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ip[0], ip[1], ip[2], ip[3])
		}
		if _, err := conn.Write(append([]byte{byte(len(reply) >> 8), byte(len(reply))}, reply...)); err != nil {
			return
		}
	}
}
