package httpapi

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// clientAddress is the address that a call came from. Behind trusted proxies
// it is the last X-Forwarded-For entry that none of them wrote about another
// of them: entries further left were sent by the client itself and could name
// anyone. fiber's own c.IP takes the leftmost entry, which would let a caller
// choose whom the failed-authentication limit hits.
func clientAddress(c *fiber.Ctx, trusted []netip.Prefix) netip.Addr {
	remote, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return netip.Addr{}
	}
	remote = remote.Unmap()
	if len(trusted) == 0 || !containsAddress(trusted, remote) {
		return remote
	}
	// A proxy may add its entry to the client's line or in a line of its own:
	// the lines are one list, in their order, and only all of it ends with what
	// the proxy wrote.
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	hops := strings.Split(string(bytes.Join(lines, []byte{','})), ",")
	client := remote
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap().WithZone("")
		if !containsAddress(trusted, client) {
			break
		}
	}
	return client
}

func containsAddress(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddress is worked out once a call, where something needs it.
func (r *request) clientAddress() netip.Addr {
	if !r.address.IsValid() {
		r.address = clientAddress(r.c, r.api.TrustedProxies)
	}
	return r.address
}
