// Package auth turns configured credentials into a RoundTripper and a tls.Config.
//
// A RoundTripper of this package never writes to the request it is given, and
// sends credentials with every request that passes it: put it around a
// transport that follows no redirects.
package auth
