package dial

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// AllowList opens addresses that Classify refuses. The zero value opens none.
type AllowList struct {
	prefixes  []netip.Prefix
	hostPorts map[string]bool
}

// ParseAllow reads the entries of the setting. An entry is "loopback", a CIDR
// ("10.20.0.0/16"), one address ("10.20.0.7", "fd00::7"), or a host with a
// port ("callbacks.internal:8443", "10.20.0.7:8443", "[fd00::7]:8443"); the
// last opens that host on that port alone, whatever it resolves to. Empty
// entries are passed over. The error names every entry that is none of these.
func ParseAllow(entries ...string) (AllowList, error) {
	list := AllowList{hostPorts: map[string]bool{}}
	var faults []error
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if err := list.add(entry); err != nil {
			faults = append(faults, err)
		}
	}
	return list, errors.Join(faults...)
}

func (l *AllowList) add(entry string) error {
	if strings.EqualFold(entry, "loopback") {
		l.prefixes = append(l.prefixes, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		return nil
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		l.prefixes = append(l.prefixes, prefix.Masked())
		return nil
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		l.prefixes = append(l.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	host, port, err := net.SplitHostPort(entry)
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") {
		return fmt.Errorf("callback allow-list: %q is neither loopback, a CIDR, an address nor host:port", entry)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("callback allow-list: %q has no port between 1 and 65535", entry)
	}
	l.hostPorts[hostPort(host, port)] = true
	return nil
}

func (l AllowList) address(addr netip.Addr) bool {
	addr = addr.WithZone("")
	for _, prefix := range l.prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// endpoint reports whether host, a name or an address, is open on port.
func (l AllowList) endpoint(host, port string) bool {
	return l.hostPorts[hostPort(host, port)]
}

func hostPort(host, port string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	}
	return net.JoinHostPort(host, port)
}
