// Package loopbacktest finds addresses for the servers of tests that cannot choose one themselves.
package loopbacktest

import (
	"net"
	"net/netip"
	"testing"
)

// FreeAddress returns an address of the loopback on which nobody listens.
func FreeAddress(tb testing.TB) netip.AddrPort {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}
