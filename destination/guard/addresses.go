package guard

import "net/netip"

// alwaysRefused lists what can never be the endpoint of a webhook.
var alwaysRefused = []netip.Prefix{
	// Link-local (RFC 3927): metadata of AWS, Google, Azure, Oracle, Tencent and most others.
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/10"),              // link-local (RFC 4291); metadata of OpenStack
	netip.MustParsePrefix("224.0.0.0/24"),           // link-local multicast (RFC 5771)
	netip.MustParsePrefix("ff02::/16"),              // link-local multicast (RFC 4291)
	netip.MustParsePrefix("fd00:ec2::/32"),          // AWS: metadata on ::254, pod credentials on ::23
	netip.MustParsePrefix("fd20:ce::254/128"),       // Google metadata
	netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle metadata
	netip.MustParsePrefix("fd00:42::42/128"),        // Scaleway metadata
	netip.MustParsePrefix("fd00:a9fe:a9fe::1/128"),  // Akamai (Linode) metadata
	netip.MustParsePrefix("fd00:100::100:200/128"),  // Alibaba metadata
	netip.MustParsePrefix("168.63.129.16/32"),       // Azure: the host's agent, which looks public
	netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba metadata
	netip.MustParsePrefix("192.0.0.192/32"),         // Oracle metadata, first generation
}

var (
	compatible = netip.MustParsePrefix("::/96")           // IPv4-compatible, deprecated (RFC 4291)
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // IPv4-translated (RFC 2765)
	nat64      = netip.MustParsePrefix("64:ff9b::/96")    // NAT64, well-known prefix (RFC 6052)
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")  // NAT64, local use (RFC 8215)
	sixToFour  = netip.MustParsePrefix("2002::/16")       // 6to4 (RFC 3056)
	teredo     = netip.MustParsePrefix("2001::/32")       // Teredo (RFC 4380)
)

// embedded returns the IPv4 addresses that a gateway would extract from addr.
func embedded(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	b := addr.As16()
	switch {
	case compatible.Contains(addr):
		if b[12] == 0 { // ::, ::1 and others whose tail is no address
			return nil
		}
		return []netip.Addr{v4(b[12:])}
	case nat64.Contains(addr), translated.Contains(addr):
		return []netip.Addr{v4(b[12:])}
	case nat64Local.Contains(addr):
		// The operator picks the length of the prefix, and byte 8 is always zero
		// (RFC 6052, 2.2): the address follows 48, 56, 64 or 96 bits.
		return []netip.Addr{
			v4([]byte{b[6], b[7], b[9], b[10]}),
			v4([]byte{b[7], b[9], b[10], b[11]}),
			v4(b[9:]),
			v4(b[12:]),
		}
	case sixToFour.Contains(addr):
		return []netip.Addr{v4(b[2:])}
	case teredo.Contains(addr): // the server, and the client with its bits inverted
		return []netip.Addr{v4(b[4:]), v4([]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	}
	return nil
}

func v4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }
