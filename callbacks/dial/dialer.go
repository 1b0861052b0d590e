package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Refused is the error of a connect that was not made because of where it
// would have gone.
type Refused struct {
	Address string // what would have been dialled, after name resolution
	Reason  Reason
}

func (e *Refused) Error() string {
	return fmt.Sprintf("address %s refused: %s", e.Address, e.Reason)
}

// Dialer connects to public addresses and to those an AllowList opens.
// It may be used by many goroutines at once.
type Dialer struct {
	allow   AllowList
	guarded net.Dialer
	open    net.Dialer
}

// New returns a dialer that gives up a connect after timeout, name resolution
// included. A nil resolver is the system's.
func New(allow AllowList, timeout time.Duration, resolver *net.Resolver) *Dialer {
	d := &Dialer{allow: allow}
	d.open = net.Dialer{Timeout: timeout, Resolver: resolver, KeepAlive: 15 * time.Second}
	d.guarded = d.open
	d.guarded.Control = d.control
	return d
}

// DialContext connects like net.Dialer.DialContext. The error wraps *Refused
// when none of the addresses may be dialled.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && d.allow.endpoint(host, port) {
		return d.open.DialContext(ctx, network, address)
	}
	return d.guarded.DialContext(ctx, network, address)
}

// control runs after name resolution, just before each connect, with the
// address that the kernel will be given: nothing can change in between.
func (d *Dialer) control(network, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return &Refused{Address: address, Reason: Malformed}
	}
	reason := Classify(target.Addr())
	if reason == Public || d.allow.address(target.Addr()) || d.allow.endpoint(target.Addr().String(), fmt.Sprint(target.Port())) {
		return nil
	}
	return &Refused{Address: address, Reason: reason}
}
