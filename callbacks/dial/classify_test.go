package dial

import (
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]Reason{
		// Each range by its first and last address, with the neighbours
		// outside it.
		"0.0.0.0": Unspecified, "0.255.255.255": Unspecified, "1.0.0.0": Public,
		"9.255.255.255": Public, "10.0.0.0": Private, "10.255.255.255": Private, "11.0.0.0": Public,
		"100.63.255.255": Public, "100.64.0.0": SharedSpace, "100.127.255.255": SharedSpace, "100.128.0.0": Public,
		"126.255.255.255": Public, "127.0.0.0": Loopback, "127.0.0.1": Loopback, "127.255.255.255": Loopback, "128.0.0.0": Public,
		"169.253.255.255": Public, "169.254.0.0": LinkLocal, "169.254.169.254": LinkLocal, "169.254.255.255": LinkLocal, "169.255.0.0": Public,
		"172.15.255.255": Public, "172.16.0.0": Private, "172.31.255.255": Private, "172.32.0.0": Public,
		"191.255.255.255": Public, "192.0.0.0": Reserved, "192.0.0.255": Reserved, "192.0.1.0": Public,
		"192.0.1.255": Public, "192.0.2.0": Documentation, "192.0.2.255": Documentation, "192.0.3.0": Public,
		"192.31.195.255": Public, "192.31.196.0": Reserved, "192.31.196.255": Reserved, "192.31.197.0": Public,
		"192.52.192.255": Public, "192.52.193.0": Reserved, "192.52.193.255": Reserved, "192.52.194.0": Public,
		"192.88.98.255": Public, "192.88.99.0": Reserved, "192.88.99.255": Reserved, "192.88.100.0": Public,
		"192.167.255.255": Public, "192.168.0.0": Private, "192.168.255.255": Private, "192.169.0.0": Public,
		"192.175.47.255": Public, "192.175.48.0": Reserved, "192.175.48.255": Reserved, "192.175.49.0": Public,
		"198.17.255.255": Public, "198.18.0.0": Benchmarking, "198.19.255.255": Benchmarking, "198.20.0.0": Public,
		"198.51.99.255": Public, "198.51.100.0": Documentation, "198.51.100.255": Documentation, "198.51.101.0": Public,
		"203.0.112.255": Public, "203.0.113.0": Documentation, "203.0.113.255": Documentation, "203.0.114.0": Public,
		"223.255.255.255": Public, "224.0.0.0": Multicast, "239.255.255.255": Multicast,
		"240.0.0.0": Reserved, "255.255.255.254": Reserved, "255.255.255.255": Broadcast,

		"::": Unspecified, "::1": Loopback, "::2": EmbedsIPv4, "::7f00:1": EmbedsIPv4, "::ffff:ffff": EmbedsIPv4, "::1:0:0": Reserved,
		"::fffe:ffff:ffff": Reserved, "::ffff:0.0.0.0": EmbedsIPv4, "::ffff:10.0.0.1": EmbedsIPv4, "::ffff:8.8.8.8": EmbedsIPv4, "::ffff:255.255.255.255": EmbedsIPv4, "::1:0:0:0": Reserved,
		"::ffff:0:127.0.0.1": EmbedsIPv4,
		"64:ff9a:ffff::":     Reserved, "64:ff9b::": EmbedsIPv4, "64:ff9b::127.0.0.1": EmbedsIPv4, "64:ff9b::ffff:ffff": EmbedsIPv4, "64:ff9b::1:0:0": Reserved,
		"64:ff9b:1::": EmbedsIPv4, "64:ff9b:1:ffff:ffff:ffff:ffff:ffff": EmbedsIPv4, "64:ff9b:2::": Reserved,
		"100::1": Reserved, "1fff:ffff::": Reserved, "2000::1": Public,
		"2001::": EmbedsIPv4, "2001:0:ffff::1": EmbedsIPv4, "2001:1::1": Reserved, "2001:2::1": Benchmarking, "2001:2:1::": Reserved,
		"2001:10::1": Reserved, "2001:1ff:ffff::": Reserved, "2001:200::": Public,
		"2001:db7:ffff::": Public, "2001:db8::": Documentation, "2001:db8:ffff:ffff::": Documentation, "2001:db9::": Public,
		"2001:ffff::": Public, "2002::": EmbedsIPv4, "2002:7f00:1::": EmbedsIPv4, "2002:ffff:ffff::": EmbedsIPv4, "2003::": Public,
		"2620:4f:7fff::": Public, "2620:4f:8000::": Reserved, "2620:4f:8000:ffff::": Reserved, "2620:4f:8001::": Public,
		"3ffe:ffff::": Public, "3fff::": Documentation, "3fff:fff:ffff::": Documentation, "3fff:1000::": Public,
		"3fff:ffff::": Public, "4000::": Reserved, "5f00::1": Reserved,
		"fbff:ffff::": Reserved, "fc00::": Private, "fd00::1": Private, "fdff:ffff::": Private, "fe00::": Reserved,
		"fe7f:ffff::": Reserved, "fe80::": LinkLocal, "fe80::1%eth0": LinkLocal, "febf:ffff::": LinkLocal,
		"fec0::": Private, "feff:ffff::": Private, "ff00::": Multicast, "ff02::1": Multicast, "ffff:ffff::": Multicast,
		"2a00:1450:4001::0:5efe:10.0.0.1": EmbedsIPv4, "2a00:1450:4001::200:5efe:10.0.0.1": EmbedsIPv4,
		"2a00:1450:4001::100:5efe:10.0.0.1": Public, "2a00:1450:4001:81b::200e": Public, "2606:4700:4700::1111": Public,
	} {
		if got := Classify(netip.MustParseAddr(address)); got != want {
			t.Errorf("Classify(%s) = %q, want %q", address, got, want)
		}
	}
	if got := Classify(netip.Addr{}); got != Malformed {
		t.Errorf("Classify of no address = %q, want %q", got, Malformed)
	}
}

// A library that others keep up to date has the same list without the
// reasons: what it refuses, we refuse.
func TestClassifyRefusesWhatTheLibraryRefuses(t *testing.T) {
	t.Parallel()
	guard := ssrf.New(ssrf.WithAnyPort())
	ends := []netip.Addr{}
	for _, prefix := range append(append([]netip.Prefix{ssrf.IPv6NAT64Prefix}, ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...) {
		first := prefix.Masked().Addr()
		last := lastOf(prefix)
		ends = append(ends, first, last, first.Prev(), last.Next())
	}
	for _, addr := range ends {
		if !addr.IsValid() {
			continue
		}
		if err := guard.SafeAddr(addr); err != nil && Classify(addr) == Public {
			t.Errorf("Classify(%s) is public, the library says: %v", addr, err)
		}
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

func TestParseAllow(t *testing.T) {
	t.Parallel()
	t.Run("OpensWhatItLists", func(t *testing.T) {
		t.Parallel()
		list, err := ParseAllow("loopback", " 10.20.0.0/16 ", "", "192.168.7.7", "fd00::/8", "Callbacks.Internal:8443", "172.16.0.9:9000")
		if err != nil {
			t.Fatal(err)
		}
		for address, want := range map[string]bool{
			"127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.20.255.1": true, "10.21.0.1": false,
			"192.168.7.7": true, "192.168.7.8": false, "fd00::7": true, "fe80::7": false, "172.16.0.9": false,
			"::ffff:127.0.0.1": false,
		} {
			if got := list.address(netip.MustParseAddr(address)); got != want {
				t.Errorf("address %s open: %v, want %v", address, got, want)
			}
		}
		for _, c := range []struct {
			host, port string
			want       bool
		}{
			{"callbacks.internal", "8443", true}, {"CALLBACKS.internal.", "8443", true}, {"callbacks.internal", "443", false},
			{"172.16.0.9", "9000", true}, {"172.16.0.9", "9001", false},
		} {
			if got := list.endpoint(c.host, c.port); got != c.want {
				t.Errorf("endpoint %s:%s open: %v, want %v", c.host, c.port, got, c.want)
			}
		}
	})
	for _, bad := range []string{"loop", "10.0.0.0/33", "host", "host:0", "host:65536", "host:http", ":80", "http://host:80", "10.0.0.1/8/8"} {
		t.Run("Refuses "+bad, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseAllow("loopback", bad); err == nil {
				t.Errorf("ParseAllow(%q) took it", bad)
			}
		})
	}
}
