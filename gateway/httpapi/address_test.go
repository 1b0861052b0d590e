package httpapi

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:f::/48")}
	tests := map[string]struct {
		remote string
		lines  []string // of X-Forwarded-For, in the order of the request
		want   string
	}{
		"NoProxyIsBelievedByDefault":     {"192.0.2.7", []string{"203.0.113.9"}, "192.0.2.7"},
		"ForgedTrustedEntry":             {"10.0.0.1", []string{"203.0.113.7, 10.9.9.9, 192.0.2.1"}, "192.0.2.1"},
		"GarbageInTheSameLine":           {"10.0.0.1", []string{"192.0.2.1, nonsense"}, "10.0.0.1"},
		"NoHeader":                       {"10.0.0.1", nil, "10.0.0.1"},
		"OneHop":                         {"10.0.0.1", []string{"192.0.2.1"}, "192.0.2.1"},
		"TwoProxies":                     {"10.0.0.1", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		"ForgedEntryOfTheSameLine":       {"10.0.0.1", []string{"203.0.113.9, 192.0.2.1"}, "192.0.2.1"},
		"ForgedLineBeforeTheProxys":      {"10.0.0.1", []string{"203.0.113.9", "192.0.2.1"}, "192.0.2.1"},
		"ForgedLinesOfTrustedAddresses":  {"10.0.0.1", []string{"203.0.113.9, 10.0.0.3", "192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		"EveryProxyAddsALine":            {"10.0.0.1", []string{"203.0.113.9", "192.0.2.1", "10.0.0.3", "10.0.0.2"}, "192.0.2.1"},
		"AllTrusted":                     {"10.0.0.1", []string{"10.0.0.3", "10.0.0.2"}, "10.0.0.3"},
		"GarbageEndsTheWalk":             {"10.0.0.1", []string{"203.0.113.9", "unknown", "10.0.0.2"}, "10.0.0.2"},
		"GarbageBeforeTheProxysLine":     {"10.0.0.1", []string{"\x00,,;", "192.0.2.1"}, "192.0.2.1"},
		"EmptyLineAfterTheProxys":        {"10.0.0.1", []string{"192.0.2.1", ""}, "10.0.0.1"},
		"SpacesAreNothing":               {"10.0.0.1", []string{"203.0.113.9 ", " \t192.0.2.1 ,10.0.0.2"}, "192.0.2.1"},
		"IPv6":                           {"2001:db8:f::1", []string{"2001:db8::bad", "2001:db8::1, 2001:db8:f::2"}, "2001:db8::1"},
		"IPv4InsideIPv6":                 {"::ffff:10.0.0.1", []string{"::ffff:203.0.113.9", "::ffff:192.0.2.1"}, "192.0.2.1"},
		"ZonesAreNotPartOfAnAddress":     {"10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		"AnotherClientsLinesAreNotRead":  {"192.0.2.7", []string{"203.0.113.9", "10.0.0.2"}, "192.0.2.7"},
		"BracketsAndPortsAreNoAddresses": {"10.0.0.1", []string{"[2001:db8::1]:443"}, "10.0.0.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var req fasthttp.Request
			for _, line := range tt.lines {
				req.Header.Add(fiber.HeaderXForwardedFor, line)
			}
			var ctx fasthttp.RequestCtx
			ctx.Init(&req, &net.TCPAddr{IP: net.ParseIP(tt.remote), Port: 1}, nil)
			app := fiber.New()
			c := app.AcquireCtx(&ctx)
			defer app.ReleaseCtx(c)
			if got := clientAddress(c, trusted); got.String() != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
