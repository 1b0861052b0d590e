package dial

import "net/netip"

// Reason says why an address is refused. Public is the empty reason.
type Reason string

// The reasons. They are stable: the attempt log holds them.
const (
	Public        Reason = ""
	Unspecified   Reason = "unspecified"
	Loopback      Reason = "loopback"
	Private       Reason = "private"
	SharedSpace   Reason = "carrier_grade_nat"
	LinkLocal     Reason = "link_local"
	Documentation Reason = "documentation"
	Benchmarking  Reason = "benchmarking"
	Multicast     Reason = "multicast"
	Broadcast     Reason = "broadcast"
	Reserved      Reason = "reserved"
	EmbedsIPv4    Reason = "ipv4_in_ipv6"
	Malformed     Reason = "malformed"
)

type addressRange struct {
	prefix netip.Prefix
	reason Reason
}

// The IANA special-purpose registries, the first match decides. What a
// narrower range means differently stands before the wider one.
var (
	rangesV4 = []addressRange{
		{netip.MustParsePrefix("0.0.0.0/8"), Unspecified},
		{netip.MustParsePrefix("10.0.0.0/8"), Private},
		{netip.MustParsePrefix("100.64.0.0/10"), SharedSpace},
		{netip.MustParsePrefix("127.0.0.0/8"), Loopback},
		{netip.MustParsePrefix("169.254.0.0/16"), LinkLocal},
		{netip.MustParsePrefix("172.16.0.0/12"), Private},
		{netip.MustParsePrefix("192.0.0.0/24"), Reserved},
		{netip.MustParsePrefix("192.0.2.0/24"), Documentation},
		{netip.MustParsePrefix("192.31.196.0/24"), Reserved},
		{netip.MustParsePrefix("192.52.193.0/24"), Reserved},
		{netip.MustParsePrefix("192.88.99.0/24"), Reserved},
		{netip.MustParsePrefix("192.168.0.0/16"), Private},
		{netip.MustParsePrefix("192.175.48.0/24"), Reserved},
		{netip.MustParsePrefix("198.18.0.0/15"), Benchmarking},
		{netip.MustParsePrefix("198.51.100.0/24"), Documentation},
		{netip.MustParsePrefix("203.0.113.0/24"), Documentation},
		{netip.MustParsePrefix("224.0.0.0/4"), Multicast},
		{netip.MustParsePrefix("255.255.255.255/32"), Broadcast},
		{netip.MustParsePrefix("240.0.0.0/4"), Reserved},
	}
	rangesV6 = []addressRange{
		{netip.MustParsePrefix("::/128"), Unspecified},
		{netip.MustParsePrefix("::1/128"), Loopback},
		{netip.MustParsePrefix("::/96"), EmbedsIPv4},           // IPv4-compatible
		{netip.MustParsePrefix("::ffff:0:0/96"), EmbedsIPv4},   // IPv4-mapped
		{netip.MustParsePrefix("::ffff:0:0:0/96"), EmbedsIPv4}, // IPv4-translated
		{netip.MustParsePrefix("64:ff9b::/96"), EmbedsIPv4},    // NAT64
		{netip.MustParsePrefix("64:ff9b:1::/48"), EmbedsIPv4},  // NAT64, local use
		{netip.MustParsePrefix("2001::/32"), EmbedsIPv4},       // Teredo
		{netip.MustParsePrefix("2001:2::/48"), Benchmarking},
		{netip.MustParsePrefix("2001::/23"), Reserved},
		{netip.MustParsePrefix("2001:db8::/32"), Documentation},
		{netip.MustParsePrefix("2002::/16"), EmbedsIPv4}, // 6to4
		{netip.MustParsePrefix("2620:4f:8000::/48"), Reserved},
		{netip.MustParsePrefix("3fff::/20"), Documentation},
		{netip.MustParsePrefix("fc00::/7"), Private},
		{netip.MustParsePrefix("fe80::/10"), LinkLocal},
		{netip.MustParsePrefix("fec0::/10"), Private},
		{netip.MustParsePrefix("ff00::/8"), Multicast},
	}
	globalUnicastV6 = netip.MustParsePrefix("2000::/3")
)

// Classify returns why addr must not be dialled, or Public.
func Classify(addr netip.Addr) Reason {
	if !addr.IsValid() {
		return Malformed
	}
	if addr.Is4() {
		return match(rangesV4, addr)
	}
	addr = addr.WithZone("")
	if reason := match(rangesV6, addr); reason != Public {
		return reason
	}
	if !globalUnicastV6.Contains(addr) {
		return Reserved
	}
	if isISATAP(addr) {
		return EmbedsIPv4
	}
	return Public
}

func match(ranges []addressRange, addr netip.Addr) Reason {
	for _, r := range ranges {
		if r.prefix.Contains(addr) {
			return r.reason
		}
	}
	return Public
}

// isISATAP reports an interface identifier of the form [0200]:5efe:a.b.c.d,
// which a router may turn into a packet for the IPv4 address in it.
func isISATAP(addr netip.Addr) bool {
	b := addr.As16()
	return (b[8] == 0x00 || b[8] == 0x02) && b[9] == 0x00 && b[10] == 0x5e && b[11] == 0xfe
}
