package guard

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// metadataNames are names by which machines in a cloud reach its metadata service.
var metadataNames = []string{
	"metadata", "metadata.google.internal", "metadata.goog", // Google
	"instance-data", "instance-data.ec2.internal", // AWS
	"metadata.tencentyun.com",
}

// CheckURL judges an address before anything is dialled: in private mode plain
// http is refused, and a host written as an IP address is judged as [Guard.Safe]
// would. It is the early, clearer message and the only judgement that a proxy
// does not bypass; names are judged when they are dialled.
//
// A proxy may read more as an address than Go does, so a host is folded as a
// browser would fold it, and one that ends in a number has to be an address in
// its usual form (WHATWG URL, "ends in a number").
func (g *Guard) CheckURL(u *url.URL) error {
	if g.options.DenyPrivate && u.Scheme != "https" {
		return fmt.Errorf("scheme %q: %w: this deployment sends over https only", u.Scheme, ErrRefused)
	}
	host, err := fold(u.Hostname())
	if err != nil {
		return fmt.Errorf("host %.253q: %w: it is no host name", u.Hostname(), ErrRefused)
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return g.judge(addr)
	case endsInNumber(host):
		return fmt.Errorf("host %.253q: %w: write an address as four decimal numbers", u.Hostname(), ErrRefused)
	case slices.Contains(metadataNames, host):
		return fmt.Errorf("host %.253q: %w: link-local addresses and cloud metadata services are never dialled", u.Hostname(), ErrRefused)
	}
	return nil // a name
}

// maxHost is the longest host that is looked at: 253 bytes are a name's limit, in ASCII, and folding a longer text takes
// time that grows with its square.
const maxHost = 1 << 10

// fold returns a host in lower case, in ASCII and without the dot at its end.
func fold(host string) (string, error) {
	if len(host) > maxHost {
		return "", ErrRefused
	}
	ascii := strings.IndexFunc(host, func(r rune) bool { return r > 0x7e }) < 0
	if !ascii {
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(strings.ToLower(host), "."), nil
}

// endsInNumber reports whether some readers would take host for an IPv4 address.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits := "0123456789"
	if hexadecimal, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = hexadecimal, digits+"abcdef"
	} else if last == "" {
		return false
	}
	return strings.Trim(last, digits) == ""
}
