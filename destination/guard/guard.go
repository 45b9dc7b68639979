package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// errRefused is in the chain of every refusal. net.OpError keeps it, so a caller can tell a refusal
// from a failed connection and not retry.
var errRefused = errors.New("refused by the network guard")

const neverDialled = "link-local addresses and cloud metadata services are never dialled"

// Options is what the operator of the process decides, never the user's config.
type Options struct {
	DenyPrivate bool           // private mode: only the public internet, only https
	Allow       []netip.Prefix // exceptions from DenyPrivate
	Hosted      bool           // do not tell users which names exist inside the operator's network
}

// Guard judges addresses. It is immutable and safe for concurrent use.
type Guard struct {
	options Options
	public  *ssrf.Guardian // what is public, by the registries of IANA
}

// New returns a Guard.
func New(o Options) *Guard {
	o.Allow = slices.Clone(o.Allow)
	return &Guard{options: o, public: ssrf.New(ssrf.WithAnyPort())}
}

// Control returns nil if address, an ip:port, may be dialled, and otherwise an error that says why
// not. It is for [net.Dialer.Control].
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	if !slices.Contains([]string{"tcp", "tcp4", "tcp6"}, network) {
		return fmt.Errorf("network %q: %w: only TCP is dialled", network, errRefused)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w: not an ip:port", address, errRefused)
	}
	err = g.judge(target.Addr())
	if err != nil && g.options.Hosted {
		return errNotPublic
	}
	return err
}

// errNotPublic is the one refusal that hosted users see for a name, whether it leads to an internal
// address or does not exist.
var errNotPublic = fmt.Errorf("its name: %w: it leads to no address on the public internet", errRefused)

// Unresolved returns the error to report for a host name that does not exist, in place of the
// resolver's. It is nil if users may learn the difference between that and a refused address.
func (g *Guard) Unresolved() error {
	if g.options.Hosted {
		return errNotPublic
	}
	return nil
}

// DeniesPrivate reports whether the Guard is in private mode.
func (g *Guard) DeniesPrivate() bool { return g.options.DenyPrivate }

func (g *Guard) judge(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("") // ::ffff:a.b.c.d is dialled as a.b.c.d
	if within(alwaysRefused, addr) {
		return fmt.Errorf("address %s: %w: %s", addr, errRefused, neverDialled)
	}
	for _, inner := range embedded(addr) {
		if err := g.judge(inner); err != nil {
			return fmt.Errorf("address %s leads to another: %w", addr, err)
		}
	}
	if !g.options.DenyPrivate || within(g.options.Allow, addr) {
		return nil
	}
	if g.public.SafeAddr(addr) != nil {
		return fmt.Errorf("address %s: %w: it is not on the public internet; the operator can allow its network in %s",
			addr, errRefused, envAllow)
	}
	return nil
}

func within(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
