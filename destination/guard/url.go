package guard

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// metadataNames are names by which machines in a cloud reach its metadata service.
var metadataNames = []string{
	"metadata", "metadata.google.internal", "metadata.goog", // Google
	"instance-data", "instance-data.ec2.internal", // AWS
	"metadata.tencentyun.com",
	"api.metadata.cloud.ibm.com",
}

// CheckURL judges a URL before anything is dialled: in private mode it refuses plain http, and it
// judges a literal IP address as [Guard.Control] does. It gives an early and clearer message, and it
// is the only check that a proxy does not bypass. Names are judged when they are dialled.
//
// A proxy may take more spellings for an address than Go does. So a host is folded as browsers fold
// it, a host that ends in a number must be an address in its usual form (WHATWG URL, "ends in a
// number"), and so must one with a colon or a zone; empty labels are refused, because some proxies
// strip them.
func (g *Guard) CheckURL(u *url.URL) error {
	if g.options.DenyPrivate && u.Scheme != "https" {
		return fmt.Errorf("scheme %q: %w: this deployment sends over https only", u.Scheme, errRefused)
	}
	host, err := fold(u.Hostname())
	if err != nil {
		return fmt.Errorf("host %s: %w: it is not a host name", quoted(u.Hostname()), errRefused)
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		return g.judge(addr)
	case strings.ContainsAny(host, ":%"): // an IPv6 address to a parser that takes more than ours
		return fmt.Errorf("host %s: %w: it is neither a host name nor an address", quoted(u.Hostname()), errRefused)
	case endsInNumber(host):
		return fmt.Errorf("host %s: %w: write an address as four decimal numbers", quoted(u.Hostname()), errRefused)
	case slices.Contains(metadataNames, host):
		return fmt.Errorf("host %q: %w: %s", u.Hostname(), errRefused, neverDialled)
	}
	return nil // a name
}

// quoted shows a host, or only its length if it is too long to be a name. It does not cut: half of
// a secret would not be recognised and masked.
func quoted(host string) string {
	if len(host) > 253 {
		return fmt.Sprintf("of %d bytes", len(host))
	}
	return strconv.Quote(host)
}

// maxHost is the longest host that is folded, in bytes. A name has at most 253 in ASCII, and the
// time to fold a longer text grows with its square.
const maxHost = 1 << 10

// fold returns host in lower case, in ASCII and without the dot of a fully qualified name. It fails
// if a label is empty.
func fold(host string) (string, error) {
	if len(host) > maxHost {
		return "", errRefused
	}
	ascii := strings.IndexFunc(host, func(r rune) bool { return r > 0x7e }) < 0
	if !ascii {
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return "", err
		}
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if slices.Contains(strings.Split(host, "."), "") {
		return "", errRefused
	}
	return host, nil
}

// endsInNumber reports whether some parsers would take host for an IPv4 address.
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
