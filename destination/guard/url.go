package guard

import (
	"fmt"
	"net/netip"
	"net/url"
)

// CheckURL judges an address before anything is dialled: in private mode plain
// http is refused, and a host written as an IP address is judged as [Guard.Safe]
// would. It is the early, clearer message and the only judgement that a proxy
// does not bypass; names are judged when they are dialled.
func (g *Guard) CheckURL(u *url.URL) error {
	if g.options.DenyPrivate && u.Scheme != "https" {
		return fmt.Errorf("scheme %q: %w: this deployment sends over https only", u.Scheme, ErrRefused)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		return g.judge(addr)
	}
	return nil // a name
}
