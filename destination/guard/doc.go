// Package guard refuses connections that a form-filled address must not reach:
// server-side request forgery.
//
// It judges at dial time, in [net.Dialer.Control], the very address that the
// socket connects to. A name that resolves differently the second time
// (rebinding), a decimal or octal spelling, a CNAME to an inner name: all have
// become an IP address by then.
//
// Two classes:
//
//   - Link-local addresses and the metadata services of cloud providers are
//     always refused. They hold the credentials of the machine, and nobody
//     receives webhooks there. No allow-list opens them.
//   - Everything else that is not the public internet is refused in private
//     mode, which a hosting operator turns on in the environment, unless the
//     operator's allow-list has it.
//
// IPv6 addresses that carry an IPv4 address (mapped, compatible, NAT64, 6to4,
// Teredo) are judged by both.
//
// Behind a proxy it is the proxy's address that is dialled and judged; the
// proxy resolves the endpoint's name, and only the proxy can refuse where that
// leads. [Guard.CheckURL] still refuses addresses that are written out, in
// whatever spelling, and the names of metadata services.
package guard
