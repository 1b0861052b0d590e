package dial

import (
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURLLen is the longest URL that is taken, in bytes.
const maxURLLen = 512

// URLError is the error of CheckURL; Why is a phrase that may be shown to the
// one who gave the URL.
type URLError struct{ Why string }

func (e *URLError) Error() string { return e.Why }

// CheckURL reports what is wrong with raw as the URL of a callback: it must be
// absolute, http or https, at most 512 bytes, without user information and
// fragment, and must not name an address that is not public, in whatever
// spelling, unless allow opens it. A nil error promises nothing about where
// the name will resolve to; the Dialer sees to that. The error is a *URLError.
func CheckURL(raw string, allow AllowList) error {
	switch {
	case raw == "":
		return &URLError{"is required"}
	case len(raw) > maxURLLen:
		return &URLError{"must be at most 512 characters"}
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return &URLError{"must not contain spaces, control characters or backslashes"}
	case strings.Contains(raw, "#"):
		return &URLError{"must not have a fragment"}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return &URLError{"must be a valid URL"}
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return &URLError{"must be an absolute http or https URL"}
	case u.Opaque != "" || u.Hostname() == "":
		return &URLError{"must name a host"}
	case u.User != nil:
		return &URLError{"must not have user information"}
	}
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return &URLError{"must have a port between 1 and 65535"}
	}
	return checkHost(u, allow)
}

func checkHost(u *url.URL, allow AllowList) error {
	host, port := strings.ToLower(u.Hostname()), portOf(u)
	if allow.endpoint(host, port) {
		return nil
	}
	addr, isAddress, err := literal(host)
	if err != nil {
		return err
	}
	if !isAddress {
		return checkName(host, allow)
	}
	if addr.Zone() != "" {
		return &URLError{"must not have an address zone"}
	}
	reason := Classify(addr)
	if reason == Public || allow.address(addr) || allow.endpoint(addr.String(), port) {
		return nil
	}
	return &URLError{"must not point to a " + strings.ReplaceAll(string(reason), "_", " ") + " address"}
}

// literal reads host as an address, in the usual forms and in those that the
// C library also takes (one number, octal, hexadecimal, fewer parts), because
// a resolver may read them that way. A name that ends in a number but is no
// address is refused: what a resolver makes of it is anybody's guess.
func literal(host string) (netip.Addr, bool, error) {
	if strings.ContainsRune(host, ':') {
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return netip.Addr{}, false, &URLError{"must be a valid URL"}
		}
		return addr, true, nil
	}
	trimmed := strings.TrimSuffix(host, ".")
	last := trimmed[strings.LastIndexByte(trimmed, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err != nil && strings.Trim(last, "0123456789") != "" {
		return netip.Addr{}, false, nil
	}
	addr, ok := looseIPv4(trimmed)
	if !ok {
		return netip.Addr{}, false, &URLError{"must name a valid host"}
	}
	return addr, true, nil
}

// looseIPv4 reads an address as inet_aton does: one to four parts, each
// decimal, octal (leading 0) or hexadecimal (0x), the last filling the rest.
func looseIPv4(text string) (netip.Addr, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		if strings.ContainsAny(part, "_+-") || strings.ContainsAny(part, "oObB") && !strings.HasPrefix(part, "0x") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, 64)
		if err != nil {
			return netip.Addr{}, false
		}
		rest := 1
		if i == len(parts)-1 {
			rest = 4 - i
		}
		if limit := uint64(1) << (8 * rest); n >= limit {
			return netip.Addr{}, false
		}
		value = value<<(8*rest) | n
	}
	if value > math.MaxUint32 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func checkName(host string, allow AllowList) error {
	name := strings.TrimSuffix(host, ".")
	if len(name) > 253 {
		return &URLError{"must name a valid host"}
	}
	for _, label := range strings.Split(name, ".") {
		// Letters outside ASCII look like others and are rewritten on the way
		// to the resolver; the punycode form says what is meant.
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return &URLError{"must name a valid host (international names in their xn-- form)"}
		}
	}
	local := name == "localhost" || strings.HasSuffix(name, ".localhost") || name == "localhost.localdomain"
	if local && !allow.address(netip.AddrFrom4([4]byte{127, 0, 0, 1})) {
		return &URLError{"must not point to a loopback address"}
	}
	return nil
}

// Endpoint names where a URL leads: scheme, host and port, in lower case, the
// port always spelled out ("https://shop.example:443"). It is what callbacks
// to one server share. A URL that cannot be read has the endpoint "invalid".
func Endpoint(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || strings.ContainsRune(u.Host, ' ') {
		return "invalid"
	}
	return strings.ToLower(u.Scheme) + "://" + net.JoinHostPort(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), portOf(u))
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
