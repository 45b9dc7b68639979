// Package guard prevents server-side request forgery: it refuses connections to addresses that the
// author of a config must not reach.
//
// It judges at dial time, in [net.Dialer.Control], the address that the socket connects to. By then
// every trick has become an IP address: a name that resolves differently the second time
// (rebinding), a decimal or octal spelling, a CNAME to an internal name.
//
// There are two classes:
//
//   - Link-local addresses and the metadata services of cloud providers are always refused. They
//     hold the credentials of the machine, and nobody receives webhooks there. No allow-list
//     permits them.
//   - Everything else that is not the public internet is refused in private mode, which a hosting
//     operator turns on in the environment, unless the operator's allow-list contains it.
//
// An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) must pass
// as both.
//
// If a proxy is set, the proxy's address is dialled and judged. The proxy resolves the endpoint's
// name, and only the proxy can refuse where that leads. [Guard.CheckURL] still refuses literal
// addresses, in any spelling, and the names of metadata services.
package guard
