package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// Every key of this package in Redis begins with disburse:limit: or
// disburse:failed:. The part in braces decides the slot in a cluster.

// maxKeyLen bounds a key, part of which comes from callers as they like.
const maxKeyLen = 128

func limitKey(key string) string {
	return "disburse:limit:{" + key + "}"
}

func failureKey(name, key string, minute int64) string {
	return "disburse:failed:{" + name + ":" + key + "}:" + strconv.FormatInt(minute, 10)
}

// bounded replaces a long key by its name and a digest of it.
func bounded(key string) string {
	if len(key) <= maxKeyLen {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	name := nameOf(key)
	return name[:min(len(name), maxKeyLen/2-1)] + ":" + hex.EncodeToString(sum[:])
}

// nameOf is the part of a key before the first colon.
func nameOf(key string) string {
	name, _, _ := strings.Cut(key, ":")
	return name
}

// AddressKey is the part of a key that stands for a client address: an IPv4
// address as it is (also when it came as IPv6), the /64 network of an IPv6
// address, since whoever has one address of it has them all.
func AddressKey(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr.String()
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return network.String()
}
