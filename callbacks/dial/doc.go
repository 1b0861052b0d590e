// Package dial decides which addresses a callback may be sent to.
//
// A merchant names the URL, so the sender must not become a way into the
// network it stands in. The decision is made twice. CheckURL looks at the text
// when the URL is given and refuses what is wrong on its face: it is there to
// tell the merchant early, not for safety, because a name can point anywhere
// later. Dialer looks at the address itself, after name resolution, at the
// moment of each connect, for every address that a name has: so a name that
// resolves differently the second time gains nothing.
//
// Promises: Classify names the reason for each refusal; everything that is not
// plain public unicast is refused, IPv6 addresses that carry an IPv4 address
// inside among them, also when that one is public; an AllowList opens exactly
// what it lists. Proxy settings of the environment play no part, which is for
// the HTTP transport to keep (Transport.Proxy nil).
//
// Left to others: time limits beyond the connect, redirects, and what is sent.
package dial
