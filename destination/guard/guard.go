package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrRefused is in the chain of every refusal. It survives net.OpError, so a
// caller can tell it from a connection that failed and not try again.
var ErrRefused = errors.New("refused by the network guard")

// Options is what the operator of the process decides, never the user's config.
type Options struct {
	DenyPrivate bool           // private mode: only the public internet, only https
	Allow       []netip.Prefix // exceptions from DenyPrivate
	Hosted      bool           // users are not told what names inside the operator's network resolve to
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

// Control is for [net.Dialer.Control].
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	return g.Safe(network, address)
}

// Safe returns nil where address, an ip:port, may be dialled, and else an error
// that wraps [ErrRefused] and says why.
func (g *Guard) Safe(network, address string) error {
	if !slices.Contains([]string{"tcp", "tcp4", "tcp6"}, network) {
		return fmt.Errorf("network %q: %w: only TCP is dialled", network, ErrRefused)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w: not an ip:port", address, ErrRefused)
	}
	err = g.judge(target.Addr())
	if err != nil && g.options.Hosted {
		return fmt.Errorf("its address: %w: it is not on the public internet", ErrRefused)
	}
	return err
}

// DeniesPrivate reports private mode.
func (g *Guard) DeniesPrivate() bool { return g.options.DenyPrivate }

func (g *Guard) judge(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("") // ::ffff:a.b.c.d is dialled as a.b.c.d
	if within(alwaysRefused, addr) {
		return fmt.Errorf("address %s: %w: link-local addresses and cloud metadata services are never dialled", addr, ErrRefused)
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
		return fmt.Errorf("address %s: %w: it is not on the public internet; the operator can allow its network in %s", addr, ErrRefused, envAllow)
	}
	return nil
}

func within(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
